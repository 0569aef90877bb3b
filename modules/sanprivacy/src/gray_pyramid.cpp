// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#include "precomp.hpp"
#include "color_conversion.hpp"
#include "gray_pyramid.hpp"

#include <algorithm>

namespace cv { namespace sanprivacy {

namespace {

const int SMALLEST = 64; // long side of the last level, pixels

} // namespace

GrayPyramid::GrayPyramid(const Mat& image) : levels(1, toGray(image))
{
    while (std::min(levels.back().cols, levels.back().rows) > 1
           && std::max(levels.back().cols, levels.back().rows) > SMALLEST)
    {
        Mat half;
        pyrDown(levels.back(), half);
        levels.push_back(half);
    }
}

void GrayPyramid::warp(Mat& dst, const Similarity& transform) const
{
    size_t level = 0;
    Similarity fromLevel = transform;
    for (; fromLevel.scale() <= .5 && level + 1 < levels.size(); ++level)
        fromLevel.a *= 2;
    warpSimilarity(levels[level], dst, fromLevel, INTER_LINEAR, BORDER_REPLICATE);
}

}} // namespace cv::sanprivacy
