// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#ifndef SANPRIVACY_TRAIN_DATA_TARGETS_HPP
#define SANPRIVACY_TRAIN_DATA_TARGETS_HPP

#include <utility>

#include <torch/torch.h>

#include "data/draws.hpp"

namespace sanprivacy { namespace train {

const double NEUTRAL_TARGET = .5; //!< between the labels 0 and 1: classifiers shall be undecided

/** @brief Targets for a batch: neutral for a share of the faces; of the others the opposite label for a share, else
their own.

Opposite targets are harder for the generator, so they may be drawn for more than one half of the faces. Adaptive
attackers must not learn from that which target is more likely: with the weights, targets are independent of labels.
@param labels [N,A] of A attributes, 0 or 1
@param oppositeShare of those that are not neutral; above 0, below 1
@param neutralShare of all faces, 0..1
@param draws of N faces
@return targets and the weights, of mean 1, by which their costs count as those of independent targets would; both [N,A]
*/
std::pair<torch::Tensor, torch::Tensor> drawTargets(
    const torch::Tensor& labels, double oppositeShare, double neutralShare, Draws& draws);

/** @brief Which attributes of each face are to be hidden: any of them, but not none.
@return [N,A] of 1 and 0; undefined where there is but one attribute */
torch::Tensor drawHidden(int64_t attributes, Draws& draws);

}} // namespace sanprivacy::train

#endif // SANPRIVACY_TRAIN_DATA_TARGETS_HPP
