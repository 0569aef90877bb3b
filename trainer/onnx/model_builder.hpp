// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#ifndef SANPRIVACY_TRAIN_ONNX_MODEL_BUILDER_HPP
#define SANPRIVACY_TRAIN_ONNX_MODEL_BUILDER_HPP

#include <map>
#include <string>
#include <variant>
#include <vector>

#include <onnx/onnx_pb.h>
#include <torch/torch.h>

namespace sanprivacy { namespace train {

//! An ONNX model under construction, of opset 11 and fp32, with a dynamic batch. Values go by name; a node's output is
//! named after it.
class ModelBuilder
{
public:
    using Integers = std::vector<int64_t>;
    using Attribute = std::variant<int64_t, float, std::string, Integers>;
    using Attributes = std::map<std::string, Attribute>;

    ModelBuilder(const std::string& name, const std::string& description);

    //! @param shape without the batch
    std::string input(const std::string& name, const Integers& shape);
    void output(const std::string& name, const Integers& shape);
    std::string constant(const std::string& name, const torch::Tensor& tensor);
    std::string node(const std::string& op, const std::string& name, const std::vector<std::string>& inputs,
        const Attributes& attributes = {});

    //! Padding is what keeps the size at stride 1: half the kernel.
    std::string convolution(const std::string& name, const std::string& x, const torch::Tensor& weight,
        const torch::Tensor& bias = torch::Tensor(), int64_t stride = 1);
    std::string convolution(const std::string& name, const std::string& x, const torch::nn::Conv2d& layer);
    std::string fullyConnected(const std::string& name, const std::string& x, const torch::nn::Linear& layer);
    std::string leakyRelu(const std::string& x);
    std::string pool(const std::string& op, const std::string& x, int64_t padding = 0, int64_t side = 2);
    std::string reshape(const std::string& name, const std::string& x, const Integers& shape);
    //! Twice the size; mode and transformation as ONNX's Resize names them.
    std::string upsample(
        const std::string& name, const std::string& x, const std::string& mode, const std::string& transformation);
    //! 1 - x
    std::string complement(const std::string& name, const std::string& x);

    //! The model, checked by libonnx. A graph that it refuses raises cv::Exception.
    std::string serialized() const;

private:
    static void describe(onnx::ValueInfoProto& value, const std::string& name, const Integers& shape);

    onnx::ModelProto model_;
};

}} // namespace sanprivacy::train

#endif // SANPRIVACY_TRAIN_ONNX_MODEL_BUILDER_HPP
