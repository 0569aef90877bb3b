// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#include "common/color_profile.hpp"

#include <memory>

#include <lcms2.h>

#include <opencv2/imgproc.hpp>

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

ToneCurve srgbCurve()
{
    const double srgb[] = { 2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045 }; // IEC 61966-2-1
    const int gamma_with_linear_start = 4;                                       // type of parametric curve
    return ToneCurve(cmsBuildParametricToneCurve(nullptr, gamma_with_linear_start, srgb));
}

Profile sRgb(bool gray)
{
    if (!gray)
        return Profile(cmsCreate_sRGBProfile());
    return Profile(cmsCreateGrayProfile(cmsD50_xyY(), srgbCurve().get()));
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

//! The pixels in sRGB; nothing where the profile cannot be used.
cv::Mat transformed(const cv::Mat& pixels, cmsHPROFILE from)
{
    const bool gray = pixels.channels() == 1, deep = pixels.depth() == CV_16U;
    const cmsUInt32Number type = gray ? (deep ? TYPE_GRAY_16 : TYPE_GRAY_8) : deep ? TYPE_BGR_16 : TYPE_BGR_8;
    const Profile to = sRgb(gray);
    const Transform transform(
        cmsCreateTransform(from, type, to.get(), type, INTENT_RELATIVE_COLORIMETRIC, cmsFLAGS_BLACKPOINTCOMPENSATION));
    if (!transform)
        return cv::Mat();
    cv::Mat result = pixels.clone();
    for (int y = 0; y < result.rows; ++y)
        cmsDoTransform(transform.get(), pixels.ptr(y), result.ptr(y), cmsUInt32Number(result.cols));
    return result;
}

bool convert(cv::Mat& pixels, cmsHPROFILE from)
{
    const double rounding = 2; // of profiles that describe sRGB
    const cv::Mat colors = lattice(pixels.channels()), converted = transformed(colors, from);
    if (converted.empty())
        return false;
    if (cv::norm(converted, colors, cv::NORM_INF) > rounding)
        pixels = transformed(pixels, from);
    return true;
}

//! Gray, too, may have a profile of colors.
bool convertFromColors(cv::Mat& pixels, cmsHPROFILE from)
{
    if (pixels.channels() != 1)
        return convert(pixels, from);
    cv::Mat colors;
    cv::cvtColor(pixels, colors, cv::COLOR_GRAY2BGR);
    const bool done = convert(colors, from);
    cv::extractChannel(colors, pixels, 1);
    return done;
}

} // namespace

bool convertToSrgb(cv::Mat& pixels, const std::vector<unsigned char>& profile)
{
    const Profile from(cmsOpenProfileFromMem(profile.data(), cmsUInt32Number(profile.size())));
    const cmsColorSpaceSignature colors = from ? cmsGetColorSpace(from.get()) : cmsSigNamedData;
    if (colors == cmsSigRgbData)
        return convertFromColors(pixels, from.get());
    return colors == cmsSigGrayData && pixels.channels() == 1 && convert(pixels, from.get());
}

bool convertToSrgb(cv::Mat& pixels, const ColorSpace& space)
{
    const auto& xy = space.xy;
    const cmsCIExyY white = { xy[0], xy[1], 1 };
    const cmsCIExyYTRIPLE primaries = { { xy[2], xy[3], 1 }, { xy[4], xy[5], 1 }, { xy[6], xy[7], 1 } };
    const ToneCurve curve = space.gamma > 0 ? ToneCurve(cmsBuildGamma(nullptr, space.gamma)) : srgbCurve();
    cmsToneCurve* const curves[] = { curve.get(), curve.get(), curve.get() };
    const Profile from(curve ? cmsCreateRGBProfile(&white, &primaries, curves) : nullptr);
    return from && convertFromColors(pixels, from.get());
}

} // namespace sanprivacy
