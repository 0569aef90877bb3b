// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#include "onnx/verify.hpp"

#include <algorithm>
#include <cmath>

#include <opencv2/core/version.hpp>
#include <opencv2/dnn.hpp>

namespace sanprivacy { namespace train {

using torch::Tensor;

namespace {

std::vector<int> sizesOf(const Tensor& tensor)
{
    return std::vector<int>(tensor.sizes().begin(), tensor.sizes().end());
}

//! Largest difference of all outputs.
double compare(cv::dnn::Net& net, const std::string& file, const NamedTensors& inputs, const NamedTensors& expected)
{
    for (const auto& [name, given] : inputs)
    {
        const Tensor tensor = given.contiguous();
        net.setInput(cv::Mat(sizesOf(tensor), CV_32F, tensor.data_ptr<float>()), name); // copies
    }
    std::vector<std::string> names;
    for (const auto& named : expected)
        names.push_back(named.first);
    std::vector<cv::Mat> outputs;
    net.forward(outputs, names);

    double largest = 0;
    for (size_t i = 0; i < expected.size(); ++i)
    {
        const Tensor reference = expected[i].second;
        const std::vector<int> shape(outputs[i].size.p, outputs[i].size.p + outputs[i].dims);
        if (shape != sizesOf(reference))
            CV_Error(cv::Error::StsUnmatchedSizes,
                file + ": shape of " + names[i] + " differs between LibTorch and cv::dnn");
        const Tensor output = torch::from_blob(outputs[i].data, reference.sizes());
        const double difference = (output - reference).abs().max().item<double>(); // cv::norm would pass over NaN
        if (std::isnan(difference))
            return difference;
        largest = std::max(largest, difference);
    }
    return largest;
}

} // namespace

OnnxDifference verifyOnnx(const std::string& file, const NamedTensors& inputs, const NamedTensors& expected)
{
    OnnxDifference difference;
    cv::dnn::Net net = cv::dnn::readNetFromONNX(file);
#if CV_VERSION_MAJOR > 4 || CV_VERSION_MINOR >= 7
    difference.fast = compare(net, file, inputs, expected);
    net = cv::dnn::readNetFromONNX(file);
    net.enableWinograd(false);
    difference.exact = compare(net, file, inputs, expected);
#else
    difference.exact = difference.fast = compare(net, file, inputs, expected);
#endif
    if (!(difference.exact <= ONNX_TOLERANCE))
        CV_Error(cv::Error::StsError, cv::format("%s: LibTorch and cv::dnn differ by %g, at most %g is expected",
                                          file.c_str(), difference.exact, ONNX_TOLERANCE));
    return difference;
}

}} // namespace sanprivacy::train
