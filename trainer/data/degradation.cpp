// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#include "data/degradation.hpp"

namespace sanprivacy { namespace train {

using torch::Tensor;

std::vector<Tensor> degrade(const std::vector<Tensor>& faces, Draws& draws)
{
    const int64_t crop = faces.front().size(2), sides[] = { 64, 80, 112, crop };
    const double contrast = .2, brightness = .1, noise = .015; // largest, largest, standard deviation

    const int64_t side = sides[draws.integer(0, 4)];
    const auto upTo = [&](double largest) { return largest * (2 * draws.uniform({ 1, 1, 1 }) - 1); };
    const Tensor gain = 1 + upTo(contrast), offset = upTo(brightness), grain = noise * draws.normal({ 1, side, side });
    const Tensor added = .5 - .5 * gain + offset + grain; // the contrast is about gray
    std::vector<Tensor> result;
    for (const Tensor& face : faces)
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
