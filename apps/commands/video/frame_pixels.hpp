// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#ifndef SANPRIVACY_APPS_COMMANDS_VIDEO_FRAME_PIXELS_HPP
#define SANPRIVACY_APPS_COMMANDS_VIDEO_FRAME_PIXELS_HPP

#include <opencv2/core.hpp>
#include <opencv2/sanprivacy.hpp>

namespace sanprivacy { namespace apps {

const double SIXTEEN_OF_EIGHT_BITS = 257; //!< 255 becomes 65535

//! Draws the box of every face, with its track and state, into a BGR image of 8 or 16 bits.
void drawBoxes(cv::Mat& image, const cv::sanprivacy::StreamRecord& record);

/** The protected frame with the depth that the video has: where nothing was changed, as it was. What was changed has 8
bits, so that nothing of the face is left in the others. */
cv::Mat withDepth(const cv::Mat& result, const cv::Mat& deep);

}} // namespace sanprivacy::apps

#endif // SANPRIVACY_APPS_COMMANDS_VIDEO_FRAME_PIXELS_HPP
