// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#include "networks/san2018.hpp"

namespace sanprivacy { namespace train {

using torch::Tensor;

namespace {

const int64_t ENCODER1 = 8, ENCODER2 = 12, DECODER1 = 256, DECODER2 = 128; // channels, as in the paper

} // namespace

San2018::San2018()
{
    encoder1 = register_module("encoder1", convolution(IMAGE_CHANNELS + PROTOTYPE_CHANNELS, ENCODER1));
    encoder2 = register_module("encoder2", convolution(ENCODER1, ENCODER2));
    decoder1 = register_module("decoder1", convolution(ENCODER2, DECODER1));
    decoder2 = register_module("decoder2", convolution(DECODER1, DECODER2));
    combiner = register_module("combiner", convolution(DECODER2 + PROTOTYPE_CHANNELS, IMAGE_CHANNELS, 1, 1, false));
}

Tensor San2018::encode(const Tensor& x, const Tensor& p_same)
{
    const Tensor input = torch::cat({ x, like(p_same, x).expand({ x.size(0), -1, -1, -1 }) }, 1);
    // Channels last, which the later layers inherit, makes the bf16 step 1.7 times faster and leaves fp32 as it is.
    const Tensor e1 =
        torch::avg_pool2d(leakyRelu(convolve(encoder1, input.contiguous(torch::MemoryFormat::ChannelsLast))), 2);
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
    const Tensor taps = torch::tensor({ 1.f, 0.f, 0.f, 0.f, 1.f, 1.f,     // A_0
                                          1.f, 1.f, 0.f, 0.f, 0.f, 1.f }, // A_1
        weight.options())
                            .view({ 2, 2, 3 });
    return torch::einsum("oiyx,aky,blx->baoikl", { weight, taps, taps }).reshape({ -1, weight.size(1), 2, 2 });
}

std::array<Tensor, 2> convolvePhases(const Tensor& x, const Tensor& weight, const Tensor& bias)
{
    const std::vector<Tensor> kernels = like(phaseKernels(weight), x).chunk(2);
    const Tensor biases = bias.defined() ? like(bias.repeat(2), x) : bias;
    // One convolution per column parity: with its W columns instead of W + 1 oneDNN's bf16 weight gradient runs 3 times
    // faster.
    return { torch::conv2d(torch::constant_pad_nd(x, { 1, 0, 1, 1 }), kernels[0], biases),
        torch::conv2d(torch::constant_pad_nd(x, { 0, 1, 1, 1 }), kernels[1], biases) };
}

Tensor interleavePhases(const std::array<Tensor, 2>& columns)
{
    const int64_t height = columns[0].size(2) - 1;
    std::vector<Tensor> phases;
    for (int64_t a : { 0, 1 })
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
    // A 1x1 convolution commutes with upsampling: each phase gets it, then a single channel is interleaved and
    // upsampled.
    const Tensor both_rows = torch::block_diag({ weight.flatten(1), weight.flatten(1) }).unsqueeze(2).unsqueeze(3);
    for (Tensor& column : d2)
        column = torch::conv2d(column, like(both_rows, column));
    return upsample(interleavePhases(d2));
}

std::vector<Tensor> San2018::logits(const Tensor& x, const Tensor& p_same, const std::vector<Tensor>& prototypes)
{
    const Tensor code = encode(x, p_same);
    const Tensor shared = fast ? sharedLogits(code) : decode(code);
    std::vector<Tensor> outputs;
    for (const Tensor& given : prototypes)
    {
        const Tensor prototype = like(given, x);
        if (fast)
            outputs.push_back(
                shared
                + torch::conv2d(prototype, like(combiner->weight.slice(1, DECODER2), x), like(combiner->bias, x)));
        else
            outputs.push_back(
                convolve(combiner, torch::cat({ shared, prototype.expand({ x.size(0), -1, -1, -1 }) }, 1)));
    }
    return outputs;
}

}} // namespace sanprivacy::train
