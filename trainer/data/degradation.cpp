// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#include "data/degradation.hpp"

namespace sanprivacy { namespace train {

using torch::Tensor;

std::vector<Tensor> bend(const std::vector<Tensor>& faces, Draws& draws)
{
    const double farthest = .04, contrast = .25; // of the crop, of the light
    const int64_t side = faces.front().size(2);
    const auto drawSurface = [&](double largest, torch::IntArrayRef sizes) // smooth, for half of the faces
    {
        const Tensor chosen = (draws.uniform({ 1, 1, 1 }) < .5).to(torch::kFloat);
        return torch::upsample_bicubic2d(largest * chosen * (2 * draws.uniform(sizes) - 1), { side, side }, true);
    };
    // grid_sampler counts from -1 to 1 over the crop.
    const Tensor moved = drawSurface(2 * farthest, { 2, 4, 4 }).permute({ 0, 2, 3, 1 });
    const Tensor still = torch::affine_grid_generator(
        torch::eye(3, moved.options()).narrow(0, 0, 2).unsqueeze(0), { 1, 1, side, side }, false);
    const Tensor light = 1 + drawSurface(contrast, { 1, 3, 3 });
    std::vector<Tensor> result;
    for (const Tensor& face : faces)
        result.push_back(light * torch::grid_sampler(face, still + moved, /*bilinear*/ 0, /*border repeats*/ 1, false));
    return result;
}

std::vector<Tensor> degrade(const std::vector<Tensor>& faces, Draws& draws)
{
    const int64_t crop = faces.front().size(2), sides[] = { 64, 80, 112, crop };
    const double contrast = .2, brightness = .1, noise = .015; // largest, largest, standard deviation

    const int64_t side = sides[draws.integer(0, 4)];
    const auto upTo = [&](double largest) { return largest * (2 * draws.uniform({ 1, 1, 1 }) - 1); };
    const Tensor gain = 1 + upTo(contrast), offset = upTo(brightness), grain = noise * draws.normal({ 1, side, side });
    const Tensor added = .5 - .5 * gain + offset + grain; // the contrast is about gray
    std::vector<Tensor> result;
    for (const Tensor& face : bend(faces, draws))
    {
        const Tensor small = side == crop ? face : torch::adaptive_avg_pool2d(face, { side, side });
        const Tensor seen = torch::addcmul(added, gain, small);
        result.push_back(side == crop ? seen : torch::upsample_bilinear2d(seen, { crop, crop }, false));
    }
    return result;
}

Tensor someSmaller(const Tensor& faces, Draws& draws)
{
    const int64_t least = 72, most = 160, crop = faces.size(2);
    const int64_t side = draws.integer(least, most + 1), first = 1 - draws.begin() % 2;
    Tensor result = faces.clone();
    if (first >= faces.size(0))
        return result;
    const Tensor second = faces.slice(0, first, torch::nullopt, 2);
    result.slice(0, first, torch::nullopt, 2)
        .copy_(torch::upsample_bilinear2d(torch::adaptive_avg_pool2d(second, { side, side }), { crop, crop }, false));
    return result;
}

}} // namespace sanprivacy::train
