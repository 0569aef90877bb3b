// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#include "loop/archive_check.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include <zlib.h>

namespace sanprivacy { namespace train {

namespace {

typedef std::vector<unsigned char> Bytes;

//! A number in little-endian order; the largest one where the archive ends before.
uint32_t number(const Bytes& archive, size_t offset, size_t bytes)
{
    if (offset > archive.size() || archive.size() - offset < bytes)
        return UINT32_MAX;
    uint32_t value = 0;
    for (size_t i = bytes; i > 0; --i)
        value = value << 8 | archive[offset + i - 1];
    return value;
}

} // namespace

// The names of fields are those of PKWARE's APPNOTE.TXT, section 4.3.
std::string damagedEntry(const Bytes& archive)
{
    const unsigned char end_signature[] = { 'P', 'K', 5, 6 };
    const uint32_t central_signature = 0x02014B50, stored = 0;
    const auto end = std::find_end(archive.begin(), archive.end(), std::begin(end_signature), std::end(end_signature));
    const size_t end_record = size_t(end - archive.begin());
    size_t header = number(archive, end_record + 16, 4); // of the first entry of the central directory
    for (; number(archive, header, 4) == central_signature;)
    {
        const size_t name = number(archive, header + 28, 2), extra = number(archive, header + 30, 2),
                     comment = number(archive, header + 32, 2), size = number(archive, header + 20, 4),
                     local = number(archive, header + 42, 4);
        const uint32_t expected = number(archive, header + 16, 4);
        const size_t content = local + 30 + number(archive, local + 26, 2) + number(archive, local + 28, 2);
        const bool inside =
            content <= archive.size() && size <= archive.size() - content && header + 46 + name <= archive.size();
        if (inside && expected != 0 && number(archive, header + 10, 2) == stored
            && crc32(0, archive.data() + content, uInt(size)) != expected)
            return std::string(
                archive.begin() + std::ptrdiff_t(header + 46), archive.begin() + std::ptrdiff_t(header + 46 + name));
        header += 46 + name + extra + comment;
    }
    return "";
}

}} // namespace sanprivacy::train
