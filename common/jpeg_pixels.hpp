// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#ifndef SANPRIVACY_COMMON_JPEG_PIXELS_HPP
#define SANPRIVACY_COMMON_JPEG_PIXELS_HPP

#include "common/image_header.hpp"

#include <opencv2/core.hpp>

namespace sanprivacy {

/** Decodes a JPEG image to gray or BGR, as cv::imdecode(), which prints libjpeg's warnings and hides that an image
lacks its end. Throws std::runtime_error where it lacks that, and where it cannot be decoded.
@param header of this file: an image of another size is not decoded
@param damaged whether a part of the image cannot be decoded; others, which can, may follow it */
cv::Mat decodeJpeg(const Bytes& content, const ImageHeader& header, bool& damaged);

} // namespace sanprivacy

#endif // SANPRIVACY_COMMON_JPEG_PIXELS_HPP
