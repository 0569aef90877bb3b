// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#ifndef SANPRIVACY_COMMON_COLOR_PROFILE_HPP
#define SANPRIVACY_COMMON_COLOR_PROFILE_HPP

#include "common/image_header.hpp"

#include <vector>

#include <opencv2/core.hpp>

namespace sanprivacy {

/** Converts pixels from the color space of an ICC profile to sRGB, which is what an image without a profile is taken
for.
@param pixels BGR or gray, 8-bit or 16-bit; untouched where the profile is sRGB. Gray gets the tone curve of sRGB.
@return false where the profile is of another kind of image (CMYK, gray for color), or cannot be read: it is passed
over, as viewers do. */
bool convertToSrgb(cv::Mat& pixels, const std::vector<unsigned char>& profile);

//! The same from a color space that is given by numbers.
bool convertToSrgb(cv::Mat& pixels, const ColorSpace& space);

} // namespace sanprivacy

#endif // SANPRIVACY_COMMON_COLOR_PROFILE_HPP
