// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#include "common/image_header.hpp"

#include "common/byte_view.hpp"
#include "common/jpeg_header.hpp"

#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <map>
#include <set>

#include <zlib.h>

namespace sanprivacy {

namespace {

const unsigned SUBFILE_TYPE = 254, WIDTH = 256, HEIGHT = 257, BITS = 258, COMPRESSION = 259, PHOTOMETRIC = 262,
               ORIENTATION = 274, SAMPLES = 277, PLANAR_CONFIGURATION = 284, EXTRA_SAMPLES = 338, SAMPLE_FORMAT = 339,
               ICC_PROFILE = 34675;
const char* const RAW = "raw image of a camera";

//! What zlib has packed; nothing where that is damaged, or larger than any profile.
Bytes unpacked(const ByteView& packed)
{
    const uLongf largest = uLongf(std::min(size_t(4) << 20, packed.size() * 1032)); // to which zlib can unpack
    Bytes result(largest);
    uLongf size = largest;
    if (uncompress(result.data(), &size, packed.data(), uLong(packed.size())) != Z_OK)
        size = 0;
    result.resize(size);
    return result;
}

//! The chunk cICP: code points of ITU-T H.273. Those that no image is made with give a space without colors.
void readCodePoints(const ByteView& chunk, ImageHeader& header)
{
    static const std::map<unsigned, std::array<double, 8>> primaries = {
        { 1, { .3127, .3290, .64, .33, .30, .60, .15, .06 } },      // BT.709, sRGB
        { 5, { .3127, .3290, .64, .33, .29, .60, .15, .06 } },      // BT.601, 625 lines
        { 6, { .3127, .3290, .63, .34, .31, .595, .155, .07 } },    // BT.601, 525 lines
        { 9, { .3127, .3290, .708, .292, .17, .797, .131, .046 } }, // BT.2020
        { 12, { .3127, .3290, .68, .32, .265, .69, .15, .06 } },    // Display P3
    };
    static const std::map<unsigned, double> gammas = { { 1, 0 }, { 4, 2.2 }, { 5, 2.8 }, { 6, 0 }, { 8, 1 }, { 13, 0 },
        { 14, 0 }, { 15, 0 } }; // 0: as of sRGB (13), those of cameras, too
    const unsigned pq = 16, hlg = 18, unspecified = 2, curve = unsigned(chunk.number(1, 1));
    const auto found = primaries.find(unsigned(chunk.number(0, 1)));
    const auto gamma = gammas.find(curve);
    header.high_dynamic_range = curve == pq || curve == hlg;
    header.color_space.reset();
    if (found != primaries.end() && gamma != gammas.end())
        header.color_space = { gamma->second, found->second };
    else if (curve != unspecified)
        header.color_space = { 0, {} };
}

//! The chunks gAMA and cHRM. Nearly the gamma of sRGB means its curve.
void readGammaAndPrimaries(const ByteView& gamma, const ByteView& primaries, ImageHeader& header)
{
    const double unit = 1e5, srgb = 1 / 2.2, tolerated = .01, least = .1, most = 10; // others are a mistake
    ColorSpace space;
    const double exponent = gamma.u32(0) / unit;
    if (exponent >= least && exponent <= most && std::abs(exponent - srgb) > tolerated)
        space.gamma = 1 / exponent;
    for (size_t k = 0; primaries.size() > 0 && k < space.xy.size(); ++k)
        space.xy[k] = primaries.u32(4 * k) / unit;
    header.color_space = space;
}

void readPng(const ByteView& file, ImageHeader& header)
{
    header.format = "PNG";
    ByteView gamma = file.sub(0, 0), primaries = gamma;
    bool color_known = false, code_points = false, gray = false;
    for (size_t position = 8; position + 12 <= file.size();)
    {
        const uint64_t length = file.u32(position);
        const ByteView chunk = file.sub(position + 8, length);
        const std::string kind = file.text(position + 4, 4);
        if (kind == "IHDR")
        {
            header.width = chunk.u32(0);
            header.height = chunk.u32(4);
            header.bits = int(chunk.number(8, 1));
            gray = chunk.number(9, 1) == 0;
        }
        else if (kind == "tRNS" && gray && chunk.size() >= 2)
            header.transparent_gray = chunk.u16(0);
        else if (kind == "cICP" || kind == "sRGB") // these take precedence over gAMA and cHRM
        {
            color_known = true;
            if (kind == "cICP")
            {
                code_points = true;
                readCodePoints(chunk, header);
            }
        }
        else if (kind == "gAMA")
            gamma = chunk;
        else if (kind == "cHRM")
            primaries = chunk;
        else if (kind == "acTL")
            header.images = std::max<size_t>(chunk.u32(0), 1);
        else if (kind == "iCCP" && header.profile.empty())
        {
            const std::string name = chunk.text(0, 80);
            const size_t end = name.find('\0');
            if (end != std::string::npos)
                header.profile = unpacked(chunk.sub(end + 2, chunk.size()));
        }
        else if (kind == "eXIf")
            readExif(chunk, header);
        position += size_t(length) + 12;
    }
    if (code_points) // these take precedence over a profile, too
        header.profile.clear();
    if (!color_known && gamma.size() + primaries.size() > 0)
        readGammaAndPrimaries(gamma, primaries, header);
}

void readWebP(const ByteView& big_endian, ImageHeader& header)
{
    header.format = "WebP";
    const ByteView file(big_endian.data(), big_endian.size(), false);
    size_t frames = 0;
    for (size_t position = 12; position + 8 <= file.size();)
    {
        const uint64_t length = file.u32(position + 4);
        const ByteView chunk = file.sub(position + 8, length);
        const std::string kind = file.text(position, 4);
        if (kind == "VP8X")
        {
            header.width = chunk.number(4, 3) + 1;
            header.height = chunk.number(7, 3) + 1;
        }
        else if (kind == "VP8 " && header.width == 0)
        {
            header.width = chunk.u16(6) & 0x3FFF;
            header.height = chunk.u16(8) & 0x3FFF;
        }
        else if (kind == "VP8L" && header.width == 0)
        {
            header.width = (chunk.u32(1) & 0x3FFF) + 1;
            header.height = (chunk.u32(1) >> 14 & 0x3FFF) + 1;
        }
        else if (kind == "ANMF")
            ++frames;
        else if (kind == "ICCP")
            header.profile = chunk.bytes();
        else if (kind == "EXIF")
            readExif(chunk, header);
        position += 8 + size_t(length) + length % 2;
    }
    header.images = std::max<size_t>(frames, 1);
}

void readTiff(const ByteView& file, ImageHeader& header)
{
    header.format = "TIFF";
    header.big_endian = file.bigEndian();
    const bool big = file.u16(2) == 43;
    const TiffDirectory page(file, big, big ? file.number(8, 8) : file.u32(4));
    header.width = page.value(WIDTH, 0);
    header.height = page.value(HEIGHT, 0);
    header.bits = int(page.value(BITS, 1));
    const uint64_t floating_point = 3;
    if (page.value(SAMPLE_FORMAT, 1) == floating_point)
        header.format = "TIFF of floating-point numbers";
    const uint64_t reduced = 1; // a smaller copy
    header.begins_with_copy = (page.value(SUBFILE_TYPE, 0) & reduced) != 0;
    header.photometric = int(page.value(PHOTOMETRIC, 2));
    header.cmyk = header.photometric == 5;
    header.channels = page.value(SAMPLES, 1);
    header.compression = page.value(COMPRESSION, 1);
    header.planes = page.value(PLANAR_CONFIGURATION, 1) == 2;
    const uint64_t orientation = page.value(ORIENTATION, 1);
    header.orientation = orientation >= 1 && orientation <= 8 ? int(orientation) : 1;
    header.orientation_position = page.position(ORIENTATION);
    header.profile = page.values(ICC_PROFILE).bytes();
    const uint64_t extra = page.value(EXTRA_SAMPLES, 0), colors = header.photometric == 2  ? 3
                                                                  : header.photometric < 2 ? 1
                                                                                           : 0;
    if (header.channels == colors + 1 && (extra == 1 || extra == 2))
    {
        header.alpha = extra == 1 ? ImageHeader::ASSOCIATED : ImageHeader::STRAIGHT;
        header.alpha_position = page.position(EXTRA_SAMPLES);
    }
    std::set<uint64_t> seen;
    const size_t most = 1000; // smaller copies and pages that are looked at
    for (uint64_t next = page.next(); next != 0 && seen.size() < most && seen.insert(next).second;)
    {
        const TiffDirectory other(file, big, next);
        if (!other.valid())
            break;
        header.images += (other.value(SUBFILE_TYPE, 0) & reduced) == 0;
        next = other.next();
    }
}

void setJpeg2000Bits(uint64_t sign_and_bits, ImageHeader& header)
{
    header.bits = int(sign_and_bits & 0x7F) + 1;
    header.largest = header.bits < 32 ? (uint64_t(1) << header.bits) - 1 : 0;
}

//! JPEG 2000: a bare code stream, or boxes around one.
void readJpeg2000(const ByteView& file, ImageHeader& header)
{
    header.format = "JPEG 2000";
    const std::string stream_head("\xFF\x4F\xFF\x51", 4);
    if (file.holds(0, stream_head)) // size on the reference grid, less the offset of the image
    {
        header.width = file.u32(8) - uint64_t(file.u32(16));
        header.height = file.u32(12) - uint64_t(file.u32(20));
        setJpeg2000Bits(file.number(42, 1), header);
        return;
    }
    std::vector<ByteView> boxes = { file };
    while (!boxes.empty())
    {
        const ByteView parent = boxes.back();
        boxes.pop_back();
        for (size_t position = 0; position + 8 <= parent.size();)
        {
            const uint64_t length = parent.u32(position), head = length == 1 ? 16 : 8;
            const uint64_t size = length == 1   ? parent.number(position + 8, 8)
                                  : length == 0 ? parent.size() - position
                                                : length;
            if (size < head || size > parent.size() - position)
                break;
            const std::string kind = parent.text(position + 4, 4);
            const ByteView box = parent.sub(position + size_t(head), size - head);
            if (kind == "jp2h")
                boxes.push_back(box);
            else if (kind == "ihdr")
            {
                header.height = box.u32(0);
                header.width = box.u32(4);
                setJpeg2000Bits(box.number(10, 1), header);
            }
            else if (kind == "colr" && box.number(0, 1) == 2 && header.profile.empty()) // a profile lies in it
                header.profile = box.sub(3, box.size()).bytes();
            position += size_t(size);
        }
    }
}

void readBmp(const ByteView& big_endian, ImageHeader& header)
{
    header.format = "BMP";
    const ByteView file(big_endian.data(), big_endian.size(), false);
    const bool old = file.u32(14) == 12;
    header.width = old ? file.u16(18) : uint64_t(std::abs(int64_t(int32_t(file.u32(18)))));
    header.height = old ? file.u16(20) : uint64_t(std::abs(int64_t(int32_t(file.u32(22)))));
    const bool compressed = !old && file.u32(30) != 0;
    const uint64_t row = (header.width * file.u16(old ? 24 : 28) + 31) / 32 * 4;
    if (!compressed && header.height < 1u << 31)
        header.stored_bytes = row * header.height;
}

//! Portable bitmaps: numbers as text, with comments between them. Images may follow one another.
void readPnm(const ByteView& file, ImageHeader& header)
{
    header.format = "PNM";
    const std::string text = file.text(2, 4096);
    std::vector<std::string> words;
    std::vector<size_t> ends; // of the words, in the file
    for (size_t i = 0; i < text.size() && words.size() < 3; ++i)
    {
        if (text[i] == '#')
            i = std::min(text.find('\n', i), text.size());
        else if (!std::isspace(static_cast<unsigned char>(text[i])))
        {
            const size_t begin = i;
            while (i < text.size() && !std::isspace(static_cast<unsigned char>(text[i])))
                ++i;
            words.push_back(text.substr(begin, i - begin));
            ends.push_back(2 + i);
        }
    }
    const auto number = [&](size_t k) { return k < words.size() ? std::strtoull(words[k].c_str(), nullptr, 10) : 0; };
    header.width = number(0);
    header.height = number(1);
    const bool gray_or_color = file.holds(0, "P5") || file.holds(0, "P6");
    if (gray_or_color)
        header.largest = number(2);
    if ((gray_or_color || file.holds(0, "P2") || file.holds(0, "P3")) && number(2) > 255)
        header.bits = 16;
    const uint64_t most = uint64_t(1) << 31; // so that nothing overflows
    if (gray_or_color && header.width < most && header.height < most / 6)
        header.stored_bytes = header.width * header.height * (file.holds(0, "P6") ? 3 : 1) * (header.bits > 8 ? 2 : 1);
    if (file.holds(0, "P4") && header.width < most && header.height < most)
        header.stored_bytes = (header.width + 7) / 8 * header.height;
    const size_t numbers = file.holds(0, "P4") ? 2 : 3; // before the pixels
    if (header.stored_bytes > 0 && ends.size() >= numbers)
    {
        const size_t next = ends[numbers - 1] + 1 + size_t(header.stored_bytes);
        header.images += file.holds(next, file.text(0, 2));
    }
}

//! Formats of the ISO media file, as phones write them.
std::string isoFormat(const ByteView& file)
{
    const std::string brand = file.text(8, 4);
    if (brand == "avif" || brand == "avis")
        return "AVIF";
    if (brand == "crx ")
        return RAW;
    for (const char* name : { "heic", "heix", "heim", "heis", "hevc", "hevx", "mif1", "msf1" })
        if (brand == name)
            return "HEIC";
    return "video";
}

//! A format that is not read, by how such files begin; or empty.
std::string formatBySign(const ByteView& file)
{
    static const std::vector<std::pair<std::string, std::string>> formats = { { "FUJIFILMCCD-RAW", RAW },
        { std::string("IIU\0", 4), RAW }, { "IIRO", RAW }, { "IIRS", RAW }, { "MMOR", RAW }, { "FOVb", RAW },
        { "%!PS", "PostScript" }, { "\xC5\xD0\xD3\xC6", "PostScript" }, { "<svg", "SVG" },
        { "<!doctype html", "web page (HTML)" }, { "<html", "web page (HTML)" }, { "PK\3\4", "ZIP" },
        { std::string("\0\0\1\0", 4), "icon (ICO)" }, { "version https://git-lfs", "Git LFS pointer" } };
    for (const auto& format : formats)
    {
        std::string begin = file.text(0, format.first.size());
        if (format.first[0] == '<')
            std::transform(
                begin.begin(), begin.end(), begin.begin(), [](unsigned char c) { return char(std::tolower(c)); });
        if (begin == format.first)
            return format.second;
    }
    const size_t longest_wrapping = 128; // of a record on the chip of a passport
    for (size_t place = 0; place < longest_wrapping; ++place)
        if (file.holds(place, std::string("FAC\0", 4)))
            return "face record (ISO/IEC 19794-5)";
    return std::string();
}

} // namespace

ImageHeader readImageHeader(const Bytes& content)
{
    const ByteView file = ByteView(content.data(), content.size(), true);
    ImageHeader header;
    if (file.holds(0, "\xFF\xD8"))
        readJpeg(file, header);
    else if (file.holds(0, "\x89PNG\r\n\x1A\n"))
        readPng(file, header);
    else if (file.holds(0, "RIFF") && file.holds(8, "WEBP"))
        readWebP(file, header);
    else if (file.holds(0, std::string("II*\0", 4)) || file.holds(0, std::string("MM\0*", 4))
             || file.holds(0, std::string("II+\0", 4)) || file.holds(0, std::string("MM\0+", 4)))
        readTiff(ByteView(content.data(), content.size(), content[0] == 'M'), header); // in its byte order
    else if (file.holds(0, std::string("\0\0\0\x0CjP  ", 8)) || file.holds(0, "\xFF\x4F\xFF\x51"))
        readJpeg2000(file, header);
    else if (file.holds(0, "BM"))
        readBmp(file, header);
    else if (content.size() > 2 && content[0] == 'P' && content[1] >= '1' && content[1] <= '6')
        readPnm(file, header);
    else if (file.holds(0, "\x59\xA6\x6A\x95"))
    {
        header.format = "Sun raster";
        header.width = file.u32(4);
        header.height = file.u32(8);
    }
    else if (file.holds(0, "P7"))
        header.format = "PAM";
    else if (file.holds(0, "GIF8"))
        header.format = "GIF";
    else if (file.holds(4, "ftyp"))
        header.format = isoFormat(file);
    else if (file.holds(0, std::string("\xFF\x0A", 2)) || file.holds(0, std::string("\0\0\0\x0CJXL ", 8)))
        header.format = "JPEG XL";
    else if (file.holds(0, "\x76\x2F\x31\x01"))
        header.format = "OpenEXR";
    else if (file.holds(0, "#?RADIANCE") || file.holds(0, "#?RGBE"))
        header.format = "Radiance HDR";
    else if (file.holds(0, "PF\n") || file.holds(0, "Pf\n"))
        header.format = "PFM";
    else if (file.holds(0, "8BPS"))
        header.format = "Photoshop";
    else if (file.holds(0, "%PDF"))
        header.format = "PDF";
    else if (file.holds(128, "DICM"))
        header.format = "DICOM";
    else if (file.holds(0, "II\xBC"))
        header.format = "JPEG XR";
    else
        header.format = formatBySign(file);
    return header;
}

} // namespace sanprivacy
