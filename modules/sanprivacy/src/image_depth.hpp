// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#ifndef OPENCV_SANPRIVACY_IMAGE_DEPTH_HPP
#define OPENCV_SANPRIVACY_IMAGE_DEPTH_HPP

#include "opencv2/core.hpp"

namespace cv { namespace sanprivacy {

//! What is white in an image of that depth: 255, 65535, or 1 in floats.
inline double whiteLevel(int depth)
{
    return depth == CV_8U ? 255. : depth == CV_16U ? 65535. : 1.;
}

}} // namespace cv::sanprivacy

#endif // OPENCV_SANPRIVACY_IMAGE_DEPTH_HPP
