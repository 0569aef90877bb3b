// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#ifndef SANPRIVACY_TRAIN_TEST_SMALL_GRAPH_HPP
#define SANPRIVACY_TRAIN_TEST_SMALL_GRAPH_HPP

#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <initializer_list>
#include <string>
#include <vector>

#include <onnx/onnx_pb.h>
#include <torch/torch.h>

//! An attribute of a node, from a whole number, a real one, a text, a list or a tensor.
struct Attribute
{
    Attribute(const std::string& name, int value)
    {
        proto.set_name(name);
        proto.set_type(proto.INT);
        proto.set_i(value);
    }
    Attribute(const std::string& name, double value)
    {
        proto.set_name(name);
        proto.set_type(proto.FLOAT);
        proto.set_f((float)value);
    }
    Attribute(const std::string& name, const char* value)
    {
        proto.set_name(name);
        proto.set_type(proto.STRING);
        proto.set_s(value);
    }
    Attribute(const std::string& name, const std::vector<int64_t>& values)
    {
        proto.set_name(name);
        proto.set_type(proto.INTS);
        proto.mutable_ints()->Add(values.begin(), values.end());
    }
    Attribute(const std::string& name, const torch::Tensor& value);

    onnx::AttributeProto proto;
};

inline void writeTensor(const torch::Tensor& values, onnx::TensorProto& proto)
{
    const torch::Tensor t = values.contiguous();
    proto.set_data_type(t.scalar_type() == torch::kLong ? onnx::TensorProto::INT64 : onnx::TensorProto::FLOAT);
    for (int64_t size : t.sizes())
        proto.add_dims(size);
    proto.set_raw_data(t.data_ptr(), t.nbytes());
}

inline Attribute::Attribute(const std::string& name, const torch::Tensor& value)
{
    proto.set_name(name);
    proto.set_type(proto.TENSOR);
    writeTensor(value, *proto.mutable_t());
}

//! An ONNX file made for one test; it is removed with the object.
class SmallGraph
{
public:
    explicit SmallGraph(int opset = 11)
    {
        std::string pattern = (std::filesystem::temp_directory_path() / "sanprivacy_XXXXXX.onnx").string();
        const int handle = mkstemps(pattern.data(), 5);
        TORCH_CHECK(handle >= 0, "cannot write to ", pattern);
        close(handle);
        path_ = pattern;
        model.set_ir_version(6);
        model.add_opset_import()->set_version(opset);
        model.mutable_graph()->set_name("small");
    }
    SmallGraph(const SmallGraph&) = delete;
    SmallGraph& operator=(const SmallGraph&) = delete;
    ~SmallGraph() { std::filesystem::remove(path_); }

    void input(const std::string& name, const std::vector<int64_t>& shape)
    {
        describe(*model.mutable_graph()->add_input(), name, shape);
    }
    void output(const std::string& name) { describe(*model.mutable_graph()->add_output(), name, {}); }

    std::string weights(const std::string& name, const torch::Tensor& values)
    {
        onnx::TensorProto& proto = *model.mutable_graph()->add_initializer();
        proto.set_name(name);
        writeTensor(values, proto);
        return name;
    }

    //! Adds a node named like its first output, and gives that name.
    std::string node(const std::string& type, const std::vector<std::string>& inputs,
        const std::vector<std::string>& outputs, std::initializer_list<Attribute> attributes = {})
    {
        onnx::NodeProto& proto = *model.mutable_graph()->add_node();
        proto.set_op_type(type);
        proto.set_name(outputs.at(0));
        for (const auto& name : inputs)
            proto.add_input(name);
        for (const auto& name : outputs)
            proto.add_output(name);
        for (const auto& attribute : attributes)
            *proto.add_attribute() = attribute.proto;
        return outputs[0];
    }

    const std::string& write() const
    {
        std::ofstream file(path_, std::ios::binary);
        TORCH_CHECK(model.SerializeToOstream(&file), "cannot write ", path_);
        return path_;
    }

    onnx::ModelProto model;

private:
    static void describe(onnx::ValueInfoProto& value, const std::string& name, const std::vector<int64_t>& shape)
    {
        value.set_name(name);
        value.mutable_type()->mutable_tensor_type()->set_elem_type(onnx::TensorProto::FLOAT);
        onnx::TensorShapeProto& sizes = *value.mutable_type()->mutable_tensor_type()->mutable_shape();
        for (int64_t size : shape)
        {
            auto& dimension = *sizes.add_dim();
            if (size < 0)
                dimension.set_dim_param("N");
            else
                dimension.set_dim_value(size);
        }
    }

    std::string path_;
};

#endif // SANPRIVACY_TRAIN_TEST_SMALL_GRAPH_HPP
