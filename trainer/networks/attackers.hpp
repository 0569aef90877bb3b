// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#ifndef SANPRIVACY_TRAIN_NETWORKS_ATTACKERS_HPP
#define SANPRIVACY_TRAIN_NETWORKS_ATTACKERS_HPP

#include <memory>
#include <vector>

#include <torch/torch.h>

#include "networks/residual_u_net.hpp"
#include "networks/small_classifier.hpp"

namespace sanprivacy { namespace train {

const char* const ATTACKERS_KIND = "attackers"; //!< of a checkpoint of Attackers
const char* const RESIDUAL_KIND = "residual";   //!< of a checkpoint of a GeneratorAndAttackers

/** @brief The training attackers: our own ensemble of classifiers with different architectures, which the generator
learns to mislead.

Besides the label, all learn to predict a matcher's descriptors. These come from a training on millions of faces and
make the classifiers more accurate. The predicted descriptors also serve J_M as those of another matcher.

The first of them may be adaptive: while the generator learns to mislead them, they go on learning, on
original and on perturbed faces with their true labels, as somebody does who has this software. The others are fixed,
like classifiers of people who do not know it. */
struct Attackers : torch::nn::Module
{
    /** @param descriptorSize of the matchers' descriptors, one after the other
    @param attributes number of labels that each of them learns */
    explicit Attackers(int64_t descriptorSize, int64_t attributes = 1);

    //! Raises c10::Error that tells how many the archive holds, where it is another number.
    void load(torch::serialize::InputArchive& archive) override;

    std::vector<std::shared_ptr<SmallClassifier>> members;
};

//! What a checkpoint of the command residual holds: the generator and those it is trained against; the generator alone
//! can be read from it, too.
struct GeneratorAndAttackers : torch::nn::Module
{
    explicit GeneratorAndAttackers(std::shared_ptr<ResidualUNet> generator, std::shared_ptr<Attackers> attackers = {});

    std::shared_ptr<ResidualUNet> generator;
    std::shared_ptr<Attackers> attackers;
};

}} // namespace sanprivacy::train

#endif // SANPRIVACY_TRAIN_NETWORKS_ATTACKERS_HPP
