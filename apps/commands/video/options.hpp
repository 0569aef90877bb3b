// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#ifndef SANPRIVACY_APPS_COMMANDS_VIDEO_OPTIONS_HPP
#define SANPRIVACY_APPS_COMMANDS_VIDEO_OPTIONS_HPP

#include "common/image_io.hpp"
#include "options/network_options.hpp"

#include <cmath>
#include <string>
#include <vector>

namespace sanprivacy { namespace apps {

//! The options of the command `video`.
struct VideoOptions
{
    std::vector<std::string> names; // inputs, then the output
    std::string label = "auto", prototype = "opposite", replacement = "san", low_confidence = "blur", no_face = "error";
    std::string exempt, matcher, log, raw;
    std::string from_text, to_text, pixel_aspect_text;
    cv::Size pixel_aspect;    // width and height of a pixel, in any unit; empty: as the video says
    double from = 0, to = -1; // seconds; a negative end is the video's
    double exempt_score = NAN;
    double interval = -1, look_ahead = -1, hold = -1, refresh_interval = -1; // seconds; negative: the default
    int quality = 18;
    size_t max_pixels = MAX_PIXELS;
    bool preview = false, boxes = false, resume = false;
    NetworkOptions networks;
};

// In the order of the enumerations of the module.
const std::vector<std::string> REPLACEMENTS = { "san", "blur", "pixelation", "solid" },
                               POLICIES = { "blur", "drop", "pass" },
                               PROTOTYPES = { "same", "neutral", "opposite",
                                   "random" }; // in the order of PrototypeChoice

}} // namespace sanprivacy::apps

#endif // SANPRIVACY_APPS_COMMANDS_VIDEO_OPTIONS_HPP
