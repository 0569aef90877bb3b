// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

// A JPEG or PNG file is decoded, or refused with std::runtime_error; libjpeg and libpng jump over our code where they
// find an error.

#include "common/jpeg_pixels.hpp"
#include "common/png_pixels.hpp"
#include "fuzzed_file.hpp"

#include <stdexcept>

using namespace sanprivacy;

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size)
{
    const Bytes content(data, data + size);
    const ImageHeader header = readImageHeader(content);
    const uint64_t most = 1 << 9; // as readImage() has a limit
    if (header.width > most || header.height > most)
        return 0;
    try
    {
        bool damaged = false;
        if (header.format == "JPEG")
            test::require(!decodeJpeg(content, header, damaged).empty());
        if (header.format == "PNG")
            test::require(!decodePng(content, header).empty());
    }
    catch (const std::runtime_error&)
    {
    }
    return 0;
}
