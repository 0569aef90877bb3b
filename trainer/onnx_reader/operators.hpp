// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#ifndef SANPRIVACY_TRAIN_ONNX_READER_OPERATORS_HPP
#define SANPRIVACY_TRAIN_ONNX_READER_OPERATORS_HPP

#include <string>
#include <vector>

#include <onnx/onnx_pb.h>
#include <torch/types.h>

namespace sanprivacy { namespace train {

//! More elements than any tensor of a network has.
constexpr int64_t MOST_ELEMENTS = int64_t(1) << 31;

//! The product of sizes; a negative one, or more than MOST_ELEMENTS, is a cv::Exception.
int64_t countElements(const std::vector<int64_t>& shape);

//! The value of an ONNX tensor (an initializer, or the attribute of a Constant).
torch::Tensor readTensor(const onnx::TensorProto& proto);

//! One node of a graph with typed access to its attributes.
struct OnnxNode
{
    onnx::NodeProto proto;
    int64_t opset;   //!< version of the operator set, which decides what some attributes mean
    bool batchIsOne; //!< the file fixes the batch to one, so a literal 1 may stand for it

    std::string describe() const; //!< `Conv "conv1"`

    bool has(const char* attribute) const { return find(attribute) != nullptr; }
    int64_t getInt(const char* attribute, int64_t otherwise) const;
    double getFloat(const char* attribute, double otherwise) const;
    std::string getString(const char* attribute, const std::string& otherwise) const;
    std::vector<int64_t> getInts(const char* attribute, const std::vector<int64_t>& otherwise = {}) const;
    std::vector<double> getFloats(const char* attribute) const;
    torch::Tensor getTensor(const char* attribute) const;

private:
    const onnx::AttributeProto* find(const char* attribute) const;
};

using Tensors = std::vector<torch::Tensor>;

//! Computes the outputs of a node; an input that the node leaves out is an undefined tensor.
using OnnxOperator = Tensors (*)(const OnnxNode& node, const Tensors& x);

//! The operator of that name, or null if there is none.
OnnxOperator findOnnxOperator(const std::string& name);

}} // namespace sanprivacy::train

#endif // SANPRIVACY_TRAIN_ONNX_READER_OPERATORS_HPP
