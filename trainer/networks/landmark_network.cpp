// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#include "networks/landmark_network.hpp"

#include <string>

namespace sanprivacy { namespace train {

namespace nn = torch::nn;
using torch::Tensor;

LandmarkNetwork::LandmarkNetwork()
{
    int64_t in = IMAGE_CHANNELS, side = INPUT_SIZE;
    for (const auto& [channels, stride] : LAYERS)
    {
        const std::string number = std::to_string(convolutions.size() + 1);
        convolutions.push_back(register_module("convolution" + number,
            initialized(nn::Conv2d(nn::Conv2dOptions(in, channels, 3).stride(stride).padding(1).bias(false)))));
        normalizations.push_back(register_module("normalization" + number, nn::BatchNorm2d(channels)));
        in = channels;
        side /= stride;
    }
    heat = register_module("heat", convolution(in, POINTS, 1, 1, false));
    hidden = register_module("hidden", fullyConnected(in * (side / POOLING) * (side / POOLING), HIDDEN, true));
    face = register_module("face", fullyConnected(HIDDEN, 1, false));

    const Tensor centers = (torch::arange(side, torch::kFloat) + .5) / side;
    grid = register_buffer("grid", torch::stack({ centers.repeat(side), centers.repeat_interleave(side) }, 1));
}

Tensor LandmarkNetwork::forward(const Tensor& x)
{
    TORCH_CHECK(x.size(2) == INPUT_SIZE && x.size(3) == INPUT_SIZE, "landmark network input: expected ", INPUT_SIZE,
        "x", INPUT_SIZE, ", found ", x.size(2), "x", x.size(3));
    Tensor maps = x;
    for (size_t i = 0; i < convolutions.size(); ++i)
    {
        const nn::BatchNorm2d& n = normalizations[i];
        maps = leakyRelu(torch::batch_norm(convolve(convolutions[i], maps), n->weight, n->bias, n->running_mean,
            n->running_var, is_training(), momentum_, n->options.eps(), false));
    }
    const Tensor shares = torch::softmax(convolve(heat, maps).to(torch::kFloat).flatten(2), 2); // [N,5,144]
    const Tensor means = torch::avg_pool2d(maps, POOLING).flatten(1);
    const Tensor logit = multiply(face, leakyRelu(multiply(hidden, means)));
    return torch::cat({ torch::matmul(shares, grid).flatten(1), logit.to(torch::kFloat) }, 1);
}

void LandmarkNetwork::gatherStatistics(const std::vector<Tensor>& batches)
{
    const torch::NoGradGuard no_gradients;
    const bool training = is_training();
    train();
    for (size_t i = 0; i < batches.size(); ++i)
    {
        momentum_ = 1. / double(i + 1); // the mean of all so far
        forward(batches[i]);
    }
    momentum_ = 0;
    train(training);
}

}} // namespace sanprivacy::train
