// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#ifndef OPENCV_SANPRIVACY_IMAGE_PERTURBATION_HPP
#define OPENCV_SANPRIVACY_IMAGE_PERTURBATION_HPP

#include "perturber_impl.hpp"

namespace cv { namespace sanprivacy {

//! Result of a face that passed the network; `wrong` is why it has no output, or empty.
FaceResult networkResult(const PerturbParams& params, int label, const String& wrong);

bool allPerturbed(const std::vector<FaceResult>& results);

/** @brief Perturbs every face of an image that can be, as Perturber::tryPerturbFaces() does.
@param all_or_nothing whether nothing is written if one face cannot be perturbed, as in Perturber::perturbFaces().
@return whether dst is written. */
bool perturbImage(Perturber::Impl& impl, InputArray image, InputArray faces, const PerturbParams& params,
    const std::vector<int>& labels, bool all_or_nothing, OutputArray dst, std::vector<FaceResult>& results);

}} // namespace cv::sanprivacy

#endif // OPENCV_SANPRIVACY_IMAGE_PERTURBATION_HPP
