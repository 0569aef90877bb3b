// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#ifndef SANPRIVACY_TRAIN_TEST_ONNX_COMPARISON_HPP
#define SANPRIVACY_TRAIN_TEST_ONNX_COMPARISON_HPP

#include <algorithm>
#include <cmath>
#include <vector>

#include <gtest/gtest.h>
#include <opencv2/dnn.hpp>
#include <torch/torch.h>

#include "onnx_reader/graph.hpp"

namespace sanprivacy { namespace train { namespace test {

using torch::Tensor;
typedef std::vector<Tensor> Tensors;
typedef std::vector<int64_t> Ints;

const double TOLERANCE = 1e-4;          // relative to the largest value, against cv::dnn
const double GRADIENT_TOLERANCE = 1e-5; // relative, against differences in double precision

inline Tensor noise(const Ints& shape)
{
    return torch::randn(shape);
}

inline Tensor ints(const Ints& values)
{
    return torch::tensor(values, torch::kLong);
}

inline double relativeError(const Tensor& found, const Tensor& expected)
{
    const Tensor f = found.to(torch::kDouble).flatten(), e = expected.to(torch::kDouble).flatten();
    return f.numel() == e.numel() ? ((f - e).abs().max() / e.abs().max().clamp_min(1e-12)).item<double>() : HUGE_VAL;
}

inline Tensors runDnn(const OnnxGraph& graph, const Tensors& x)
{
    cv::dnn::Net net = cv::dnn::readNetFromONNX(graph.filename());
    for (size_t i = 0; i < x.size(); ++i)
    {
        const Tensor values = x[i].contiguous();
        const std::vector<int> shape(values.sizes().begin(), values.sizes().end());
        net.setInput(cv::Mat(shape, CV_32F, values.data_ptr()).clone(), graph.inputs()[i].name);
    }
    std::vector<cv::Mat> mats;
    net.forward(mats, std::vector<cv::String>(graph.outputs().begin(), graph.outputs().end()));
    Tensors y;
    for (const auto& mat : mats)
        y.push_back(torch::from_blob(mat.data, { (int64_t)mat.total() }).clone());
    return y;
}

//! Largest relative difference between the gradient and central differences, along random directions; in double
//! precision.
inline double gradientError(OnnxGraph& graph, Tensors x, double range, int directions)
{
    graph.to(torch::kDouble);
    for (auto& t : x)
        t = t.to(torch::kDouble);
    Tensors weights;
    for (const auto& y : graph.forward(x))
        weights.push_back(torch::randn(y.sizes(), torch::kDouble) / y.abs().max().clamp_min(1e-12));
    auto cost = [&](const Tensors& at)
    {
        const Tensors y = graph.forward(at);
        Tensor sum = torch::zeros({}, torch::kDouble);
        for (size_t k = 0; k < y.size(); ++k)
            sum = sum + (weights[k] * y[k]).sum();
        return sum;
    };
    for (auto& t : x)
        t.set_requires_grad(true);
    const Tensors gradient = torch::autograd::grad({ cost(x) }, x);

    torch::NoGradGuard noGrad;
    const double step = 1e-7 * range;
    double error = 0;
    for (int d = 0; d < directions; ++d)
    {
        Tensors ahead, behind;
        double expected = 0;
        for (size_t i = 0; i < x.size(); ++i)
        {
            // Half of it along the gradient, so that there is something to measure.
            Tensor v = torch::randn_like(x[i]);
            v = v / v.norm() + gradient[i] / gradient[i].norm().clamp_min(1e-300);
            ahead.push_back(x[i] + step * v);
            behind.push_back(x[i] - step * v);
            expected += (gradient[i] * v).sum().item<double>();
        }
        const double found = (cost(ahead) - cost(behind)).item<double>() / (2 * step);
        EXPECT_NE(expected, 0) << "no gradient arrives";
        error = std::max(error, std::abs(found - expected) / std::max(std::abs(expected), 1e-300));
    }
    return error;
}

}}} // namespace sanprivacy::train::test

#endif // SANPRIVACY_TRAIN_TEST_ONNX_COMPARISON_HPP
