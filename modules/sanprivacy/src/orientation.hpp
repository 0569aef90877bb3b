// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#ifndef OPENCV_SANPRIVACY_ORIENTATION_HPP
#define OPENCV_SANPRIVACY_ORIENTATION_HPP

#include "face_row.hpp"

namespace cv { namespace sanprivacy {

//! An orientation is the number of quarter turns, clockwise, that bring a face upright.
const int ORIENTATIONS = 4;
int orientationOf(const Landmarks& landmarks);

//! The image turned clockwise by 0 to 3 quarters; by none, it is the same data.
Mat turnedClockwise(const Mat& image, int quarters);

//! Takes a face that was found in an image of the given size after it was turned to its place in the image itself.
void turnBack(FaceRow& face, int quarters, const Size& image);

}} // namespace cv::sanprivacy

#endif // OPENCV_SANPRIVACY_ORIENTATION_HPP
