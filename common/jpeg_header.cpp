// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#include "common/jpeg_header.hpp"

#include <algorithm>
#include <cstring>
#include <map>

namespace sanprivacy {

namespace {

const unsigned ORIENTATION = 274, EXIF_DIRECTORY = 0x8769, COLOR_SPACE = 0xA001, INTEROPERABILITY_DIRECTORY = 0xA005,
               INTEROPERABILITY_INDEX = 1;

//! Where a JPEG image ends, of which a scan begins at a position.
size_t endOfJpeg(const ByteView& file, size_t position)
{
    while (position + 1 < file.size())
    {
        const void* found = std::memchr(file.data() + position, 0xFF, file.size() - 1 - position);
        if (!found)
            break;
        position = size_t(static_cast<const unsigned char*>(found) - file.data());
        const unsigned marker = unsigned(file.number(position + 1, 1));
        if (marker == 0xD9)
            return position + 2;
        const bool alone = marker <= 0x01 || (marker >= 0xD0 && marker <= 0xD7);
        position += marker == 0xFF ? 1 : alone ? 2 : 2 + file.u16(position + 2);
    }
    return file.size();
}

//! Names what is no ordinary JPEG, which decoders read.
std::string jpegFormat(unsigned frame_marker, unsigned bits)
{
    const unsigned baseline = 0xC0, progressive = 0xC2, arithmetic = 0xC9, arithmetic_progressive = 0xCA, ls = 0xF7;
    if (frame_marker == ls)
        return "JPEG-LS";
    const bool usual = (frame_marker >= baseline && frame_marker <= progressive) || frame_marker == arithmetic
                       || frame_marker == arithmetic_progressive;
    return !usual ? "lossless JPEG" : bits != 8 ? "JPEG of 12 bits" : "JPEG";
}

//! Notes what follows an image in its file.
void readBehindJpeg(const ByteView& rest, ImageHeader& header)
{
    const std::string image = "\xFF\xD8\xFF", video = "ftyp";
    const unsigned char* const end = rest.data() + rest.size();
    const auto video_at = std::search(rest.data(), end, video.begin(), video.end());
    const auto same = [](unsigned char a, char b) { return a == static_cast<unsigned char>(b); };
    header.video = video_at != end;
    header.further_image = std::search(rest.data(), video_at, image.begin(), image.end(), same) != video_at;
}

} // namespace

void readExif(const ByteView& exif, ImageHeader& header)
{
    const size_t start = exif.holds(0, std::string("Exif\0\0", 6)) ? 6 : 0; // PNG and some WebP files leave this out
    const ByteView content = exif.sub(start, exif.size());
    const ByteView file(content.data(), content.size(), content.holds(0, "M"));
    if (!file.holds(0, std::string("II*\0", 4)) && !file.holds(0, std::string("MM\0*", 4)))
        return;
    const TiffDirectory first(file, false, file.u32(4));
    const int orientation = int(first.value(ORIENTATION, 1));
    if (orientation >= 1 && orientation <= 8)
        header.orientation = orientation;
    const TiffDirectory more(file, false, first.value(EXIF_DIRECTORY, 0));
    const TiffDirectory rules(file, false, more.value(INTEROPERABILITY_DIRECTORY, 0));
    if (more.value(COLOR_SPACE, 1) != 1 && rules.values(INTEROPERABILITY_INDEX).holds(0, "R03"))
        header.color_space = { 563. / 256, { .3127, .3290, .64, .33, .21, .71, .15, .06 } }; // Adobe RGB (1998)
}

void readJpeg(const ByteView& file, ImageHeader& header)
{
    header.format = "JPEG";
    std::map<unsigned, Bytes> profile_parts;
    bool exif_seen = false;
    for (size_t position = 2; position + 4 <= file.size();)
    {
        if (file.number(position, 1) != 0xFF)
            break;
        const unsigned marker = unsigned(file.number(position + 1, 1));
        if (marker == 0xFF) // fills up
        {
            ++position;
            continue;
        }
        if (marker == 0x01 || (marker >= 0xD0 && marker <= 0xD8))
        {
            position += 2;
            continue;
        }
        const unsigned end_of_image = 0xD9, start_of_scan = 0xDA;
        if (marker == end_of_image)
            break;
        if (marker == start_of_scan)
        {
            const size_t end = endOfJpeg(file, position + 2 + file.u16(position + 2));
            readBehindJpeg(file.sub(end, file.size()), header);
            break;
        }
        const size_t length = file.u16(position + 2);
        const ByteView segment = file.sub(position + 4, length < 2 ? 0 : length - 2);
        const unsigned jpeg_ls = 0xF7;
        const bool frame = (marker >= 0xC0 && marker <= 0xCF && marker != 0xC4 && marker != 0xC8 && marker != 0xCC)
                           || marker == jpeg_ls;
        if (frame)
        {
            header.format = jpegFormat(marker, unsigned(segment.number(0, 1)));
            header.height = segment.u16(1);
            header.width = segment.u16(3);
            header.cmyk = segment.number(5, 1) == 4;
        }
        else if (marker == 0xE1 && segment.holds(0, "Exif") && !exif_seen) // viewers heed the first
        {
            exif_seen = true;
            readExif(segment, header);
        }
        else if (marker == 0xE2 && segment.holds(0, std::string("ICC_PROFILE\0", 12)))
            profile_parts[unsigned(segment.number(12, 1))] = segment.sub(14, segment.size()).bytes();
        position += 2 + std::max<size_t>(length, 2);
    }
    for (const auto& part : profile_parts)
        header.profile.insert(header.profile.end(), part.second.begin(), part.second.end());
}

} // namespace sanprivacy
