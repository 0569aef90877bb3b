// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#ifndef OPENCV_SANPRIVACY_SHADOWS_HPP
#define OPENCV_SANPRIVACY_SHADOWS_HPP

#include "opencv2/core.hpp"

namespace cv { namespace sanprivacy {

/** @brief For the detector, which misses faces darker than about a tenth of full range: a copy whose shadows are
brightened.

Levels are brightened by a logarithm. Bright parts keep some contrast, and the detector finds as many faces in them.
@param image 8-bit. */
Mat brightShadows(const Mat& image);

//! The same for an image of which a large part is that dark. Any other comes back as it is.
Mat withBrightShadows(const Mat& image);

/** @brief brightnessGain() without regard to a few bright pixels, such as a lamp or a hot pixel of the camera.
@param image 8-bit. */
int gainOfShadows(const Mat& image);

//! Whether most of an 8-bit image is that dark, apart from what is black.
bool isMostlyDark(const Mat& image);

}} // namespace cv::sanprivacy

#endif // OPENCV_SANPRIVACY_SHADOWS_HPP
