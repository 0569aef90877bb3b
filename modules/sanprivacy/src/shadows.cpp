// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#include "precomp.hpp"
#include "color_conversion.hpp"
#include "shadows.hpp"
#include "shrink.hpp"

#include "opencv2/sanprivacy/face_detector.hpp"

#include <algorithm>
#include <cmath>
#include <iterator>

namespace cv { namespace sanprivacy {

namespace {

const int BLACK = 1, DARK = 25, WHITE = 255; // gray levels; what is black, such as bars beside the image, holds no face
const double DARK_SHARE = .25;               // of the image
const double MOST = .5;                      // of what is not black
const double LEAST_DARK = .04;               // of the image
const double LAMPLESS = .95;                 // of what is not 0; what is brighter are lamps and hot pixels
const double CURVE = .2;                     // the darkest levels become about 13 times as bright
const int SAMPLES = 160;                     // along the long side

//! Numbers of pixels of a small copy: all, those that are not black, and of these those that are dark.
struct Levels
{
    int all, not_black, dark;
};

Mat smallGray(const Mat& image)
{
    return toGray(shrunk(image, SAMPLES / double(std::max(image.cols, image.rows))));
}

Levels levelsOf(const Mat& image)
{
    Mat mask;
    const Mat gray = smallGray(image);
    Levels levels;
    levels.all = int(gray.total());
    inRange(gray, BLACK + 1, WHITE, mask);
    levels.not_black = countNonZero(mask);
    inRange(gray, BLACK + 1, DARK, mask);
    levels.dark = countNonZero(mask);
    return levels;
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

bool isMostlyDark(const Mat& image)
{
    const Levels levels = levelsOf(image);
    return levels.dark >= std::max(MOST * levels.not_black, LEAST_DARK * levels.all);
}

int gainOfShadows(const Mat& image)
{
    const Mat gray = smallGray(image);
    std::vector<uchar> levels;
    std::copy_if(
        gray.begin<uchar>(), gray.end<uchar>(), std::back_inserter(levels), [](uchar level) { return level > 0; });
    if (levels.empty())
        return 1;
    const auto most = levels.begin() + int(LAMPLESS * double(levels.size() - 1));
    std::nth_element(levels.begin(), most, levels.end());
    return brightnessGain(Mat(1, 1, CV_8U, Scalar(*most)));
}

Mat brightShadows(const Mat& image)
{
    static const Mat curve = makeCurve();
    Mat result;
    LUT(image, curve, result);
    return result;
}

Mat withBrightShadows(const Mat& image)
{
    const Levels levels = levelsOf(image);
    return levels.dark >= DARK_SHARE * levels.all ? brightShadows(image) : image;
}

}} // namespace cv::sanprivacy
