// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#include "networks/gender_classifier.hpp"

#include <string>

namespace sanprivacy { namespace train {

namespace nn = torch::nn;
using torch::Tensor;

GenderClassifier::GenderClassifier()
{
    int64_t in = IMAGE_CHANNELS;
    for (int64_t out : CHANNELS)
    {
        convolutions.push_back(
            register_module("convolution" + std::to_string(convolutions.size() + 1), convolution(in, out)));
        in = out;
    }
    hidden = register_module("hidden", fullyConnected(in * FEATURE_SIDE * FEATURE_SIDE, HIDDEN, true));
    output = register_module("output", fullyConnected(HIDDEN, 1, false));
}

Tensor GenderClassifier::forward(const Tensor& x, Draws* draws)
{
    // torch::dropout draws from the one generator of all threads, in the order they happen to come.
    const auto dropout = [&](const Tensor& features)
    {
        if (!is_training())
            return features;
        TORCH_CHECK(draws, "dropout in training mode needs random numbers");
        return features * (draws->uniform(features.sizes().slice(1)) >= DROPOUT).to(features.scalar_type())
               / (1 - DROPOUT);
    };

    Tensor maps = x;
    for (const nn::Conv2d& layer : convolutions)
    {
        maps = leakyRelu(convolve(layer, maps));
        maps = torch::max_pool2d(maps, 2, 2, maps.size(2) % 2); // padded where the side is odd: 7 to 4
    }
    TORCH_CHECK(maps.size(2) == FEATURE_SIDE && maps.size(3) == FEATURE_SIDE, "classifier input: expected ", CROP_SIZE,
        "x", CROP_SIZE, ", found ", x.size(2), "x", x.size(3));
    return multiply(output, dropout(leakyRelu(multiply(hidden, dropout(maps.flatten(1))))));
}

}} // namespace sanprivacy::train
