// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#ifndef SANPRIVACY_TRAIN_NETWORKS_BLENDING_HPP
#define SANPRIVACY_TRAIN_NETWORKS_BLENDING_HPP

#include <torch/torch.h>

namespace sanprivacy { namespace train {

/** @brief What evening the color adds to crops: the chroma of skin and lips moves towards the face's own mean inside a
feathered ellipse, as cv::sanprivacy::blendFace() does it. Luma stays. What has less chroma than the mean (teeth, the
whites of the eyes, brows) moves less. Without a gradient.
@param faces RGB, [N,3,224,224], 0..1; one channel (gray): nothing to even
@param strength 0..1: 1 takes the whole way
@return [N,3,224,224]; zeros [N,1,224,224] for gray faces */
torch::Tensor evenedChroma(const torch::Tensor& faces, double strength);

}} // namespace sanprivacy::train

#endif // SANPRIVACY_TRAIN_NETWORKS_BLENDING_HPP
