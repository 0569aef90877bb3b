// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#include "attackers.hpp"

namespace sanprivacy { namespace train {

using torch::Tensor;

namespace {

//! Chosen to differ: input size, crop, receptive field, pooling, normalisation, head.
std::vector<SmallClassifierShape> shapes()
{
    using Shape = SmallClassifierShape;
    return {
        { 48, .80, 3, { 16, 32, 64, 96 }, 2, Shape::MAX_POOL, false, false, true },
        { 64, 1.08, 5, { 16, 32, 64, 96 }, 1, Shape::STRIDE, true, false, false },
        { 80, .90, 3, { 16, 32, 48, 64, 96 }, 1, Shape::AVERAGE_POOL, true, false, true },
        { 64, .66, 3, { 16, 32, 64, 96 }, 2, Shape::AVERAGE_POOL, false, false, false },
        { 96, 1., 7, { 16, 32, 48, 64, 96 }, 2, Shape::STRIDE, true, false, true },
        { 80, 1.08, 5, { 16, 32, 48, 96 }, 1, Shape::MAX_POOL, true, false, false },
        { 112, 1., 3, { 16, 32, 64, 128 }, 2, Shape::MAX_POOL, true, true, false },
        { 112, 1.08, 3, { 16, 32, 64, 96, 128 }, 2, Shape::STRIDE, true, true, false },
    };
}

} // namespace

std::vector<Tensor> degrade(const std::vector<Tensor>& faces, const c10::optional<at::Generator>& generator)
{
    const int64_t sides[] = { 64, 80, 112, CROP_SIZE };
    const double contrast = .2, brightness = .1, noise = .015; // largest, largest, standard deviation
    const int64_t n = faces.front().size(0);
    const auto options = faces.front().options().requires_grad(false);

    const int64_t side = sides[torch::randint(4, { 1 }, generator, torch::kLong).item<int64_t>()];
    const auto upTo = [&](double largest) { return largest * (2 * torch::rand({ n, 1, 1, 1 }, generator, options) - 1); };
    const Tensor gain = 1 + upTo(contrast), offset = upTo(brightness);
    const Tensor grain = noise * torch::randn({ n, 1, side, side }, generator, options);
    std::vector<Tensor> result;
    for (const Tensor& face : faces)
    {
        const Tensor small = side == CROP_SIZE ? face : torch::adaptive_avg_pool2d(face, { side, side });
        const Tensor seen = gain * (small - .5) + .5 + offset + grain;
        result.push_back(side == CROP_SIZE ? seen : torch::upsample_bilinear2d(seen, { CROP_SIZE, CROP_SIZE }, false));
    }
    return result;
}

Tensor someSmaller(const Tensor& faces, const c10::optional<at::Generator>& generator)
{
    const int64_t least = 72, most = 160;
    const int64_t side = torch::randint(least, most + 1, { 1 }, generator, torch::kLong).item<int64_t>();
    const Tensor second = faces.slice(0, 1, c10::nullopt, 2);
    Tensor result = faces.clone();
    result.slice(0, 1, c10::nullopt, 2).copy_(
        torch::upsample_bilinear2d(torch::adaptive_avg_pool2d(second, { side, side }), { CROP_SIZE, CROP_SIZE }, false));
    return result;
}

std::pair<Tensor, Tensor> drawTargets(const Tensor& labels, double oppositeShare, const c10::optional<at::Generator>& generator)
{
    const Tensor opposite = (torch::rand(labels.sizes(), generator) < oppositeShare).to(torch::kFloat), same = 1 - opposite;
    return { opposite * (1 - labels) + same * labels, opposite * (.5 / oppositeShare) + same * (.5 / (1 - oppositeShare)) };
}

Tensor viewOf(const Tensor& faces, const SmallClassifierShape& shape, const Tensor& jitter)
{
    const int64_t n = faces.size(0);
    const Tensor j = jitter.defined() ? jitter.to(faces.scalar_type()) : torch::tensor({ 1.f, 0.f, 0.f }).expand({ n, 3 });
    const Tensor scale = shape.zoom * j.select(1, 0), none = torch::zeros({ n }, j.options());
    const double half = double(CROP_SIZE) / 2;
    const Tensor place = torch::stack({ scale, none, j.select(1, 1) / half, none, scale, j.select(1, 2) / half }, 1).reshape({ n, 2, 3 });
    const Tensor grid = torch::affine_grid_generator(place, { n, 1, shape.side, shape.side }, false);
    return torch::grid_sampler(torch::avg_pool2d(faces, 2), grid, /*bilinear*/ 0, /*border repeats*/ 1, false);
}

Attackers::Attackers(int64_t descriptorSize, int64_t attributes)
{
    for (const SmallClassifierShape& shape : shapes())
    {
        const std::string number = std::to_string(members.size() + 1);
        members.push_back(register_module("attacker" + number, std::make_shared<SmallClassifier>(shape, descriptorSize, attributes)));
    }
}

DescriptorReader::DescriptorReader(const Tensor& descriptors, const Tensor& labels)
{
    const double shrinkage = .1; // of the covariance towards a sphere: there may be fewer faces than dimensions
    const Tensor d = descriptors.to(torch::kDouble);
    std::vector<Tensor> weights, biases;
    for (int64_t a = 0; a < labels.size(1); a++)
    {
        const Tensor one = labels.narrow(1, a, 1).to(torch::kDouble), zero = 1 - one;
        const Tensor n1 = one.sum(), n0 = zero.sum();
        TORCH_CHECK(n1.item<double>() > 0 && n0.item<double>() > 0, "expected faces of both labels");
        const Tensor mean1 = (d * one).sum(0, true) / n1, mean0 = (d * zero).sum(0, true) / n0;
        const Tensor centred = d - one * mean1 - zero * mean0;
        Tensor covariance = centred.t().matmul(centred) / double(d.size(0));
        covariance = (1 - shrinkage) * covariance + shrinkage * covariance.trace() / double(d.size(1)) * torch::eye(d.size(1), torch::kDouble);
        weights.push_back(torch::linalg_solve(covariance, (mean1 - mean0).t()));
        biases.push_back((-(mean1 + mean0) / 2).matmul(weights.back()).flatten());
    }
    weight_ = torch::cat(weights, 1).to(torch::kFloat);
    bias_ = torch::cat(biases).to(torch::kFloat);
}

Tensor DescriptorReader::forward(const Tensor& descriptors) const { return descriptors.matmul(weight_) + bias_; }

Contest::Contest(std::shared_ptr<ResidualUNet> g, std::shared_ptr<Attackers> a)
    : generator(register_module("generator", std::move(g))), attackers(std::move(a))
{
    if (attackers)
        register_module("attackers", attackers);
}

}} // namespace sanprivacy::train
