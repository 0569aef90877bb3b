// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#include "media/color_tags.hpp"

#include <map>

namespace sanprivacy { namespace apps {

namespace {

//! Matrices that ffmpeg's filter `scale` knows, by their tags.
const std::map<std::string, std::string> MATRICES = { { "bt709", "bt709" }, { "fcc", "fcc" }, { "bt470bg", "bt470" },
    { "smpte170m", "smpte170m" }, { "smpte240m", "smpte240m" }, { "bt2020nc", "bt2020" }, { "bt2020c", "bt2020" } };

} // namespace

ColorTags usualTags(const cv::Size& size)
{
    const int pal_height = 576, hd_width = 1280;
    const bool hd = size.width >= hd_width || size.height > pal_height;
    ColorTags tags;
    tags.matrix = hd ? "bt709" : size.height == pal_height ? "bt470bg" : "smpte170m";
    tags.range = "tv";
    return tags;
}

ColorTags completed(const ColorTags& tags, const cv::Size& size)
{
    ColorTags result = tags;
    const ColorTags usual = usualTags(size);
    if (MATRICES.count(tags.matrix) == 0)
        result.matrix = tags.primaries == "bt2020" ? "bt2020nc" : usual.matrix;
    if (tags.range.empty())
        result.range = usual.range;
    return result;
}

std::string matrixOfScale(const ColorTags& tags)
{
    return MATRICES.at(tags.matrix);
}

}} // namespace sanprivacy::apps
