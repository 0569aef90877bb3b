// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

// The header of any file is read without an error, and quickly; a profile is never longer than what unpacks to 4 MiB or
// lies in the file.

#include "common/image_header.hpp"
#include "fuzzed_file.hpp"

#include <algorithm>

using namespace sanprivacy;

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size)
{
    const ImageHeader header = readImageHeader(Bytes(data, data + size));
    test::require(header.orientation >= 1 && header.orientation <= 8 && header.images >= 1);
    test::require(header.profile.size() <= std::max(size, size_t(4) << 20));
    test::require(header.alpha_position <= size && header.orientation_position <= size);
    return 0;
}
