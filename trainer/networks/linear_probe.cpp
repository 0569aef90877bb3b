// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#include "networks/linear_probe.hpp"

#include <vector>

namespace sanprivacy { namespace train {

using torch::Tensor;

LinearProbe::LinearProbe(const Tensor& descriptors, const Tensor& labels)
{
    const double shrinkage = .1; // of the covariance towards a sphere: there may be fewer faces than dimensions
    const Tensor d = descriptors.to(torch::kDouble), sphere = torch::eye(d.size(1), d.options()) / double(d.size(1));
    std::vector<Tensor> weights, biases;
    for (int64_t a = 0; a < labels.size(1); ++a)
    {
        const Tensor one = labels.narrow(1, a, 1).to(torch::kDouble), zero = 1 - one;
        const Tensor n1 = one.sum(), n0 = zero.sum();
        TORCH_CHECK(n1.item<double>() > 0 && n0.item<double>() > 0, "expected faces of both labels");
        const Tensor mean1 = (d * one).sum(0, true) / n1, mean0 = (d * zero).sum(0, true) / n0;
        const Tensor centered = d - one * mean1 - zero * mean0;
        Tensor covariance = centered.t().matmul(centered) / double(d.size(0));
        covariance = (1 - shrinkage) * covariance + shrinkage * covariance.trace() * sphere;
        weights.push_back(torch::linalg_solve(covariance, (mean1 - mean0).t()));
        biases.push_back((-(mean1 + mean0) / 2).matmul(weights.back()).flatten());
    }
    weight_ = torch::cat(weights, 1).to(torch::kFloat);
    bias_ = torch::cat(biases).to(torch::kFloat);
}

Tensor LinearProbe::forward(const Tensor& descriptors) const
{
    return descriptors.matmul(weight_) + bias_;
}

}} // namespace sanprivacy::train
