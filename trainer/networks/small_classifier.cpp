// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#include "networks/small_classifier.hpp"

#include <string>

namespace sanprivacy { namespace train {

namespace nn = torch::nn;
using torch::Tensor;

SmallClassifier::SmallClassifier(const SmallClassifierShape& s, int64_t descriptorSize, int64_t attributes) : shape(s)
{
    const int64_t group = 8; // channels
    int64_t in = COLOR_CHANNELS, side = shape.side;
    const auto add = [&](int64_t channels, int64_t stride)
    {
        const bool first = convolutions.empty(), separated = shape.separable && !first;
        const std::string number = std::to_string(convolutions.size() + 1);
        if (separated)
            depthwise.push_back(register_module("depthwise" + number,
                initialized(
                    nn::Conv2d(nn::Conv2dOptions(in, in, 3).groups(in).stride(stride).padding(1).bias(false)), false)));
        convolutions.push_back(register_module("convolution" + number, convolution(in, channels,
                                                                           first       ? shape.stem
                                                                           : separated ? 1
                                                                                       : 3,
                                                                           separated ? 1 : stride)));
        if (shape.normalized)
            normalizations.push_back(
                register_module("normalization" + number, nn::GroupNorm(channels / group, channels)));
        in = channels;
    };
    for (int64_t channels : shape.channels)
    {
        for (int64_t i = 1; i < shape.depth && !convolutions.empty(); ++i)
            add(in, 1);
        add(channels, shape.halving == SmallClassifierShape::STRIDE ? 2 : 1);
        side = (side + 1) / 2;
    }
    const int64_t features = shape.flattened ? in * side * side : in;
    output = register_module("output", fullyConnected(features, attributes, false));
    if (descriptorSize > 0)
        descriptor = register_module("descriptor", fullyConnected(features, descriptorSize, false));
}

SmallClassifier::Output SmallClassifier::predict(const Tensor& crop, bool frozen)
{
    TORCH_CHECK(crop.size(2) == shape.side && crop.size(3) == shape.side, "classifier input: expected ", shape.side,
        "x", shape.side, ", found ", crop.size(2), "x", crop.size(3));
    const auto weights = [&](const Tensor& parameter) { return like(frozen ? parameter.detach() : parameter, crop); };
    Tensor maps = crop - .5;
    std::vector<Tensor> stages;
    for (size_t i = 0; i < convolutions.size(); ++i)
    {
        const nn::Conv2d& c = convolutions[i];
        const Tensor before = maps;
        if (shape.separable && i > 0)
        {
            const nn::Conv2d& d = depthwise[i - 1];
            maps = torch::conv2d(maps, weights(d->weight), {}, (*d->options.stride())[0], 1, 1, d->options.groups());
        }
        maps =
            torch::conv2d(maps, weights(c->weight), weights(c->bias), (*c->options.stride())[0], c->weight.size(2) / 2);
        if (shape.normalized)
            maps = torch::group_norm(maps, normalizations[i]->options.num_groups(), weights(normalizations[i]->weight),
                weights(normalizations[i]->bias));
        maps = leakyRelu(maps);
        if (c->weight.size(0) == c->weight.size(1)) // within a stage
        {
            maps = maps + before;
            continue;
        }
        if (shape.halving == SmallClassifierShape::MAX_POOL)
            maps = torch::max_pool2d(maps, 2, 2, 0, 1, true);
        else if (shape.halving == SmallClassifierShape::AVERAGE_POOL)
            maps = torch::avg_pool2d(maps, 2, 2, 0, true);
        stages.push_back(torch::adaptive_avg_pool2d(maps, { 3, 3 }).flatten(1));
    }
    const Tensor features = shape.flattened ? maps.flatten(1) : maps.mean({ 2, 3 });
    const auto apply = [&](const nn::Linear& layer)
    { return layer.is_empty() ? Tensor() : torch::linear(features, weights(layer->weight), weights(layer->bias)); };
    return { apply(output), apply(descriptor), stages };
}

}} // namespace sanprivacy::train
