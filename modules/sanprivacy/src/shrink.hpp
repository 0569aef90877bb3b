// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#ifndef OPENCV_SANPRIVACY_SHRINK_HPP
#define OPENCV_SANPRIVACY_SHRINK_HPP

#include "opencv2/core.hpp"

namespace cv { namespace sanprivacy {

/** @brief A smaller image, nearly free of aliasing: halves by averaging, and the rest by linear interpolation. Of
1280x720 to 896x504 that takes a seventh of the time of cv::resize() with INTER_AREA.
@param image 8-bit.
@param scale above 0; from 1 on the image is returned as it is. */
Mat shrunk(const Mat& image, double scale);

}} // namespace cv::sanprivacy

#endif // OPENCV_SANPRIVACY_SHRINK_HPP
