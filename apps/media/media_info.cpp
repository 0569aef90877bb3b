// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#include "media/media_info.hpp"

#include "common/tool_process.hpp"
#include "media/image_search.hpp"
#include "media/video_reader.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <regex>
#include <set>
#include <stdexcept>

#include <nlohmann/json.hpp>

namespace sanprivacy { namespace apps {

namespace {

using Json = nlohmann::json;

const double MOST_RATE = 1000; // images per second; more is a file's mistake

std::string textOf(const Json& values, const char* name)
{
    const auto found = values.find(name);
    if (found == values.end() || !found->is_string() || *found == "unknown" || *found == "unspecified"
        || *found == "reserved")
        return std::string();
    return found->get<std::string>();
}

double numberOf(const Json& values, const char* name)
{
    const auto found = values.find(name);
    if (found == values.end())
        return 0;
    const double number = found->is_number() ? found->get<double>() : std::atof(found->dump().c_str() + 1);
    return std::isfinite(number) ? number : 0;
}

//! "30000/1001" or "16:15"; 0 where one part is missing.
cv::Size2d ratioOf(const Json& values, const char* name)
{
    cv::Size2d ratio;
    const std::string text = textOf(values, name);
    if (std::sscanf(text.c_str(), "%lf%*[/:]%lf", &ratio.width, &ratio.height) != 2 || ratio.width <= 0
        || ratio.height <= 0)
        return cv::Size2d();
    return ratio;
}

bool flagOf(const Json& stream, const char* name)
{
    return stream.contains("disposition") && numberOf(stream["disposition"], name) > 0;
}

bool isShown(const Json& stream)
{
    return textOf(stream, "codec_type") == "video" && !flagOf(stream, "attached_pic") && numberOf(stream, "width") > 0;
}

//! The default one, else the first.
const Json* shownStream(const Json& streams)
{
    const Json* shown = nullptr;
    for (const Json& stream : streams)
        if (isShown(stream) && (!shown || (flagOf(stream, "default") && !flagOf(*shown, "default"))))
            shown = &stream;
    return shown;
}

bool tellsDynamicRange(const std::string& side_data)
{
    return side_data.find("DOVI") == 0 || side_data.find("Dolby Vision") == 0 || side_data.find("HDR Dynamic") == 0
           || side_data.find("Mastering display") == 0 || side_data.find("Content light") == 0;
}

void readSideData(const Json& stream, MediaInfo& info)
{
    if (!stream.contains("side_data_list"))
        return;
    for (const Json& data : stream["side_data_list"])
    {
        const std::string kind = textOf(data, "side_data_type");
        const double quarter = 90, rotation = std::abs(numberOf(data, "rotation"));
        if (kind == "Display Matrix")
            info.turned = std::abs(std::fmod(rotation, 2 * quarter) - quarter) < 1;
        if (kind == "Stereo 3D")
        {
            const std::string type = textOf(data, "type");
            info.views = type.find("side by side") == 0     ? cv::Size(2, 1)
                         : type.find("top and bottom") == 0 ? cv::Size(1, 2)
                                                            : cv::Size(1, 1);
        }
        info.spherical = info.spherical || kind == "Spherical Mapping";
        info.dynamic_hdr = info.dynamic_hdr || tellsDynamicRange(kind);
    }
}

void readVideo(const Json& stream, MediaInfo& info)
{
    info.video = int(numberOf(stream, "index"));
    info.size = cv::Size(int(numberOf(stream, "width")), int(numberOf(stream, "height")));
    const cv::Size2d shape = ratioOf(stream, "sample_aspect_ratio"), mean_rate = ratioOf(stream, "avg_frame_rate"),
                     rate = ratioOf(stream, "r_frame_rate");
    info.pixelShape = shape.empty() ? cv::Size(1, 1) : cv::Size(shape);
    for (const cv::Size2d& each : { mean_rate, rate })
        if (info.rate == 0 && !each.empty() && each.width / each.height <= MOST_RATE)
            info.rate = each.width / each.height;
    info.frames = size_t(numberOf(stream, "nb_frames"));
    const std::string format = textOf(stream, "pix_fmt"), order = textOf(stream, "field_order");
    static const std::regex deep("(9|1[0-6]|48|64)[bl]e$");
    info.deep = std::regex_search(format, deep);
    static const std::regex others("rgb|bgr|gbr|pal8|mono|gray|^ya|bayer|xyz"),
        transparent("^yuva|rgba|bgra|argb|abgr|gbrap|^ya");
    info.yuv = !format.empty() && !std::regex_search(format, others);
    const bool always_bgra = textOf(stream, "codec_name") == "gif"; // of ffmpeg's decoder
    info.transparent = (std::regex_search(format, transparent) && !always_bgra)
                       || (stream.contains("tags") && textOf(stream["tags"], "alpha_mode") == "1"); // of WebM
    info.closed_captions = numberOf(stream, "closed_captions") > 0;
    info.color = { textOf(stream, "color_space"), textOf(stream, "color_primaries"), textOf(stream, "color_transfer"),
        textOf(stream, "color_range") };
    if (format.find("yuvj") == 0)
        info.color.range = "pc";
    // The first letter says which field comes first: ffmpeg writes "tb" for interleaved fields with the top one first.
    info.field_order = order == "tt" || order == "tb" ? "tff" : order == "bb" || order == "bt" ? "bff" : "";
    readSideData(stream, info);
}

//! What is not shown, by kind.
void countOther(const Json& stream, MediaInfo& info)
{
    const std::string type = textOf(stream, "codec_type");
    const bool cover = type == "video" && flagOf(stream, "attached_pic");
    if (type == "audio" || type == "subtitle")
    {
        const int number = int(numberOf(stream, "index"));
        static const std::regex tag("[A-Za-z0-9-]{2,35}"); // RFC 5646
        const std::string language = stream.contains("tags") ? textOf(stream["tags"], "language") : std::string();
        (type == "audio" ? info.sound : info.subtitles).push_back(number);
        if (std::regex_match(language, tag))
            info.languages[number] = language;
        static const std::set<std::string> images = { "dvd_subtitle", "dvb_subtitle", "hdmv_pgs_subtitle", "xsub" };
        info.unknown_sound += type == "audio" && textOf(stream, "codec_name").empty();
        info.image_subtitles += images.count(textOf(stream, "codec_name"));
    }
    else
        ++info.others[cover                  ? "cover image"
                      : type == "video"      ? "further video track"
                      : type == "attachment" ? "attachment"
                                             : "data track"];
}

//! The stream that begins first, of the one that is shown and those of sound; -1 where all begin together.
int firstStream(const Json& streams, const Json* shown)
{
    const double same = 1e-5; // seconds
    const Json *first = nullptr, *last = nullptr;
    for (const Json& stream : streams)
    {
        if (!stream.contains("start_time") || (&stream != shown && textOf(stream, "codec_type") != "audio"))
            continue;
        if (!first || numberOf(stream, "start_time") < numberOf(*first, "start_time"))
            first = &stream;
        if (!last || numberOf(stream, "start_time") > numberOf(*last, "start_time"))
            last = &stream;
    }
    const bool differ = first && numberOf(*last, "start_time") - numberOf(*first, "start_time") > same;
    return differ ? int(numberOf(*first, "index")) : -1;
}

//! "00:01:02.5" in seconds; 0 where it is none.
double secondsOf(const std::string& time)
{
    double hours = 0, minutes = 0, seconds = 0;
    return std::sscanf(time.c_str(), "%lf:%lf:%lf", &hours, &minutes, &seconds) == 3
               ? 3600 * hours + 60 * minutes + seconds
               : 0;
}

/** End of the last image, seconds from the start; 0: the container does not say. Matroska has the length of the file,
which may be that of the sound, and often that of each track as a tag. */
double shownUntil(const Json& found, const Json& shown, const MediaInfo& info)
{
    const std::string container = textOf(found["format"], "format_name");
    if (container.find("mp4") != std::string::npos || container == "gif")
        return info.video_end;
    if (container.find("matroska") == std::string::npos)
        return 0;
    double end = shown.contains("tags") ? secondsOf(textOf(shown["tags"], "DURATION")) : 0;
    if (end == 0 && found["streams"].size() == 1)
        end = info.duration;
    return std::max(0., end - std::max(0., info.start)); // they count from 0, wherever the time stamps begin
}

std::string read(ToolProcess& tool)
{
    std::string text;
    for (std::string line; tool.readLine(line);)
        text += line + '\n';
    tool.finish();
    return text;
}

//! Whether the first frame has metadata of its dynamic range; not every container repeats them.
bool firstFrameTellsDynamicRange(const std::string& source, int stream)
{
    ToolProcess probe({ "ffprobe", "-v", "quiet", "-select_streams", std::to_string(stream), "-read_intervals", "%+#1",
                          "-show_entries", "frame=pts:frame_side_data", "-of", "json", source },
        ToolProcess::LISTEN, patienceWith(source));
    const Json found = Json::parse(read(probe), nullptr, false);
    if (found.is_discarded() || !found.contains("frames"))
        return false;
    for (const Json& frame : found["frames"])
        if (frame.contains("side_data_list"))
            for (const Json& data : frame["side_data_list"])
                if (tellsDynamicRange(textOf(data, "side_data_type")))
                    return true;
    return false;
}

} // namespace

cv::Size MediaInfo::shownPixelShape() const
{
    cv::Size shape = pixelShape;
    const double widest = 2.4, narrowest = 1.2; // of a whole image that is usual
    const double ratio = double(size.width) * shape.width / (std::max(1., double(size.height)) * shape.height);
    if (views.width > 1 && ratio < widest)
        shape.width *= views.width;
    if (views.height > 1 && ratio > narrowest)
        shape.height *= views.height;
    return turned ? cv::Size(shape.height, shape.width) : shape;
}

ToolProcess::Patience patienceWith(const std::string& source)
{
    return isUrl(source) ? ToolProcess::UNTIL_INTERRUPT : ToolProcess::TO_ITS_END;
}

bool brokeOff(const std::string& messages)
{
    // Where a server does not tell the length, ffmpeg takes every end for too early a one.
    static const std::regex signs("File ended prematurely|partial file|Connection (reset|timed out)"
                                  "|ends prematurely at [0-9]+, should be (?!18446744073709551615)");
    return std::regex_search(messages, signs);
}

MediaInfo readMediaInfo(const std::string& source)
{
    ToolProcess probe(
        { "ffprobe", "-v", "error", "-show_streams", "-show_format", "-show_chapters", "-of", "json", source },
        ToolProcess::LISTEN, patienceWith(source));
    const Json found = Json::parse(read(probe), nullptr, false);
    MediaInfo info;
    if (found.is_discarded() || !found.contains("streams") || !found.contains("format"))
        return info;
    const Json &streams = found["streams"], &format = found["format"];
    info.start = numberOf(format, "start_time");
    info.duration = std::max(numberOf(format, "duration"), 0.);
    const Json* const shown = shownStream(streams);
    info.first = firstStream(streams, shown);
    if (shown)
    {
        readVideo(*shown, info);
        if (info.color.highDynamicRange() && !info.dynamic_hdr)
            info.dynamic_hdr = firstFrameTellsDynamicRange(source, info.video);
        const double length = numberOf(*shown, "duration");
        if (shown->contains("start_time"))
            info.video_begin = numberOf(*shown, "start_time") - info.start;
        if (length > 0)
            info.video_end = info.video_begin + length;
        info.shown_until = shownUntil(found, *shown, info);
    }
    if (found.contains("chapters"))
        info.chapters = found["chapters"].size();
    for (const Json& stream : streams)
        if (&stream != shown && !(info.chapters > 0 && textOf(stream, "codec_tag_string") == "text")) // of the chapters
            countOther(stream, info);
    if (info.chapters > 0 && holdsImage(found["chapters"].dump()))
    {
        info.chapters = 0;
        ++info.others["list of chapters with an image inside"];
    }
    const std::string name = textOf(format, "format_name");
    const std::string brand = format.contains("tags") ? textOf(format["tags"], "major_brand") : std::string();
    static const std::set<std::string> not_videos = { "tty", "image2", "lrc", "srt", "ass", "webvtt" },
                                       playlists = { "hls", "dash", "concat", "sdp" },
                                       images = { "mif1", "heic", "heix", "avif" }; // brands of ISO/IEC 23008-12
    info.image = name.find("_pipe") != std::string::npos || not_videos.count(name) > 0 || images.count(brand) > 0;
    info.bare_h264 = name == "h264";
    info.playlist = playlists.count(name) > 0;
    info.segments = name == "hls" || name == "dash";
    info.transport_stream = name == "mpegts";
    info.duration_guessed = name == "mpegts" || name == "mpeg";
    info.cut_is_told = name.find("matroska") != std::string::npos;
    info.edit_lists = name.find("mp4") != std::string::npos;
    return info;
}

std::vector<std::string> timesOfFile(int first, int input)
{
    if (first < 0)
        return std::vector<std::string>();
    return { "-map", std::to_string(input) + ':' + std::to_string(first), "-c", "copy", "-f", "null", "-" };
}

double lastPacketEnd(const std::string& source)
{
    ToolProcess probe(
        { "ffprobe", "-v", "quiet", "-show_entries", "packet=pts_time,duration_time", "-of", "csv=p=0", source },
        ToolProcess::LISTEN, patienceWith(source));
    double end = 0;
    for (std::string line; probe.readLine(line);)
    {
        double time = 0, length = 0;
        if (std::sscanf(line.c_str(), "%lf,%lf", &time, &length) >= 1)
            end = std::max(end, time + length);
    }
    return end;
}

bool timesJumpBack(const std::string& source, int stream)
{
    ToolProcess probe({ "ffprobe", "-v", "quiet", "-select_streams", std::to_string(stream), "-show_entries",
                          "packet=dts_time", "-of", "csv=p=0", source },
        ToolProcess::LISTEN, patienceWith(source));
    double last = -HUGE_VAL, time = 0;
    bool back = false;
    for (std::string line; probe.readLine(line);)
        if (std::sscanf(line.c_str(), "%lf", &time) == 1)
        {
            back = back || time < last;
            last = time;
        }
    return back;
}

size_t packetCount(const std::string& source, int stream, double from)
{
    size_t packets = 0;
    try
    {
        ToolProcess probe({ "ffprobe", "-v", "quiet", "-select_streams", std::to_string(stream), "-show_entries",
                              "packet=pts_time", "-of", "csv=p=0", source },
            ToolProcess::LISTEN, patienceWith(source));
        for (std::string line; probe.readLine(line);)
        {
            if (line.empty()) // of side data
                continue;
            double time = from;
            std::sscanf(line.c_str(), "%lf", &time); // "N/A" where it is not told
            packets += time >= from;
        }
        probe.finish();
    }
    catch (const std::runtime_error&)
    {
        // no more of it can be read
    }
    return packets;
}

}} // namespace sanprivacy::apps
