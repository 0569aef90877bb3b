// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#ifndef OPENCV_SANPRIVACY_SURROUNDINGS_HPP
#define OPENCV_SANPRIVACY_SURROUNDINGS_HPP

#include "similarity.hpp"

namespace cv { namespace sanprivacy {

/** @brief Blurs what surrounds faces, hair, neck and background: classifiers that look beyond the face read the
attribute there. See Perturber::setSurroundingsBlur().

Within an ellipse around each face, which reaches from the hair to below the chin, nothing changes, and nothing far from
all faces.
@param image 8-bit, 16-bit or 32-bit float, gray or BGR.
@param faces take the pixels of a canonical crop to those of the image; those whose surroundings are blurred.
@param others further faces; they stay, too.
@param sigma of the blur, inter-ocular distances of each face; 0: nothing changes. */
void blurSurroundings(
    Mat& image, const std::vector<Similarity>& faces, const std::vector<Similarity>& others, double sigma);

}} // namespace cv::sanprivacy

#endif // OPENCV_SANPRIVACY_SURROUNDINGS_HPP
