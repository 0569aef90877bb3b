// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#ifndef OPENCV_SANPRIVACY_FACE_COVER_HPP
#define OPENCV_SANPRIVACY_FACE_COVER_HPP

#include "face_geometry.hpp"

namespace cv { namespace sanprivacy {

/** @brief Covers a head without a network.
@param source the frame as it was; 8-bit, 1 or 3 channels.
@param dst the frame that is changed, of the same size and type.
@param head what is covered.
@param replacement REPLACE_BLUR, REPLACE_PIXELATION or REPLACE_SOLID.
@param spared heads that are replaced otherwise and stay as dst has them. */
void coverHead(
    const Mat& source, Mat& dst, const HeadShape& head, int replacement, const std::vector<HeadShape>& spared);

//! Blurs a whole frame as strongly as a head of its size would be.
void coverFrame(const Mat& source, Mat& dst);

}} // namespace cv::sanprivacy

#endif // OPENCV_SANPRIVACY_FACE_COVER_HPP
