// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#ifndef SANPRIVACY_TRAIN_NETWORKS_PROTOTYPES_HPP
#define SANPRIVACY_TRAIN_NETWORKS_PROTOTYPES_HPP

#include <filesystem>
#include <vector>

#include <torch/torch.h>

namespace sanprivacy { namespace train {

/** @brief The prototypes of files of cv::sanprivacy::PrototypeBuilder, as networks take them: RGB, 0..1.

One file, so one pair of prototypes, for each attribute. Several attributes share one prototype: P_NT plus, for each
attribute, what the mean face of its label differs by from P_NT. So an attribute is left out by adding nothing. */
class Prototypes
{
public:
    //! @param device where the labels will be
    explicit Prototypes(const std::vector<std::filesystem::path>& files, const torch::Device& device = torch::kCPU);

    int64_t attributes() const { return byLabel_.size(0); }

    /** @param labels [N,A] of A attributes, 0 or 1, or NEUTRAL_TARGET, which adds nothing to P_NT
    @param hidden [N,A], 0 for an attribute that is left out, else 1; undefined: none is
    @return P_SM of each, [N,3,224,224] */
    torch::Tensor same(const torch::Tensor& labels, const torch::Tensor& hidden = {}) const;
    //! P_OP of each
    torch::Tensor opposite(const torch::Tensor& labels) const;
    //! P_NT, [3,224,224]
    const torch::Tensor& neutral() const { return neutral_; }

private:
    torch::Tensor byLabel_; // [A,2,3,224,224]: the mean faces' differences from P_NT
    torch::Tensor neutral_; // of the first attribute: those of others are the same where the same faces made them
};

}} // namespace sanprivacy::train

#endif // SANPRIVACY_TRAIN_NETWORKS_PROTOTYPES_HPP
