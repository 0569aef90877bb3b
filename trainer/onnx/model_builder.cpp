// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#include "onnx/model_builder.hpp"

#include <onnx/checker.h>
#include <onnx/shape_inference/implementation.h>
#include <opencv2/core.hpp>

#include "common/version.hpp"
#include "networks/layers.hpp"

namespace sanprivacy { namespace train {

using torch::Tensor;

namespace {

// Resize and Clip change their form after this opset in ways that OpenCV 4.6 does not know; the IR version belongs to
// it.
const int64_t OPSET = 11, IR_VERSION = 6;
const char* const BATCH = "N";

} // namespace

ModelBuilder::ModelBuilder(const std::string& name, const std::string& description)
{
    model_.set_ir_version(IR_VERSION);
    model_.add_opset_import()->set_version(OPSET);
    model_.set_producer_name("sanprivacy-train");
    model_.set_producer_version(version());
    model_.set_doc_string(description);
    model_.mutable_graph()->set_name(name);
}

std::string ModelBuilder::input(const std::string& name, const Integers& shape)
{
    describe(*model_.mutable_graph()->add_input(), name, shape);
    return name;
}

void ModelBuilder::output(const std::string& name, const Integers& shape)
{
    describe(*model_.mutable_graph()->add_output(), name, shape);
}

std::string ModelBuilder::constant(const std::string& name, const Tensor& tensor)
{
    const Tensor values = tensor.detach().to(torch::kFloat).contiguous();
    onnx::TensorProto& proto = *model_.mutable_graph()->add_initializer();
    proto.set_name(name);
    proto.set_data_type(onnx::TensorProto::FLOAT);
    for (int64_t size : values.sizes())
        proto.add_dims(size);
    proto.set_raw_data(values.data_ptr<float>(), static_cast<size_t>(values.numel()) * sizeof(float));
    return name;
}

std::string ModelBuilder::node(const std::string& op, const std::string& name, const std::vector<std::string>& inputs,
    const Attributes& attributes)
{
    onnx::NodeProto& proto = *model_.mutable_graph()->add_node();
    proto.set_op_type(op);
    proto.set_name(name);
    for (const std::string& value : inputs)
        proto.add_input(value);
    proto.add_output(name);
    for (const auto& [key, value] : attributes)
    {
        onnx::AttributeProto& attribute = *proto.add_attribute();
        attribute.set_name(key);
        if (const int64_t* number = std::get_if<int64_t>(&value))
        {
            attribute.set_type(onnx::AttributeProto::INT);
            attribute.set_i(*number);
        }
        else if (const float* real = std::get_if<float>(&value))
        {
            attribute.set_type(onnx::AttributeProto::FLOAT);
            attribute.set_f(*real);
        }
        else if (const std::string* text = std::get_if<std::string>(&value))
        {
            attribute.set_type(onnx::AttributeProto::STRING);
            attribute.set_s(*text);
        }
        else
        {
            attribute.set_type(onnx::AttributeProto::INTS);
            for (int64_t element : std::get<Integers>(value))
                attribute.add_ints(element);
        }
    }
    return name;
}

std::string ModelBuilder::convolution(
    const std::string& name, const std::string& x, const Tensor& weight, const Tensor& bias, int64_t stride)
{
    std::vector<std::string> inputs = { x, constant(name + ".weight", weight) };
    if (bias.defined())
        inputs.push_back(constant(name + ".bias", bias));
    const int64_t kernel = weight.size(2), padding = kernel / 2;
    return node("Conv", name, inputs,
        { { "kernel_shape", Integers(2, kernel) }, { "pads", Integers(4, padding) },
            { "strides", Integers(2, stride) } });
}

std::string ModelBuilder::convolution(const std::string& name, const std::string& x, const torch::nn::Conv2d& layer)
{
    return convolution(name, x, layer->weight, layer->bias, (*layer->options.stride())[0]);
}

std::string ModelBuilder::fullyConnected(const std::string& name, const std::string& x, const torch::nn::Linear& layer)
{
    return node("Gemm", name, { x, constant(name + ".weight", layer->weight), constant(name + ".bias", layer->bias) },
        { { "transB", int64_t(1) } });
}

std::string ModelBuilder::leakyRelu(const std::string& x)
{
    return node("LeakyRelu", x + ".relu", { x }, { { "alpha", static_cast<float>(LEAKY_SLOPE) } });
}

std::string ModelBuilder::pool(const std::string& op, const std::string& x, int64_t padding, int64_t side)
{
    return node(op, x + ".pool", { x },
        { { "kernel_shape", Integers(2, side) }, { "pads", Integers(4, padding) }, { "strides", Integers(2, side) } });
}

std::string ModelBuilder::reshape(const std::string& name, const std::string& x, const Integers& shape)
{
    onnx::TensorProto& proto = *model_.mutable_graph()->add_initializer();
    proto.set_name(name + ".shape");
    proto.set_data_type(onnx::TensorProto::INT64);
    proto.add_dims(int64_t(shape.size()));
    for (int64_t size : shape)
        proto.add_int64_data(size);
    return node("Reshape", name, { x, proto.name() });
}

std::string ModelBuilder::upsample(
    const std::string& name, const std::string& x, const std::string& mode, const std::string& transformation)
{
    // Resize has an input for a region that only other transformations use.
    return node("Resize", name,
        { x, constant(name + ".region", torch::empty({ 0 })),
            constant(name + ".scales", torch::tensor({ 1.f, 1.f, 2.f, 2.f })) },
        { { "mode", mode }, { "coordinate_transformation_mode", transformation },
            { "nearest_mode", std::string("floor") } });
}

std::string ModelBuilder::complement(const std::string& name, const std::string& x)
{
    return node("Sub", name, { constant(name + ".one", torch::ones({ 1 })), x });
}

std::string ModelBuilder::serialized() const
{
    try
    {
        onnx::ModelProto inferred = model_;
        onnx::checker::check_model(inferred);
        onnx::ShapeInferenceOptions strict(true, 1, false);
        onnx::shape_inference::InferShapes(inferred, onnx::OpSchemaRegistry::Instance(), strict);
        return model_.SerializeAsString();
    }
    catch (const std::exception& error)
    {
        CV_Error(cv::Error::StsInternal, "libonnx refuses the graph '" + model_.graph().name() + "': " + error.what());
    }
}

void ModelBuilder::describe(onnx::ValueInfoProto& value, const std::string& name, const Integers& shape)
{
    value.set_name(name);
    onnx::TypeProto::Tensor& type = *value.mutable_type()->mutable_tensor_type();
    type.set_elem_type(onnx::TensorProto::FLOAT);
    type.mutable_shape()->add_dim()->set_dim_param(BATCH);
    for (int64_t size : shape)
        type.mutable_shape()->add_dim()->set_dim_value(size);
}

}} // namespace sanprivacy::train
