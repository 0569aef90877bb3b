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

//! The image rotated so that faces of an orientation are upright; of orientation 0 it is the same data.
Mat rotatedUpright(const Mat& image, int orientation);

//! Takes a face found in rotatedUpright() to its place in the image itself. @param image size of that.
void rotateBack(FaceRow& face, int orientation, const Size& image);

}} // namespace cv::sanprivacy

#endif // OPENCV_SANPRIVACY_ORIENTATION_HPP
