// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#ifndef OPENCV_SANPRIVACY_SAMPLING_HPP
#define OPENCV_SANPRIVACY_SAMPLING_HPP

#include "opencv2/core.hpp"

namespace cv { namespace sanprivacy {

/** @brief Fills dst with src under an affine transform as cv::warpAffine() of OpenCV 4.6 does, at places of 1/32 pixel,
but without allocating.
@param src 8-bit, 16-bit or 32-bit float, one channel or three
@param dst allocated, of the type of src
@param transform takes pixels of src to pixels of dst
@param interpolation INTER_LINEAR; INTER_CUBIC of floats
@param border BORDER_REPLICATE, or BORDER_CONSTANT: 0 */
void sampleAffine(const Mat& src, Mat& dst, const Matx23d& transform, int interpolation, int border);

}} // namespace cv::sanprivacy

#endif // OPENCV_SANPRIVACY_SAMPLING_HPP
