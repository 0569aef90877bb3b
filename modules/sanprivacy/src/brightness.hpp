// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#ifndef OPENCV_SANPRIVACY_BRIGHTNESS_HPP
#define OPENCV_SANPRIVACY_BRIGHTNESS_HPP

#include "opencv2/core.hpp"

namespace cv { namespace sanprivacy {

//! A copy of an image, multiplied by brightnessGain(); the image itself where that is 1.
Mat brightened(const Mat& image, int gain);

}} // namespace cv::sanprivacy

#endif // OPENCV_SANPRIVACY_BRIGHTNESS_HPP
