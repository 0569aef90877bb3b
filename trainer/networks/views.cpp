// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#include "networks/views.hpp"

namespace sanprivacy { namespace train {

using torch::Tensor;

Tensor drawJitter(Draws& draws, double scale, double shift)
{
    const Tensor uniform = draws.uniform({ 3 }) * 2 - 1;
    return uniform * torch::tensor({ scale, shift, shift }, torch::kFloat) + torch::tensor({ 1.f, 0.f, 0.f });
}

Tensor viewOf(const Tensor& faces, const SmallClassifierShape& shape, const Tensor& jitter)
{
    const int64_t n = faces.size(0);
    const Tensor j =
        jitter.defined() ? jitter.to(faces.scalar_type()) : torch::tensor({ 1.f, 0.f, 0.f }).expand({ n, 3 });
    const Tensor scale = shape.zoom * j.select(1, 0), none = torch::zeros({ n }, j.options());
    const double half = double(CROP_SIZE) / 2;
    const Tensor place = torch::stack({ scale, none, j.select(1, 1) / half, none, scale, j.select(1, 2) / half }, 1)
                             .reshape({ n, 2, 3 });
    const Tensor grid = torch::affine_grid_generator(place, { n, 1, shape.side, shape.side }, false);
    return torch::grid_sampler(torch::avg_pool2d(faces, 2), grid, /*bilinear*/ 0, /*border repeats*/ 1, false);
}

}} // namespace sanprivacy::train
