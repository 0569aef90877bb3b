// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#ifndef OPENCV_SANPRIVACY_COLOR_CONVERSION_HPP
#define OPENCV_SANPRIVACY_COLOR_CONVERSION_HPP

#include "opencv2/imgproc.hpp"

namespace cv { namespace sanprivacy {

//! An image in gray; one that is gray already is returned as it is, without a copy. @param image gray or BGR.
inline Mat toGray(const Mat& image)
{
    if (image.channels() == 1)
        return image;
    Mat gray;
    cvtColor(image, gray, COLOR_BGR2GRAY);
    return gray;
}

//! An image in BGR, likewise.
inline Mat toBgr(const Mat& image)
{
    if (image.channels() == 3)
        return image;
    Mat bgr;
    cvtColor(image, bgr, COLOR_GRAY2BGR);
    return bgr;
}

}} // namespace cv::sanprivacy

#endif // OPENCV_SANPRIVACY_COLOR_CONVERSION_HPP
