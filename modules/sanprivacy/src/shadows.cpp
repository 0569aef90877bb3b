// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#include "precomp.hpp"
#include "color_conversion.hpp"
#include "shadows.hpp"
#include "shrink.hpp"

#include <algorithm>
#include <cmath>

namespace cv { namespace sanprivacy {

namespace {

const int BLACK = 1, DARK = 25; // gray levels; what is black, such as bars beside the image, holds no face
const double DARK_SHARE = .25;  // of the image
const double CURVE = .2;        // the darkest levels become about 13 times as bright
const int SAMPLES = 160;        // along the long side

bool isDark(const Mat& image)
{
    Mat dark;
    const Mat gray = toGray(shrunk(image, SAMPLES / double(std::max(image.cols, image.rows))));
    inRange(gray, BLACK + 1, DARK, dark);
    return countNonZero(dark) >= DARK_SHARE * double(dark.total());
}

Mat makeCurve()
{
    const int levels = 256;
    const double full = levels - 1;
    Mat_<uchar> curve(1, levels);
    for (int level = 0; level < levels; ++level)
        curve(level) = saturate_cast<uchar>(full * std::log1p(CURVE * level) / std::log1p(CURVE * full));
    return curve;
}

} // namespace

Mat withBrightShadows(const Mat& image)
{
    static const Mat curve = makeCurve();
    Mat result = image;
    if (isDark(image))
    {
        result = Mat(); // the image itself stays as it is
        LUT(image, curve, result);
    }
    return result;
}

}} // namespace cv::sanprivacy
