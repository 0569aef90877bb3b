// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#ifndef SANPRIVACY_COMMON_JPEG_HEADER_HPP
#define SANPRIVACY_COMMON_JPEG_HEADER_HPP

#include "common/byte_view.hpp"
#include "common/image_header.hpp"

namespace sanprivacy {

//! Orientation and color space of Exif, which other formats hold, too.
void readExif(const ByteView& exif, ImageHeader& header);

//! The header of a JPEG file, and what follows its image.
void readJpeg(const ByteView& file, ImageHeader& header);

} // namespace sanprivacy

#endif // SANPRIVACY_COMMON_JPEG_HEADER_HPP
