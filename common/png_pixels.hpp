// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#ifndef SANPRIVACY_COMMON_PNG_PIXELS_HPP
#define SANPRIVACY_COMMON_PNG_PIXELS_HPP

#include "common/image_header.hpp"

#include <opencv2/core.hpp>

namespace sanprivacy {

/** Decodes a PNG image to gray, BGR or BGRA of 8 or 16 bits, as cv::imdecode() does, which prints what libpng finds
wrong. One transparent value of gray is not looked at. Throws std::runtime_error where the image is not whole.
@param header of this file: an image of another size is not decoded */
cv::Mat decodePng(const Bytes& content, const ImageHeader& header);

} // namespace sanprivacy

#endif // SANPRIVACY_COMMON_PNG_PIXELS_HPP
