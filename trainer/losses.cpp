// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#include "losses.hpp"

namespace sanprivacy { namespace train {

using torch::Tensor;

namespace {

void checkSameShape(const Tensor& a, const Tensor& b)
{
    // Broadcasting [N] against [N,1] would average over N x N pairs and pass unnoticed.
    TORCH_CHECK(a.sizes() == b.sizes(), "loss: shapes differ, ", a.sizes(), " and ", b.sizes());
}

Tensor binaryCrossEntropy(const Tensor& target, const Tensor& logits)
{
    checkSameShape(target, logits);
    return torch::binary_cross_entropy_with_logits(logits.to(torch::kFloat), target.to(torch::kFloat));
}

} // namespace

Tensor reconstructionLoss(const Tensor& logits, const Tensor& x)
{
    return binaryCrossEntropy(x, logits);
}

Tensor crossEntropy(const Tensor& labels, const Tensor& logits)
{
    return binaryCrossEntropy(labels, logits);
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

}} // namespace sanprivacy::train
