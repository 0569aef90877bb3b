// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#ifndef SANPRIVACY_APPS_MEDIA_COLOR_TAGS_HPP
#define SANPRIVACY_APPS_MEDIA_COLOR_TAGS_HPP

#include <string>

#include <opencv2/core.hpp>

namespace sanprivacy { namespace apps {

//! How the numbers of a video stand for colors (ITU-T H.273), in the words of ffmpeg; empty: not tagged.
struct ColorTags
{
    std::string matrix;    //!< from RGB to luma and chroma: "bt709", "smpte170m", "bt2020nc" ...
    std::string primaries; //!< "bt709", "bt2020" ...
    std::string transfer;  //!< "bt709", "smpte2084" (PQ), "arib-std-b67" (HLG) ...
    std::string range;     //!< "tv" (16 to 235) or "pc" (0 to 255)

    bool highDynamicRange() const { return transfer == "smpte2084" || transfer == "arib-std-b67"; }
};

//! The tags that players assume where there are none: by size, BT.601 or BT.709, and limited range.
ColorTags usualTags(const cv::Size& size);

//! Those of the video, with a matrix and a range as players assume them where they are missing.
ColorTags completed(const ColorTags& tags, const cv::Size& size);

//! A matrix in the words of ffmpeg's filter `scale`.
std::string matrixOfScale(const ColorTags& tags);

}} // namespace sanprivacy::apps

#endif // SANPRIVACY_APPS_MEDIA_COLOR_TAGS_HPP
