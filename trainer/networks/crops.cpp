// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#include "networks/crops.hpp"

namespace sanprivacy { namespace train {

using torch::Tensor;

namespace {

//! @param factor, angle (radians), dx, dy: [N] each
Tensor similarity(const Tensor& factor, const Tensor& angle, const Tensor& dx, const Tensor& dy)
{
    return torch::stack({ factor * torch::cos(angle), factor * torch::sin(angle), dx, dy }, 1);
}

} // namespace

Tensor drawJitter(Draws& draws, double scale, double shift)
{
    const Tensor u = draws.uniform({ 3 }) * 2 - 1;
    return similarity(1 + scale * u.select(1, 0), torch::zeros({ u.size(0) }, u.options()), shift * u.select(1, 1),
        shift * u.select(1, 2));
}

Tensor drawCrop(Draws& draws)
{
    const double closest = .85, widest = 1.35, shift = 12, roll = 8 * M_PI / 180; // pixels, radians
    const Tensor narrow = drawJitter(draws), u = draws.uniform({ 5 }), v = 2 * u - 1;
    const Tensor factor = closest * torch::pow(widest / closest, u.select(1, 0));
    const Tensor other = similarity(factor, roll * v.select(1, 1), shift * v.select(1, 2), shift * v.select(1, 3));
    return torch::where(u.narrow(1, 4, 1) < .5, narrow, other);
}

Tensor withinSurroundings(const Tensor& surroundings, const Tensor& change)
{
    const int64_t margin = CROP_SIZE / 4;
    return surroundings + torch::constant_pad_nd(torch::avg_pool2d(change, 2), { margin, margin, margin, margin });
}

Tensor classifierCrop(const Tensor& faces, const SmallClassifierShape& shape, const Tensor& jitter)
{
    const int64_t n = faces.size(0);
    const Tensor j = jitter.defined() ? jitter.to(faces.scalar_type())
                                      : torch::tensor({ 1.f, 0.f, 0.f, 0.f }).to(faces.device()).expand({ n, 4 });
    const Tensor a = shape.zoom * j.select(1, 0), b = shape.zoom * j.select(1, 1);
    const double half = double(CROP_SIZE) / 2;
    const Tensor place =
        torch::stack({ a, -b, j.select(1, 2) / half, b, a, j.select(1, 3) / half }, 1).reshape({ n, 2, 3 });
    const Tensor grid = torch::affine_grid_generator(place, { n, 1, shape.side, shape.side }, false);
    const Tensor source = 2 * shape.side <= CROP_SIZE ? torch::avg_pool2d(faces, 2) : faces;
    return torch::grid_sampler(source, grid, /*bilinear*/ 0, /*border repeats*/ 1, false);
}

}} // namespace sanprivacy::train
