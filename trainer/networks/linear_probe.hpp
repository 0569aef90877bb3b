// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#ifndef SANPRIVACY_TRAIN_NETWORKS_LINEAR_PROBE_HPP
#define SANPRIVACY_TRAIN_NETWORKS_LINEAR_PROBE_HPP

#include <torch/torch.h>

namespace sanprivacy { namespace train {

/** @brief Predicts the label from a matcher's descriptors by linear discriminant analysis.

Any attacker with a matcher can do this. Descriptors were learnt from millions of faces for another purpose and hold
more of a face than a small classifier extracts. */
class LinearProbe
{
public:
    /** @param descriptors [N,D] of faces as they are
    @param labels [N,A], 0 or 1, both present of each attribute */
    LinearProbe(const torch::Tensor& descriptors, const torch::Tensor& labels);

    //! Log-odds of label 1, [N,A], of descriptors [N,D]; differentiable.
    torch::Tensor forward(const torch::Tensor& descriptors) const;

private:
    torch::Tensor weight_, bias_; // [D,A], [A]
};

}} // namespace sanprivacy::train

#endif // SANPRIVACY_TRAIN_NETWORKS_LINEAR_PROBE_HPP
