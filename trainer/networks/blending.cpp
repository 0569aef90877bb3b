// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#include "networks/blending.hpp"

#include "networks/layers.hpp"

namespace sanprivacy { namespace train {

using torch::Tensor;

namespace {

//! 1 on the face, falling to 0 at an ellipse around it, [224,224].
Tensor faceEllipse()
{
    const double halfWidth = 82, halfHeight = 102, outside = 1.1, ramp = .35; // pixels; radii of the ellipse
    const Tensor place = torch::arange(CROP_SIZE, torch::kFloat) - double(CROP_SIZE - 1) / 2;
    const Tensor r = ((place / halfWidth).square() + (place / halfHeight).square().unsqueeze(1)).sqrt();
    return .5 - .5 * torch::cos(M_PI * ((outside - r) / ramp).clamp(0, 1));
}

} // namespace

Tensor evenedChroma(const Tensor& faces, double strength)
{
    const double positive = 1e-12;
    const torch::NoGradGuard noGradients;
    if (faces.size(1) == 1)
        return torch::zeros_like(faces);
    static const Tensor ellipse = faceEllipse();
    const Tensor weight = ellipse.to(faces.device());
    const Tensor chroma = faces - luma(faces);
    const Tensor mean = (weight * chroma).sum({ 2, 3 }, true) / weight.sum();
    const Tensor length = mean.square().sum(1, true);
    const Tensor share = (chroma.square().sum(1, true) / length.clamp_min(positive)).clamp_max(1) * (length > positive);
    return strength * weight * share * (mean - chroma);
}

}} // namespace sanprivacy::train
