// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#include "networks.hpp"

#include <cmath>
#include <string>

namespace sanprivacy { namespace train {

namespace nn = torch::nn;
using torch::Tensor;

namespace {

// A layer's fp32 weights, where it has them, follow the type of what they are applied to.
Tensor like(const Tensor& parameter, const Tensor& x) { return parameter.defined() ? parameter.to(x.scalar_type()) : parameter; }

Tensor convolve(const nn::Conv2d& layer, const Tensor& x)
{
    const int64_t stride = (*layer->options.stride())[0], padding = layer->weight.size(2) / 2;
    return torch::conv2d(x, like(layer->weight, x), like(layer->bias, x), stride, padding);
}

Tensor multiply(const nn::Linear& layer, const Tensor& x)
{
    return torch::linear(x, like(layer->weight, x), like(layer->bias, x));
}

Tensor leakyRelu(const Tensor& x) { return torch::leaky_relu(x, LEAKY_SLOPE); }

Tensor upsample(const Tensor& x)
{
    return torch::upsample_nearest2d(x, c10::nullopt, std::vector<double>{2., 2.});
}

template <class Layer> Layer initialised(Layer layer, bool leaky = true)
{
    if (leaky)
        nn::init::kaiming_normal_(layer->weight, LEAKY_SLOPE, torch::kFanIn, torch::kLeakyReLU);
    else
        nn::init::kaiming_normal_(layer->weight, 0, torch::kFanIn, torch::kLinear);
    if (layer->bias.defined())
        nn::init::zeros_(layer->bias);
    return layer;
}

//! Keeps the size of its input at stride 1: padding is half the kernel.
nn::Conv2d convolution(int64_t in, int64_t out, int64_t kernel = 3, int64_t stride = 1, bool leaky = true)
{
    return initialised(nn::Conv2d(nn::Conv2dOptions(in, out, kernel).stride(stride).padding(kernel / 2)), leaky);
}

nn::Linear fullyConnected(int64_t in, int64_t out, bool leaky)
{
    return initialised(nn::Linear(in, out), leaky);
}

} // namespace

std::vector<Tensor> Generator::perturb(const Tensor& x, const Tensor& p_same, const std::vector<Tensor>& prototypes)
{
    std::vector<Tensor> outputs = logits(x, p_same, prototypes);
    for (Tensor& output : outputs)
        output = torch::sigmoid(output);
    return outputs;
}

namespace {

const int64_t IMAGE_CHANNELS = 1, COLOR_CHANNELS = 3, PROTOTYPE_CHANNELS = 3;
const int64_t ENCODER1 = 8, ENCODER2 = 12, DECODER1 = 256, DECODER2 = 128; // channels, as in the paper

} // namespace

San2018::San2018(const San2018Options& opts) : options(opts)
{
    TORCH_CHECK(options.combiner_kernel == 1 || options.combiner_kernel == 3,
                "combiner_kernel: expected 1 or 3, found ", options.combiner_kernel);
    encoder1 = register_module("encoder1", convolution(IMAGE_CHANNELS + PROTOTYPE_CHANNELS, ENCODER1));
    encoder2 = register_module("encoder2", convolution(ENCODER1, ENCODER2));
    decoder1 = register_module("decoder1", convolution(ENCODER2, DECODER1));
    decoder2 = register_module("decoder2", convolution(DECODER1, DECODER2));
    combiner = register_module("combiner", convolution(DECODER2 + PROTOTYPE_CHANNELS, IMAGE_CHANNELS,
                                                       options.combiner_kernel, 1, false));
}

Tensor San2018::encode(const Tensor& x, const Tensor& p_same)
{
    const Tensor input = torch::cat({x, like(p_same, x).expand({x.size(0), -1, -1, -1})}, 1);
    // Channels last, which the later layers inherit, makes the bf16 step 1.7 times faster and leaves fp32 as it is.
    const Tensor e1 = torch::avg_pool2d(leakyRelu(convolve(encoder1, input.contiguous(torch::MemoryFormat::ChannelsLast))), 2);
    return torch::avg_pool2d(leakyRelu(convolve(encoder2, e1)), 2);
}

Tensor San2018::decode(const Tensor& code)
{
    const Tensor d1 = upsample(leakyRelu(convolve(decoder1, code)));
    return upsample(leakyRelu(convolve(decoder2, d1)));
}

Tensor phaseKernels(const Tensor& weight)
{
    // A_a W A_b^T: row k of A_a holds the taps of a 3-tap kernel that fall on small pixel k, for outputs of parity a.
    const Tensor taps = torch::tensor({1.f, 0.f, 0.f, 0.f, 1.f, 1.f,    // A_0
                                       1.f, 1.f, 0.f, 0.f, 0.f, 1.f},   // A_1
                                      weight.options()).view({2, 2, 3});
    return torch::einsum("oiyx,aky,blx->baoikl", {weight, taps, taps}).reshape({-1, weight.size(1), 2, 2});
}

std::array<Tensor, 2> convolvePhases(const Tensor& x, const Tensor& weight, const Tensor& bias)
{
    const std::vector<Tensor> kernels = like(phaseKernels(weight), x).chunk(2);
    const Tensor biases = bias.defined() ? like(bias.repeat(2), x) : bias;
    // One convolution per column parity: with its W columns instead of W + 1 oneDNN's bf16 weight gradient runs 3 times faster.
    return {torch::conv2d(torch::constant_pad_nd(x, {1, 0, 1, 1}), kernels[0], biases),
            torch::conv2d(torch::constant_pad_nd(x, {0, 1, 1, 1}), kernels[1], biases)};
}

Tensor interleavePhases(const std::array<Tensor, 2>& columns)
{
    const int64_t height = columns[0].size(2) - 1;
    std::vector<Tensor> phases;
    for (int64_t a : {0, 1})
        for (const Tensor& column : columns)
            phases.push_back(column.chunk(2, 1)[static_cast<size_t>(a)].narrow(2, a, height));
    return torch::pixel_shuffle(torch::stack(phases, 2).flatten(1, 2), 2);
}

Tensor San2018::sharedLogits(const Tensor& code)
{
    const Tensor d1 = leakyRelu(convolve(decoder1, code));
    std::array<Tensor, 2> d2 = convolvePhases(d1, decoder2->weight, decoder2->bias);
    for (Tensor& column : d2)
        column = leakyRelu(column);

    const Tensor weight = combiner->weight.slice(1, 0, DECODER2);
    if (options.combiner_kernel == 1)
    {
        // A 1x1 convolution commutes with upsampling: each phase gets it, then a single channel is interleaved and upsampled.
        const Tensor both_rows = torch::block_diag({weight.flatten(1), weight.flatten(1)}).unsqueeze(2).unsqueeze(3);
        for (Tensor& column : d2)
            column = torch::conv2d(column, like(both_rows, column));
        return upsample(interleavePhases(d2));
    }
    return interleavePhases(convolvePhases(interleavePhases(d2), weight));
}

std::vector<Tensor> San2018::logits(const Tensor& x, const Tensor& p_same, const std::vector<Tensor>& prototypes)
{
    const Tensor code = encode(x, p_same);
    const Tensor shared = options.fast ? sharedLogits(code) : decode(code);
    std::vector<Tensor> outputs;
    for (const Tensor& given : prototypes)
    {
        const Tensor prototype = like(given, x);
        if (options.fast)
            outputs.push_back(shared + torch::conv2d(prototype, like(combiner->weight.slice(1, DECODER2), x),
                                                     like(combiner->bias, x), 1, options.combiner_kernel / 2));
        else
            outputs.push_back(convolve(combiner, torch::cat({shared, prototype.expand({x.size(0), -1, -1, -1})}, 1)));
    }
    return outputs;
}

namespace {

//! A raised cosine from 0 at the border of the crop to 1 at the given distance from it, [1,S,S].
Tensor feather(int64_t side, int64_t width)
{
    const Tensor position = torch::arange(side, torch::kFloat) + .5;
    const Tensor distance = torch::minimum(position, side - position).clamp_max(width);
    const Tensor ramp = .5 - .5 * torch::cos(distance * (M_PI / static_cast<double>(width)));
    return torch::outer(ramp, ramp).unsqueeze(0);
}

} // namespace

ResidualUNet::ResidualUNet(const Tensor& neutral_prototype, double bound)
{
    TORCH_CHECK(neutral_prototype.sizes() == torch::IntArrayRef({PROTOTYPE_CHANNELS, CROP_SIZE, CROP_SIZE}),
                "neutral prototype: expected [3,224,224], found ", neutral_prototype.sizes());
    TORCH_CHECK(bound > 0 && bound <= 1, "bound: expected more than 0 and at most 1, found ", bound);
    neutral = register_buffer("neutral", neutral_prototype.to(torch::kFloat).clone());
    limit = register_buffer("limit", bound * feather(CROP_SIZE, FEATHER));

    int64_t in = IMAGE_CHANNELS + 2 * PROTOTYPE_CHANNELS;
    for (int64_t channels : CHANNELS)
    {
        const std::string number = std::to_string(down.size() + 1);
        down.push_back(register_module("down" + number, convolution(in, channels, 3, 2)));
        keep.push_back(register_module("keep" + number, convolution(channels, channels)));
        in = channels;
    }
    for (size_t i = CHANNELS.size() - 1; i-- > 0;)
    {
        up.push_back(register_module("up" + std::to_string(i + 1), convolution(in + CHANNELS[i], CHANNELS[i])));
        in = CHANNELS[i];
    }
    residual = register_module("residual", convolution(in, IMAGE_CHANNELS, 3, 1, false));
    nn::init::normal_(residual->weight, 0., 1e-3); // training starts at the face as it is
}

std::vector<Tensor> ResidualUNet::perturb(const Tensor& x, const Tensor&, const std::vector<Tensor>& prototypes)
{
    // One pass for all prototypes: k N images.
    const int64_t n = x.size(0), k = static_cast<int64_t>(prototypes.size());
    std::vector<Tensor> targets;
    for (const Tensor& prototype : prototypes)
        targets.push_back(prototype.to(torch::kFloat).expand({n, -1, -1, -1}));
    const Tensor faces = x.repeat({k, 1, 1, 1}), target = torch::cat(targets);

    Tensor maps = torch::cat({faces, like(target, x), like(CONTRAST * (target - neutral), x)}, 1)
                      .contiguous(torch::MemoryFormat::ChannelsLast);
    std::vector<Tensor> skipped;
    for (size_t i = 0; i < CHANNELS.size(); ++i)
    {
        maps = leakyRelu(convolve(keep[i], leakyRelu(convolve(down[i], maps))));
        skipped.push_back(maps);
    }
    skipped.pop_back();
    for (const nn::Conv2d& layer : up)
    {
        maps = leakyRelu(convolve(layer, torch::cat({upsample(maps), skipped.back()}, 1)));
        skipped.pop_back();
    }
    const Tensor r = torch::tanh(convolve(residual, maps).to(torch::kFloat));
    const Tensor change = torch::upsample_bilinear2d(r, c10::nullopt, false, std::vector<double>{2., 2.});
    return torch::clamp(faces.to(torch::kFloat) + limit * change, 0, 1).chunk(k);
}

std::vector<Tensor> ResidualUNet::logits(const Tensor& x, const Tensor& p_same, const std::vector<Tensor>& prototypes)
{
    const double finite = 1e-6; // distance from 0 and 1, where logits are infinite
    std::vector<Tensor> outputs = perturb(x, p_same, prototypes);
    for (Tensor& output : outputs)
        output = torch::logit(output, finite);
    return outputs;
}

GenderClassifier::GenderClassifier()
{
    int64_t in = IMAGE_CHANNELS;
    for (int64_t out : CHANNELS)
    {
        convolutions.push_back(register_module("convolution" + std::to_string(convolutions.size() + 1), convolution(in, out)));
        in = out;
    }
    hidden = register_module("hidden", fullyConnected(in * FEATURE_SIDE * FEATURE_SIDE, HIDDEN, true));
    output = register_module("output", fullyConnected(HIDDEN, 1, false));
}

Tensor GenderClassifier::forward(const Tensor& x, const c10::optional<at::Generator>& generator)
{
    // torch::dropout draws from the one generator of all threads, in the order they happen to come.
    const auto dropout = [&](const Tensor& features) {
        return is_training() ? features * torch::empty_like(features).bernoulli_(1 - DROPOUT, generator) / (1 - DROPOUT) : features;
    };

    Tensor maps = x;
    for (const nn::Conv2d& layer : convolutions)
    {
        maps = leakyRelu(convolve(layer, maps));
        maps = torch::max_pool2d(maps, 2, 2, maps.size(2) % 2); // padded where the side is odd: 7 to 4
    }
    TORCH_CHECK(maps.size(2) == FEATURE_SIDE && maps.size(3) == FEATURE_SIDE,
                "classifier input: expected ", CROP_SIZE, "x", CROP_SIZE, ", found ", x.size(2), "x", x.size(3));
    return multiply(output, dropout(leakyRelu(multiply(hidden, dropout(maps.flatten(1))))));
}

SmallClassifier::SmallClassifier(const SmallClassifierShape& s, int64_t descriptorSize, int64_t attributes) : shape(s)
{
    const int64_t group = 8; // channels
    int64_t in = COLOR_CHANNELS, side = shape.side;
    const auto add = [&](int64_t channels, int64_t stride) {
        const bool first = convolutions.empty(), separated = shape.separable && !first;
        const std::string number = std::to_string(convolutions.size() + 1);
        if (separated)
            depthwise.push_back(register_module("depthwise" + number, initialised(
                nn::Conv2d(nn::Conv2dOptions(in, in, 3).groups(in).stride(stride).padding(1).bias(false)), false)));
        convolutions.push_back(register_module("convolution" + number,
            convolution(in, channels, first ? shape.stem : separated ? 1 : 3, separated ? 1 : stride)));
        if (shape.normalised)
            normalisations.push_back(register_module("normalisation" + number, nn::GroupNorm(channels / group, channels)));
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

std::vector<Tensor> SmallClassifier::drawGhost(int64_t faces, double change, const c10::optional<at::Generator>& generator) const
{
    std::vector<Tensor> factors;
    for (const nn::Conv2d& c : convolutions)
        factors.push_back(1 + change * (2 * torch::rand({ faces, c->weight.size(0), 1, 1 }, generator) - 1));
    return factors;
}

SmallClassifier::Output SmallClassifier::look(const Tensor& view, bool frozen, const std::vector<Tensor>& ghost)
{
    TORCH_CHECK(view.size(2) == shape.side && view.size(3) == shape.side,
                "classifier input: expected ", shape.side, "x", shape.side, ", found ", view.size(2), "x", view.size(3));
    const auto weights = [&](const Tensor& parameter) { return like(frozen ? parameter.detach() : parameter, view); };
    Tensor maps = view - .5;
    for (size_t i = 0; i < convolutions.size(); ++i)
    {
        const nn::Conv2d& c = convolutions[i];
        const Tensor before = maps;
        if (shape.separable && i > 0)
        {
            const nn::Conv2d& d = depthwise[i - 1];
            maps = torch::conv2d(maps, weights(d->weight), {}, (*d->options.stride())[0], 1, 1, d->options.groups());
        }
        maps = torch::conv2d(maps, weights(c->weight), weights(c->bias), (*c->options.stride())[0], c->weight.size(2) / 2);
        if (shape.normalised)
            maps = torch::group_norm(maps, normalisations[i]->options.num_groups(), weights(normalisations[i]->weight),
                                     weights(normalisations[i]->bias));
        maps = leakyRelu(maps);
        if (!ghost.empty())
            maps = maps * like(ghost[i], maps);
        if (c->weight.size(0) == c->weight.size(1)) // within a stage
            maps = maps + before;
        else if (shape.halving == SmallClassifierShape::MAX_POOL)
            maps = torch::max_pool2d(maps, 2, 2, 0, 1, true);
        else if (shape.halving == SmallClassifierShape::AVERAGE_POOL)
            maps = torch::avg_pool2d(maps, 2, 2, 0, true);
    }
    const Tensor features = shape.flattened ? maps.flatten(1) : maps.mean({2, 3});
    const auto apply = [&](const nn::Linear& layer) {
        return layer.is_empty() ? Tensor() : torch::linear(features, weights(layer->weight), weights(layer->bias));
    };
    return { apply(output), apply(descriptor) };
}

LandmarkNetwork::LandmarkNetwork()
{
    int64_t in = IMAGE_CHANNELS, side = INPUT_SIZE;
    for (const auto& [channels, stride] : LAYERS)
    {
        const std::string number = std::to_string(convolutions.size() + 1);
        convolutions.push_back(register_module("convolution" + number, initialised(nn::Conv2d(
            nn::Conv2dOptions(in, channels, 3).stride(stride).padding(1).bias(false)))));
        normalisations.push_back(register_module("normalisation" + number, nn::BatchNorm2d(channels)));
        in = channels;
        side /= stride;
    }
    heat = register_module("heat", convolution(in, POINTS, 1, 1, false));
    hidden = register_module("hidden", fullyConnected(in * (side / POOLING) * (side / POOLING), HIDDEN, true));
    face = register_module("face", fullyConnected(HIDDEN, 1, false));

    const Tensor centres = (torch::arange(side, torch::kFloat) + .5) / side;
    grid = register_buffer("grid", torch::stack({centres.repeat(side), centres.repeat_interleave(side)}, 1));
}

Tensor LandmarkNetwork::forward(const Tensor& x)
{
    TORCH_CHECK(x.size(2) == INPUT_SIZE && x.size(3) == INPUT_SIZE,
                "landmark network input: expected ", INPUT_SIZE, "x", INPUT_SIZE, ", found ", x.size(2), "x", x.size(3));
    Tensor maps = x;
    for (size_t i = 0; i < convolutions.size(); ++i)
    {
        const nn::BatchNorm2d& n = normalisations[i];
        maps = leakyRelu(torch::batch_norm(convolve(convolutions[i], maps), n->weight, n->bias, n->running_mean, n->running_var,
                                           is_training(), momentum_, n->options.eps(), false));
    }
    const Tensor shares = torch::softmax(convolve(heat, maps).to(torch::kFloat).flatten(2), 2); // [N,5,144]
    const Tensor means = torch::avg_pool2d(maps, POOLING).flatten(1);
    const Tensor logit = multiply(face, leakyRelu(multiply(hidden, means)));
    return torch::cat({torch::matmul(shares, grid).flatten(1), logit.to(torch::kFloat)}, 1);
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
