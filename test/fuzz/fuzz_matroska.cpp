// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

// Whatever a source says of its times and of the shape of its pixels, the stream that goes to the encoder is whole:
// each element is as long as it says. Times that cannot be written are refused with std::runtime_error.

#include "fuzzed_file.hpp"
#include "media/matroska.hpp"

#include <cstring>
#include <stdexcept>

using namespace sanprivacy;

namespace {

//! The next number of a Matroska stream, of as many bytes as its first bit tells; that bit counts in names only.
std::uint64_t numberAt(const std::string& stream, size_t& at, bool name)
{
    test::require(at < stream.size());
    const unsigned first = static_cast<unsigned char>(stream[at]);
    size_t length = 1;
    while (length <= 8 && !(first & 0x100u >> length))
        ++length;
    test::require(length <= 8 && at + length <= stream.size());
    std::uint64_t value = name ? first : first & (0xFFu >> length);
    for (size_t k = 1; k < length; ++k)
        value = value << 8 | static_cast<unsigned char>(stream[at + k]);
    at += length;
    return value;
}

//! Elements follow each other up to the end, less the pixels that are still to come.
void checkElements(const std::string& stream, size_t pixels)
{
    const std::uint64_t unknown = (std::uint64_t(1) << 56) - 1, segment = 0x18538067, cluster = 0x1F43B675;
    for (size_t at = 0; at < stream.size();)
    {
        const std::uint64_t name = numberAt(stream, at, true), length = numberAt(stream, at, false);
        if (name == segment || name == cluster) // their elements follow
            test::require(length == unknown || at + length == stream.size() + pixels);
        else
        {
            test::require(length <= stream.size() + pixels - at);
            at += size_t(length);
        }
    }
}

} // namespace

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size)
{
    double time;
    int numbers[4];
    if (size < sizeof(time) + sizeof(numbers))
        return 0;
    std::memcpy(&time, data, sizeof(time));
    std::memcpy(numbers, data + sizeof(time), sizeof(numbers));
    const auto positive = [](int number, int most) { return int(unsigned(number) % unsigned(most)) + 1; };
    const cv::Size frame(positive(numbers[0], 32767), positive(numbers[1], 32767)), shape(numbers[2], numbers[3]);
    const size_t bytes = size_t(frame.area()) * 3;
    try
    {
        checkElements(apps::MatroskaStream::header(frame, CV_8UC3, shape), 0);
        checkElements(apps::MatroskaStream::frameHeader(time, bytes), bytes);
    }
    catch (const std::runtime_error&)
    {
        test::require(!(time >= 0 && time < 1e6) || shape.width <= 0 || shape.height <= 0);
    }
    return 0;
}
