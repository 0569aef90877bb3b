// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#include "networks/blending.hpp"

#include "networks/layers.hpp"

namespace sanprivacy { namespace train {

namespace F = torch::nn::functional;
using torch::Tensor;

namespace {

constexpr int64_t CELLS_AROUND = 5; // over which an energy is averaged

//! 1 on the face, falling to 0 at an ellipse around it, [224,224].
Tensor faceEllipse()
{
    const double halfWidth = 82, halfHeight = 102, outside = 1.1, ramp = .35; // pixels; radii of the ellipse
    const Tensor place = torch::arange(CROP_SIZE, torch::kFloat) - double(CROP_SIZE - 1) / 2;
    const Tensor r = ((place / halfWidth).square() + (place / halfHeight).square().unsqueeze(1)).sqrt();
    return .5 - .5 * torch::cos(M_PI * ((outside - r) / ramp).clamp(0, 1));
}

//! Mean of a square of `side` pixels around each, one axis after the other.
Tensor localMean(const Tensor& images, int64_t side)
{
    const int64_t border = side / 2;
    const Tensor padded = F::pad(images, F::PadFuncOptions({ border, border, border, border }).mode(torch::kReflect));
    const Tensor rows = F::avg_pool2d(padded, F::AvgPool2dFuncOptions({ 1, side }).stride(1));
    return F::avg_pool2d(rows, F::AvgPool2dFuncOptions({ side, 1 }).stride(1));
}

//! What a local mean over a sixth of the inter-ocular distance leaves.
Tensor finePart(const Tensor& images)
{
    return images - localMean(images, 15);
}

//! Mean square of a fine part around each cell of 4 pixels.
Tensor energyOf(const Tensor& fine)
{
    return localMean(F::avg_pool2d(fine.square(), F::AvgPool2dFuncOptions(4)), CELLS_AROUND);
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

Tensor weakenedMarks(const Tensor& faces, const Tensor& change)
{
    const double largestRatio = .35, smooth = .014; // as in the module
    const Tensor fine = finePart(change), largest = largestRatio * (energyOf(finePart(faces)) + smooth * smooth);
    const Tensor gain = localMean(torch::sqrt(largest / torch::maximum(energyOf(fine), largest)), CELLS_AROUND);
    const auto enlarged = F::InterpolateFuncOptions()
                              .size(std::vector<int64_t> { CROP_SIZE, CROP_SIZE })
                              .mode(torch::kBilinear)
                              .align_corners(false);
    return change - fine + fine * F::interpolate(gain, enlarged);
}

}} // namespace sanprivacy::train
