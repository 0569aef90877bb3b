// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#ifndef SANPRIVACY_APPS_MEDIA_STREAM_DESCRIPTION_HPP
#define SANPRIVACY_APPS_MEDIA_STREAM_DESCRIPTION_HPP

#include "media/color_tags.hpp"

#include <string>

#include <opencv2/core.hpp>

namespace sanprivacy { namespace apps {

//! What ffmpeg tells of a video stream while it reads it. What is missing has its usual value.
struct StreamDescription
{
    double rate = 0;                       //!< frames per second; 0: not known
    cv::Size pixel_shape = cv::Size(1, 1); //!< width and height of a pixel, in any unit
    ColorTags color;                       //!< as tagged; empty where a tag is missing
    std::string field_order;               //!< of an interlaced video "tff" or "bff"; else empty
    int rotation = 0; //!< degrees, clockwise, by which its images are to be turned: 0, 90, 180, 270

    /** Reads the first video in ffmpeg's messages ("Stream #0:0: Video: h264 (High), yuv420p(tv, bt709), 720x576 [SAR
    16:11 DAR 20:11], 25 fps"). */
    static StreamDescription parse(const std::string& messages);
};

}} // namespace sanprivacy::apps

#endif // SANPRIVACY_APPS_MEDIA_STREAM_DESCRIPTION_HPP
