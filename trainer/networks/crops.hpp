// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#ifndef SANPRIVACY_TRAIN_NETWORKS_CROPS_HPP
#define SANPRIVACY_TRAIN_NETWORKS_CROPS_HPP

#include <torch/torch.h>

#include "data/draws.hpp"
#include "networks/small_classifier.hpp"

namespace sanprivacy { namespace train {

/** @brief Random small changes of where a network's crop is taken, as a detector's would be.

So no perturbation relies on an exact one.
@param draws of N faces
@param scale largest relative change of size
@param shift largest displacement along either axis, pixels of the canonical crop
@return [N,4]: a, b, dx, dy; what lies at c + (x, y) of a crop around its center c is looked for at
c + (a x - b y + dx, b x + a y + dy); here b is 0, the others are uniformly distributed */
torch::Tensor drawJitter(Draws& draws, double scale = .06, double shift = 5);

/** @brief Crops as other networks may be given them: of half the faces as drawJitter() says, of the others between .85
and 1.35 times the size, rolled by up to 8 degrees and displaced by up to 12 pixels.
@return as drawJitter() */
torch::Tensor drawCrop(Draws& draws);

/** @brief Changed crops within their surroundings; differentiable.
@param surroundings twice as wide and high as the crops, in as many pixels, [N,C,224,224]
@param change what is added to the crops, [N,C,224,224]
@return as surroundings */
torch::Tensor withinSurroundings(const torch::Tensor& surroundings, const torch::Tensor& change);

/** @brief The input of a small classifier from canonical crops; low-passed, where it has at most half their size;
differentiable.
@param faces [N,C,224,224]
@param jitter of drawJitter(), or undefined
@return [N,C,side,side] */
torch::Tensor classifierCrop(
    const torch::Tensor& faces, const SmallClassifierShape& shape, const torch::Tensor& jitter = {});

}} // namespace sanprivacy::train

#endif // SANPRIVACY_TRAIN_NETWORKS_CROPS_HPP
