// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#ifndef SANPRIVACY_APPS_COMMANDS_BENCH_VIDEO_HPP
#define SANPRIVACY_APPS_COMMANDS_BENCH_VIDEO_HPP

#include "commands/commands.hpp"
#include "common/image_io.hpp"
#include "options/network_options.hpp"

#include <string>

namespace sanprivacy { namespace apps {

struct BenchVideoOptions
{
    std::string photo;
    int frames = 32;
    size_t max_pixels = MAX_PIXELS;
    NetworkOptions networks;
};

//! Measures each step of `video` for frames of several sizes with 0 to 16 faces.
ExitCode benchVideo(const BenchVideoOptions& options);

}} // namespace sanprivacy::apps

#endif // SANPRIVACY_APPS_COMMANDS_BENCH_VIDEO_HPP
