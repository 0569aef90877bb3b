// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#include "media/matroska.hpp"

#include <cmath>
#include <cstdint>
#include <stdexcept>

namespace sanprivacy { namespace apps {

namespace {

const std::uint64_t TICK = 1000000000 / MatroskaStream::TICKS_PER_SECOND; // nanoseconds
const double LATEST = 1e9;                                                // seconds
const std::string UNKNOWN_SIZE("\x01\xFF\xFF\xFF\xFF\xFF\xFF\xFF", 8);

std::string bigEndian(std::uint64_t value, int bytes)
{
    std::string result;
    for (int i = bytes - 1; i >= 0; --i)
        result += char(value >> (8 * i) & 0xFF);
    return result;
}

std::string id(std::uint64_t value)
{
    return bigEndian(value, value > 0xFFFFFF ? 4 : value > 0xFFFF ? 3 : value > 0xFF ? 2 : 1);
}

std::string length(std::uint64_t value)
{
    return bigEndian(value | std::uint64_t(1) << 56, 8);
}

std::string element(std::uint64_t name, const std::string& content)
{
    return id(name) + length(content.size()) + content;
}

std::string number(std::uint64_t name, std::uint64_t value)
{
    return element(name, bigEndian(value, 8));
}

} // namespace

std::string MatroskaStream::header(const cv::Size& size, int type, const cv::Size& pixel_shape)
{
    if (pixel_shape.empty())
        throw std::runtime_error("expected a pixel aspect ratio above 0, found " + std::to_string(pixel_shape.width)
                                 + ':' + std::to_string(pixel_shape.height));
    const std::uint64_t aspect_ratio = 3; // unit of DisplayWidth and DisplayHeight
    const std::string shape = number(0x54B0, std::uint64_t(size.width) * pixel_shape.width)
                              + number(0x54BA, std::uint64_t(size.height) * pixel_shape.height)
                              + number(0x54B2, aspect_ratio);
    const std::string bits(1, char(8 * CV_ELEM_SIZE(type)));
    const std::string video =
        number(0xB0, size.width) + number(0xBA, size.height) + shape + element(0x2EB524, "BGR" + bits);
    const std::string track =
        number(0xD7, 1) + number(0x73C5, 1) + number(0x83, 1) + element(0x86, "V_UNCOMPRESSED") + element(0xE0, video);
    return element(0x1A45DFA3, element(0x4282, "matroska")) + id(0x18538067) + UNKNOWN_SIZE
           + element(0x1549A966, number(0x2AD7B1, TICK)) + element(0x1654AE6B, element(0xAE, track));
}

std::string MatroskaStream::frameHeader(double time, size_t bytes)
{
    if (!(time >= 0 && time <= LATEST))
        throw std::runtime_error("a frame has no time that can be written: " + std::to_string(time) + " s");
    const std::string block("\x81\0\0\x80", 4); // track 1, at the cluster's time, a key frame
    const std::string head = number(0xE7, std::uint64_t(std::llround(time * TICKS_PER_SECOND)));
    const std::string block_head = id(0xA3) + length(block.size() + bytes) + block;
    return id(0x1F43B675) + length(head.size() + block_head.size() + bytes) + head + block_head;
}

}} // namespace sanprivacy::apps
