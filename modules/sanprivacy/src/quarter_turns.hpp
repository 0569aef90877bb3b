// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#ifndef OPENCV_SANPRIVACY_QUARTER_TURNS_HPP
#define OPENCV_SANPRIVACY_QUARTER_TURNS_HPP

#include "opencv2/core.hpp"

namespace cv { namespace sanprivacy {

//! The image turned clockwise by 0 to 3 quarters; by none, it is the same data.
Mat turnedClockwise(const Mat& image, int quarterTurns);

//! Takes faces, rows of FaceDetector::detect(), found in an image of the given size after it was turned, to their places in the image itself.
void turnBack(Mat& faces, int quarterTurns, const Size& image);

}} // namespace cv::sanprivacy

#endif // OPENCV_SANPRIVACY_QUARTER_TURNS_HPP
