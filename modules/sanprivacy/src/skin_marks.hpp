// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#ifndef OPENCV_SANPRIVACY_SKIN_MARKS_HPP
#define OPENCV_SANPRIVACY_SKIN_MARKS_HPP

#include "opencv2/core.hpp"

namespace cv { namespace sanprivacy {

/** @brief Weakens marks on smooth skin, see blendFace(): drops, lines and specks that would be seen there.

F(A), the fine part of A, is A minus its mean over a window of a sixth of the inter-ocular distance; E(A) is the mean of
F(A)^2 around a pixel. The fine part F(D) of the change is multiplied by min(1, sqrt(r / q)) with q = E(D) / (E(Y) + n).
A brow or a beard hides a change that smooth skin shows.
@param face canonical crop Y, one channel
@param white value of white in the face
@param change D, CV_32FC1, of its size and scale; changed in place */
void weakenMarks(const Mat& face, double white, Mat& change);

}} // namespace cv::sanprivacy

#endif // OPENCV_SANPRIVACY_SKIN_MARKS_HPP
