// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#ifndef SANPRIVACY_TRAIN_ONNX_VERIFY_HPP
#define SANPRIVACY_TRAIN_ONNX_VERIFY_HPP

#include <string>
#include <utility>
#include <vector>

#include <torch/torch.h>

namespace sanprivacy { namespace train {

//! Largest difference between LibTorch and cv::dnn that a written file may show, where cv::dnn computes as exactly as
//! it can.
constexpr double ONNX_TOLERANCE = 1e-5;

using NamedTensors = std::vector<std::pair<std::string, torch::Tensor>>;

//! Largest differences of an element between LibTorch and cv::dnn.
struct OnnxDifference
{
    double exact = 0; //!< without Winograd's convolutions
    double fast = 0;  //!< with them, cv::dnn's default since OpenCV 4.7: 1.6e-5 were seen; before, the same as exact
};

/** Compares a file with LibTorch.
@param file ONNX
@param inputs all inputs of the graph
@param expected outputs as LibTorch computes them
@return of all outputs; `exact` above ONNX_TOLERANCE, or what is not a number, raises cv::Exception */
OnnxDifference verifyOnnx(const std::string& file, const NamedTensors& inputs, const NamedTensors& expected);

}} // namespace sanprivacy::train

#endif // SANPRIVACY_TRAIN_ONNX_VERIFY_HPP
