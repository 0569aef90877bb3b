// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#include "networks/residual_u_net.hpp"

#include <cmath>
#include <string>

namespace sanprivacy { namespace train {

namespace nn = torch::nn;
using torch::Tensor;

namespace {

//! A raised cosine from 0 at the border of the crop to 1 at the given distance from it, [1,S,S].
Tensor feather(int64_t side, int64_t width)
{
    const Tensor position = torch::arange(side, torch::kFloat) + .5;
    const Tensor distance = torch::minimum(position, side - position).clamp_max(width);
    const Tensor ramp = .5 - .5 * torch::cos(distance * (M_PI / static_cast<double>(width)));
    return torch::outer(ramp, ramp).unsqueeze(0);
}

//! 1 in the face, 0 beside the jaw and in the corners, with a raised cosine between, [1,S,S]: streaks beside a jaw are
//! what a classifier is misled by most easily, and what a person sees first.
Tensor ellipse(int64_t side)
{
    const double half = double(side) / 2, width = .75 * half, height = .93 * half, down = .036 * half;
    const double whole = .85, none = 1.2; // distances from the middle, of the ellipse's half axes
    const Tensor position = torch::arange(side, torch::kFloat) + .5 - half;
    const Tensor distance = torch::hypot((position / width).unsqueeze(0), ((position - down) / height).unsqueeze(1));
    return (.5 - .5 * torch::cos(((none - distance) / (none - whole)).clamp(0, 1) * M_PI)).unsqueeze(0);
}

} // namespace

ResidualUNet::ResidualUNet(const Tensor& neutral_prototype, double bound)
{
    TORCH_CHECK(neutral_prototype.sizes() == torch::IntArrayRef({ PROTOTYPE_CHANNELS, CROP_SIZE, CROP_SIZE }),
        "neutral prototype: expected [3,224,224], found ", neutral_prototype.sizes());
    TORCH_CHECK(bound > 0 && bound <= 1, "bound: expected more than 0 and at most 1, found ", bound);
    neutral = register_buffer("neutral", neutral_prototype.to(torch::kFloat).clone());
    limit = register_buffer("limit", bound * feather(CROP_SIZE, FEATHER) * ellipse(CROP_SIZE));

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
        targets.push_back(prototype.to(torch::kFloat).expand({ n, -1, -1, -1 }));
    const Tensor faces = x.repeat({ k, 1, 1, 1 }), target = torch::cat(targets);

    Tensor maps = torch::cat({ faces, like(target, x), like(CONTRAST * (target - neutral), x) }, 1)
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
        maps = leakyRelu(convolve(layer, torch::cat({ upsample(maps), skipped.back() }, 1)));
        skipped.pop_back();
    }
    const Tensor r = torch::tanh(convolve(residual, maps).to(torch::kFloat));
    const Tensor change = torch::upsample_bilinear2d(r, torch::nullopt, false, std::vector<double> { 2., 2. });
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

}} // namespace sanprivacy::train
