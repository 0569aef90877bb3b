// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#include "media/image_search.hpp"

#include "common/tool_process.hpp"

#include <algorithm>
#include <cctype>
#include <stdexcept>

namespace sanprivacy { namespace apps {

namespace {

//! Long enough not to occur by chance in hours of sound.
const std::string SIGNS[] = { "image/jp", "image/png", "image/gif", "image/webp", std::string("JFIF\0\1", 6),
    std::string("Exif\0\0", 6), "\x89PNG\r\n\x1A\n", "[Graphics]", "METADATA_BLOCK_PICTURE",
    // in base64: the beginnings of JPEG, PNG, GIF, WebP, HEIC and AVIF, and "image/" of a Vorbis comment
    "/9j/4A", "/9j/4Q", "/9j/4g", "/9j/2w", "iVBORw0KGgo", "R0lGODlh", "R0lGODdh", "RUJQVlA4", "Z0eXBoZ", "Z0eXBhdm",
    "pbWFnZS9" };

//! The bytes of ffprobe's dump: an offset, 16 bytes as hexadecimal digits in groups of two, and as text.
std::string bytesOf(const std::string& line)
{
    const size_t begin = std::string("00000000: ").size(), length = std::string("0000 ").size() * 8;
    std::string bytes, digits = line.substr(std::min(begin, line.size()), length);
    digits.erase(std::remove(digits.begin(), digits.end(), ' '), digits.end());
    const bool whole = std::all_of(digits.begin(), digits.end(), [](unsigned char c) { return std::isxdigit(c); });
    for (size_t k = 0; whole && k + 1 < digits.size(); k += 2)
        bytes += char(std::stoi(digits.substr(k, 2), nullptr, 16));
    return bytes;
}

//! What a tool that has read all it could says in the end does not matter here.
void finish(ToolProcess& tool)
{
    try
    {
        tool.finish();
    }
    catch (const std::runtime_error&)
    {
    }
}

} // namespace

bool holdsImage(const std::string& bytes)
{
    return std::any_of(std::begin(SIGNS), std::end(SIGNS),
        [&](const std::string& sign) { return bytes.find(sign) != std::string::npos; });
}

bool trackHoldsImage(const std::vector<std::string>& input, const std::vector<std::string>& coding, int stream)
{
    std::vector<std::string> command = { "ffmpeg", "-loglevel", "quiet", "-nostdin" };
    command.insert(command.end(), input.begin(), input.end());
    command.insert(command.end(), { "-map", "0:" + std::to_string(stream) });
    command.insert(command.end(), coding.begin(), coding.end());
    command.insert(command.end(), { "-f", "data", "pipe:1" });
    ToolProcess tool(command, ToolProcess::LISTEN, ToolProcess::UNTIL_INTERRUPT);
    const size_t step = 1 << 16, longest_sign = 32;
    std::string bytes;
    for (size_t got = step; got == step;)
    {
        bytes.erase(0, bytes.size() - std::min(bytes.size(), longest_sign));
        const size_t kept = bytes.size();
        bytes.resize(kept + step);
        got = tool.read(&bytes[kept], step);
        bytes.resize(kept + got);
        if (holdsImage(bytes))
            return true;
    }
    finish(tool);
    return false;
}

bool headerHoldsImage(const std::string& source, int stream)
{
    ToolProcess tool({ "ffprobe", "-v", "quiet", "-select_streams", std::to_string(stream), "-show_data",
                         "-show_entries", "stream=extradata", "-of", "default=nokey=1:noprint_wrappers=1", source },
        ToolProcess::LISTEN, ToolProcess::UNTIL_INTERRUPT);
    std::string header;
    for (std::string line; tool.readLine(line);)
        header += bytesOf(line);
    finish(tool);
    return holdsImage(header);
}

}} // namespace sanprivacy::apps
