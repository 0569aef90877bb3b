// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#include "media/stream_description.hpp"

#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <regex>

namespace sanprivacy { namespace apps {

namespace {

const double MOST_RATE = 1000; // frames per second; more is the stream's mistake

//! Lines on the first video, without their line ends; empty where there is none.
std::string linesOfVideo(const std::string& messages)
{
    const size_t video = messages.find(": Video: "), start = messages.rfind("Stream #", video);
    if (video == std::string::npos || start == std::string::npos)
        return std::string();
    std::string lines = messages.substr(start, messages.find("Stream ", video) - start);
    for (char& c : lines)
        c = c == '\n' ? ' ' : c;
    return lines;
}

//! The first group of an expression; empty where it is not in the text.
std::string found(const std::string& text, const char* expression)
{
    std::smatch match;
    return std::regex_search(text, match, std::regex(expression)) ? match[1].str() : std::string();
}

std::string tag(const std::string& name)
{
    return name == "unknown" || name == "unspecified" || name == "reserved" ? std::string() : name;
}

//! @param format as "yuv420p(tv, bt709/unknown/smpte2084, top first)"
ColorTags colorOf(const std::string& format)
{
    ColorTags color;
    color.range = format.find("yuvj") == 0 ? "pc" : found(format, "[(,] ?(tv|pc)[,)]");
    std::smatch names;
    if (std::regex_search(format, names, std::regex("[(,] ?([a-z0-9]+)/([a-z0-9-]+)/([a-z0-9-]+)[,)]")))
        color = { tag(names[1]), tag(names[2]), tag(names[3]), color.range };
    else if (std::regex_search(format, names, std::regex("[(,] ?((?:bt|smpte|fcc|ycgco)[a-z0-9]*)[,)]")))
        color = { names[1], names[1], names[1], color.range }; // one name for all
    return color;
}

} // namespace

StreamDescription StreamDescription::parse(const std::string& messages)
{
    StreamDescription stream;
    const std::string lines = linesOfVideo(messages);
    for (const char* expression : { ", ([0-9.]+k?) fps", ", ([0-9.]+k?) tbr" })
    {
        const std::string rate = found(lines, expression);
        const double number = std::atof(rate.c_str()) * (rate.find('k') == std::string::npos ? 1 : 1000);
        if (stream.rate == 0 && number <= MOST_RATE)
            stream.rate = number;
    }
    cv::Size shape;
    const std::string aspect = found(lines, "[\\[ ]SAR ([0-9]+:[0-9]+)");
    if (std::sscanf(aspect.c_str(), "%9d:%9d", &shape.width, &shape.height) == 2 && !shape.empty())
        stream.pixel_shape = shape;
    const std::string format = found(lines, ": Video: [^,]*, ([a-z0-9]+\\([^)]*\\))");
    stream.color = colorOf(format);
    stream.field_order = !found(format, "(top first|top coded first)").empty()         ? "tff"
                         : !found(format, "(bottom first|bottom coded first)").empty() ? "bff"
                                                                                       : "";
    const int quarter = 90, turns = 4; // it is told anticlockwise
    const double rotation = std::atof(found(lines, "rotation of (-?[0-9.]+) degrees").c_str());
    stream.rotation = (turns - int(std::lround(rotation / quarter)) % turns) % turns * quarter;
    return stream;
}

}} // namespace sanprivacy::apps
