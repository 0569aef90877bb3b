// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#ifndef OPENCV_SANPRIVACY_COLOR_EVENING_HPP
#define OPENCV_SANPRIVACY_COLOR_EVENING_HPP

#include "opencv2/core.hpp"

namespace cv { namespace sanprivacy {

/** @brief Evens out the color of a face, see blendFace(): the color of lips and make-up is lost, luma stays.

With Y the luma and C = BGR - Y the chroma of a pixel, w the weight of an ellipse of the face, and M = sum w C / sum w
the face's own mean chroma, the change is s w min(1, |C|^2 / |M|^2) (M - C). The minimum leaves teeth, eyes and brows
alone: they have less chroma than skin.
@param crop canonical crop of any size, CV_32FC3, BGR
@param strength s, 0 to 1
@param change what is to be added to the crop, of its size and type */
void evenColor(const Mat& crop, double strength, Mat& change);

}} // namespace cv::sanprivacy

#endif // OPENCV_SANPRIVACY_COLOR_EVENING_HPP
