// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#include "losses.hpp"

#include "data/targets.hpp"

namespace sanprivacy { namespace train {

using torch::Tensor;

namespace {

void checkSameShape(const Tensor& a, const Tensor& b)
{
    // Broadcasting [N] against [N,1] would average over N x N pairs and pass unnoticed.
    TORCH_CHECK(a.sizes() == b.sizes(), "loss: shapes differ, ", a.sizes(), " and ", b.sizes());
}

Tensor binaryCrossEntropy(const Tensor& target, const Tensor& logits, const Tensor& weights = {})
{
    checkSameShape(target, logits);
    return torch::binary_cross_entropy_with_logits(logits.to(torch::kFloat), target.to(torch::kFloat), weights);
}

//! S(p, f) of each value.
Tensor costs(const Tensor& probability, const Tensor& logits)
{
    return torch::binary_cross_entropy_with_logits(
        logits.to(torch::kFloat), probability.to(torch::kFloat), {}, {}, at::Reduction::None);
}

//! The cost of hidden attributes and S(f(X), f(X')) of the others, of each value.
Tensor costOfHiding(const Tensor& hiding, const Tensor& logits, const Tensor& hidden, const Tensor& original)
{
    if (!hidden.defined())
        return hiding;
    checkSameShape(hidden, logits);
    checkSameShape(original, logits);
    return hidden * hiding + (1 - hidden) * costs(torch::sigmoid(original.to(torch::kFloat)), logits);
}

} // namespace

Tensor reconstructionLoss(const Tensor& logits, const Tensor& x) // Eq. 1
{
    return binaryCrossEntropy(x, logits);
}

Tensor crossEntropy(const Tensor& labels, const Tensor& logits, const Tensor& weights)
{
    return binaryCrossEntropy(labels, logits, weights);
}

Tensor genderLoss(const Tensor& labels, const Tensor& same, const Tensor& opposite) // Eq. 3
{
    return crossEntropy(labels, same) + crossEntropy(1 - labels, opposite);
}

Tensor matchingLoss(const Tensor& perturbed, const Tensor& original) // Eq. 4
{
    checkSameShape(perturbed, original);
    return (perturbed.to(torch::kFloat) - original.to(torch::kFloat)).square().sum(1).mean();
}

Tensor totalLoss(const Tensor& gender, const Tensor& matching, double lambda_gender, double lambda_matching) // Eq. 5
{
    return lambda_gender * gender + lambda_matching * matching;
}

// Beyond the paper: costs of the residual U-Net.

Tensor targetLoss(const Tensor& targets, const Tensor& logits, double margin, const Tensor& hidden,
    const Tensor& original, const Tensor& middle, const Tensor& weights)
{
    checkSameShape(targets, logits);
    const double k = 4; // sharpness: the larger, the nearer is `undecided` to |f|
    const Tensor f = logits.to(torch::kFloat), away = middle.defined() ? f - middle : f,
                 decided = torch::softplus(margin - (2 * targets - 1) * f),
                 undecided = (torch::softplus(k * away) + torch::softplus(-k * away)) / k;
    const Tensor cost =
        costOfHiding(torch::where(targets == NEUTRAL_TARGET, undecided, decided), logits, hidden, original);
    return (weights.defined() ? weights * cost : cost).mean();
}

Tensor confusionLoss(const Tensor& logits, const Tensor& hidden, const Tensor& original)
{
    return costOfHiding(costs(torch::full_like(logits, .5), logits), logits, hidden, original).mean();
}

Tensor cosineLoss(const Tensor& perturbed, const Tensor& original)
{
    checkSameShape(perturbed, original);
    const double positive = 1e-12; // the square root has no gradient at zero
    const Tensor distance = 1 - (perturbed.to(torch::kFloat) * original.to(torch::kFloat)).sum(1);
    return distance.mean() + (distance.square().mean() + positive).sqrt();
}

Tensor orderLoss(const Tensor& perturbed, const Tensor& original, const Tensor& persons, double temperature)
{
    checkSameShape(perturbed, original);
    const Tensor s = perturbed.to(torch::kFloat).matmul(original.to(torch::kFloat).t()) / temperature;
    const Tensor samePerson = persons == persons.t(),
                 pair = samePerson.logical_xor(torch::eye(s.size(0), persons.options().dtype(torch::kBool)));
    const Tensor impostors = torch::logsumexp(s.masked_fill(samePerson, -INFINITY).flatten(), 0);
    return temperature * (torch::softplus(impostors - s) * pair).sum() / double(s.size(0));
}

Tensor changePenalty(const Tensor& change)
{
    return change.square().mean();
}

Tensor roughnessPenalty(const Tensor& change)
{
    return change.diff(1, 2).square().mean() + change.diff(1, 3).square().mean();
}

Tensor patchPenalty(const Tensor& change)
{
    const int64_t side = 32; // pixels: about the size of an eye
    const double positive = 1e-12;
    return (torch::avg_pool2d(change.square(), side, side / 2).square().mean() + positive).sqrt();
}

Tensor asymmetryPenalty(const Tensor& change)
{
    return (change - change.flip(3)).square().mean();
}

double errorRate(const Tensor& labels, const Tensor& logits)
{
    checkSameShape(labels, logits);
    return ((logits > 0) != (labels > .5)).to(torch::kFloat).mean().item<double>();
}

}} // namespace sanprivacy::train
