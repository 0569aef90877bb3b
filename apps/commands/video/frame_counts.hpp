// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#ifndef SANPRIVACY_APPS_COMMANDS_VIDEO_FRAME_COUNTS_HPP
#define SANPRIVACY_APPS_COMMANDS_VIDEO_FRAME_COUNTS_HPP

#include <cstddef>
#include <string>

#include <opencv2/sanprivacy.hpp>

namespace sanprivacy { namespace apps {

//! What was done to the frames of a run.
struct FrameCounts
{
    size_t frames = 0, faces = 0, held = 0, blurred = 0, none = 0, withheld = 0, errors = 0, dropped = 0;
    // That is looked for, pixels, in the frames where it is largest.
    int smallest_face = 0, smallest_face_in_transparency = 0;
    std::string error; // the first one

    void add(const cv::sanprivacy::StreamRecord& record);
    FrameCounts& operator+=(const FrameCounts& other);
};

}} // namespace sanprivacy::apps

#endif // SANPRIVACY_APPS_COMMANDS_VIDEO_FRAME_COUNTS_HPP
