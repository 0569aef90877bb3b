// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#include "networks/layers.hpp"

namespace sanprivacy { namespace train {

namespace nn = torch::nn;
using torch::Tensor;

torch::Device deviceOf(const nn::Module& network)
{
    return network.parameters().front().device();
}

Tensor luma(const Tensor& faces)
{
    if (faces.size(1) == 1)
        return faces;
    const Tensor weights =
        torch::tensor({ .299, .587, .114 }, faces.options().requires_grad(false)); // of cv::COLOR_BGR2GRAY
    return torch::conv2d(faces, weights.reshape({ 1, 3, 1, 1 }));
}

Tensor like(const Tensor& parameter, const Tensor& x)
{
    return parameter.defined() ? parameter.to(x.scalar_type()) : parameter;
}

Tensor convolve(const nn::Conv2d& layer, const Tensor& x)
{
    const int64_t stride = (*layer->options.stride())[0], padding = layer->weight.size(2) / 2;
    return torch::conv2d(x, like(layer->weight, x), like(layer->bias, x), stride, padding);
}

Tensor multiply(const nn::Linear& layer, const Tensor& x)
{
    return torch::linear(x, like(layer->weight, x), like(layer->bias, x));
}

Tensor leakyRelu(const Tensor& x)
{
    return torch::leaky_relu(x, LEAKY_SLOPE);
}

Tensor upsample(const Tensor& x)
{
    return torch::upsample_nearest2d(x, torch::nullopt, std::vector<double> { 2., 2. });
}

nn::Conv2d convolution(int64_t in, int64_t out, int64_t kernel, int64_t stride, bool leaky)
{
    return initialized(nn::Conv2d(nn::Conv2dOptions(in, out, kernel).stride(stride).padding(kernel / 2)), leaky);
}

nn::Linear fullyConnected(int64_t in, int64_t out, bool leaky)
{
    return initialized(nn::Linear(in, out), leaky);
}

}} // namespace sanprivacy::train
