// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#ifndef SANPRIVACY_TRAIN_DATA_DEGRADATION_HPP
#define SANPRIVACY_TRAIN_DATA_DEGRADATION_HPP

#include <vector>

#include <torch/torch.h>

#include "data/draws.hpp"

namespace sanprivacy { namespace train {

/** @brief Faces of other shapes in uneven light: elastic deformation and smooth shading.

A perturbation that holds on them holds for more networks than it was trained with (DeCowA, Lin et al., AAAI 2024).
@param faces [N,C,224,224]; tensors of one size share what is drawn for them
@param draws of N faces; half of these are deformed, by up to 4 % of the crop between a grid of 4 x 4 points, and half,
drawn apart, are shaded by a factor of .75 to 1.25
@return as faces */
std::vector<torch::Tensor> bend(const std::vector<torch::Tensor>& faces, Draws& draws);

/** @brief Faces as a camera farther away, another light and a compressed file would show them.

They are bent first, see bend(). All faces of a call get the same resolution, so that no perturbation lives on details
that only the canonical crop has.
@param faces [N,C,224,224], 0..1; tensors of one size share what is drawn for them
@param draws of N faces
@return as faces; may leave 0..1 by the noise */
std::vector<torch::Tensor> degrade(const std::vector<torch::Tensor>& faces, Draws& draws);

/** @brief Half of the faces, every second one of the batch, as cut from a smaller image: 72 to 160 pixels of its own
fill the crop.

Photographs of everyday size (LFW, CelebA) give crops of about 100 x 100 true pixels; training crops have twice as many.
@param faces [N,C,224,224]
@param draws of N faces
@return as faces */
torch::Tensor someSmaller(const torch::Tensor& faces, Draws& draws);

}} // namespace sanprivacy::train

#endif // SANPRIVACY_TRAIN_DATA_DEGRADATION_HPP
