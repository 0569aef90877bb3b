// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#include "common/color_profile.hpp"

#include <memory>

#include <lcms2.h>

namespace sanprivacy {

namespace {

struct Close
{
    void operator()(void* profile) const { cmsCloseProfile(profile); }
};
struct Delete
{
    void operator()(void* transform) const { cmsDeleteTransform(transform); }
    void operator()(cmsToneCurve* curve) const { cmsFreeToneCurve(curve); }
};
typedef std::unique_ptr<void, Close> Profile;
typedef std::unique_ptr<void, Delete> Transform;
typedef std::unique_ptr<cmsToneCurve, Delete> ToneCurve;

Profile sRgb(bool gray)
{
    if (!gray)
        return Profile(cmsCreate_sRGBProfile());
    const double srgb[] = { 2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045 }; // IEC 61966-2-1
    const int gamma_with_linear_start = 4;                                       // type of parametric curve
    const ToneCurve curve(cmsBuildParametricToneCurve(nullptr, gamma_with_linear_start, srgb));
    return Profile(cmsCreateGrayProfile(cmsD50_xyY(), curve.get()));
}

//! Every color, or gray, that is a multiple of 1/16.
cv::Mat lattice(int channels)
{
    const int steps = 17;
    cv::Mat colors(channels == 1 ? 1 : steps * steps, steps, CV_8UC(channels));
    for (int i = 0; i < colors.rows; ++i)
        for (int j = 0; j < steps; ++j)
        {
            const int index[] = { j, i % steps, i / steps };
            for (int k = 0; k < channels; ++k)
                colors.ptr(i)[j * channels + k] = uchar(std::min(16 * index[k], 255));
        }
    return colors;
}

cv::Mat transformed(const cv::Mat& pixels, cmsHPROFILE from)
{
    const bool gray = pixels.channels() == 1, deep = pixels.depth() == CV_16U;
    const cmsUInt32Number type = gray ? (deep ? TYPE_GRAY_16 : TYPE_GRAY_8) : deep ? TYPE_BGR_16 : TYPE_BGR_8;
    const Profile to = sRgb(gray);
    const Transform transform(
        cmsCreateTransform(from, type, to.get(), type, INTENT_RELATIVE_COLORIMETRIC, cmsFLAGS_BLACKPOINTCOMPENSATION));
    cv::Mat result = pixels.clone();
    for (int y = 0; transform && y < result.rows; ++y)
        cmsDoTransform(transform.get(), pixels.ptr(y), result.ptr(y), cmsUInt32Number(result.cols));
    return result;
}

void convert(cv::Mat& pixels, cmsHPROFILE from)
{
    const double rounding = 2; // of profiles that describe sRGB
    const cv::Mat colors = lattice(pixels.channels());
    if (cv::norm(transformed(colors, from), colors, cv::NORM_INF) > rounding)
        pixels = transformed(pixels, from);
}

} // namespace

void convertToSrgb(cv::Mat& pixels, const std::vector<unsigned char>& profile)
{
    if (profile.empty())
        return;
    const Profile from(cmsOpenProfileFromMem(profile.data(), cmsUInt32Number(profile.size())));
    const cmsColorSpaceSignature expected = pixels.channels() == 1 ? cmsSigGrayData : cmsSigRgbData;
    if (from && cmsGetColorSpace(from.get()) == expected)
        convert(pixels, from.get());
}

void convertAdobeRgbToSrgb(cv::Mat& pixels)
{
    if (pixels.channels() != 3)
        return;
    cmsCIExyY white = { 0.3127, 0.3290, 1 };
    cmsCIExyYTRIPLE primaries = { { 0.64, 0.33, 1 }, { 0.21, 0.71, 1 }, { 0.15, 0.06, 1 } };
    const double gamma = 563. / 256;
    const ToneCurve curve(cmsBuildGamma(nullptr, gamma));
    cmsToneCurve* const curves[] = { curve.get(), curve.get(), curve.get() };
    const Profile from(cmsCreateRGBProfile(&white, &primaries, curves));
    convert(pixels, from.get());
}

} // namespace sanprivacy
