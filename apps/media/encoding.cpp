// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#include "media/encoding.hpp"

#include "media/matroska.hpp"

#include <algorithm>
#include <cctype>
#include <map>
#include <set>

namespace fs = std::filesystem;

namespace sanprivacy { namespace apps {

namespace {

using Arguments = std::vector<std::string>;

void append(Arguments& arguments, const Arguments& more)
{
    arguments.insert(arguments.end(), more.begin(), more.end());
}

Arguments encoder(const FileKind& kind, int quality, const std::string& ending)
{
    const std::string rate_factor = std::to_string(quality);
    Arguments arguments = { "-c:v", kind.video };
    if (kind.video == "libvpx-vp9")
        append(
            arguments, { "-crf", rate_factor, "-b:v", "0", "-row-mt", "1", "-deadline", "realtime", "-cpu-used", "6" });
    else if (kind.video == "mpeg4" || kind.video == "mpeg2video" || kind.video == "mjpeg")
        append(arguments, { "-q:v", "3" });
    else if (kind.video == "libtheora")
        append(arguments, { "-q:v", "9" });
    else if (kind.video == "libx264")
        append(arguments, { "-preset", "veryfast", "-crf", rate_factor });
    else if (kind.video == "libx265")
        append(arguments, { "-preset", "superfast", "-crf", rate_factor, "-x265-params", "log-level=error" });
    if (kind.video == "libx265" && (ending == ".mp4" || ending == ".mov"))
        append(arguments, { "-tag:v", "hvc1" }); // without it QuickTime shows nothing
    if (ending == ".wmv" || ending == ".asf")    // which hold one time for each image, by which they are decoded
        append(arguments, { "-bf", "0" });
    return arguments;
}

std::string pixelFormat(const FileKind& kind, const cv::Size& size, bool deep)
{
    const int ntsc_height = 480;
    return kind.video == "mjpeg"                                   ? "yuvj420p"
           : kind.video == "dvvideo" && size.height == ntsc_height ? "yuv411p"
           : deep && kind.deep                                     ? "yuv420p10le"
                                                                   : "yuv420p";
}

//! The filter that tags frames; since version 7 ffmpeg writes the tags of the frames and not those of its options.
std::string tagFilter(const ColorTags& color)
{
    std::string filter = "setparams=colorspace=" + color.matrix + ":range=" + color.range;
    if (!color.primaries.empty())
        filter += ":color_primaries=" + color.primaries;
    if (!color.transfer.empty())
        filter += ":color_trc=" + color.transfer;
    return filter;
}

//! Kinds that differ from those of MP4 and Matroska, by their ending.
const std::map<std::string, FileKind>& otherKinds()
{
    const Arguments usual = FileKind().sound;
    // clang-format off
    static const std::map<std::string, FileKind> kinds = {
        // ending, encoder, sound encoders, then in the order of FileKind:
        // deep, odd_size, color_tags, interlaced, constant_rate, sound_alone
        { ".webm",  { "libvpx-vp9", { "libopus" },           true,  true,  true,  false, false, true } },
        { ".ivf",   { "libvpx-vp9", {},                      true,  true,  true,  false, false, true } },
        { ".ogv",   { "libtheora", { "libvorbis" },          false, false, false, false, true,  true } },
        { ".ogg",   { "libtheora", { "libvorbis" },          false, false, false, false, true,  true } },
        { ".avi",   { "mpeg4", { "aac", "pcm_s16le" },       false, false, false, true,  true,  true } },
        { ".mxf",   { "mpeg2video", { "pcm_s16le" },         false, false, false, true,  true,  false } },
        { ".dv",    { "dvvideo", { "pcm_s16le" },            false, false, false, true,  true,  false } },
        { ".hevc",  { "libx265", usual,                      true,  false, true,  false, false, true } },
        { ".h265",  { "libx265", usual,                      true,  false, true,  false, false, true } },
        { ".265",   { "libx265", usual,                      true,  false, true,  false, false, true } },
        { ".m2v",   { "mpeg2video", usual,                   false, false, false, true,  true,  true } },
        { ".mjpeg", { "mjpeg", usual,                        false, false, false, false, false, true } },
        { ".mjpg",  { "mjpeg", usual,                        false, false, false, false, false, true } },
        { ".y4m",   { "wrapped_avframe", {}, /* unencoded */ false, false, false, false, true,  true } },
        { ".gif",   { "gif", {},                             false, true,  false, false, false, true } },
        { ".apng",  { "apng", {},                            false, true,  false, false, false, true } },
    };
    // clang-format on
    return kinds;
}

} // namespace

FileKind fileKind(const fs::path& video, bool deep)
{
    // These hold H.264, but no H.265, or only since a newer version of ffmpeg, and few players show H.264 of 10 bits.
    static const std::set<std::string> without_h265 = { ".wmv", ".asf", ".flv", ".f4v", ".3gp", ".3g2", ".3gpp", ".m4v",
        ".wtv", ".264", ".h264" };
    const auto other = otherKinds().find(endingOf(video));
    FileKind kind;
    kind.deep = without_h265.count(endingOf(video)) == 0;
    if (other != otherKinds().end())
        kind = other->second;
    else if (deep && kind.deep)
        kind.video = "libx265"; // H.264 of 10 bits is shown by few players
    kind.interlaced = kind.interlaced && !(deep && kind.deep);
    return kind;
}

bool hasRateFactor(const fs::path& video)
{
    const std::string encoder = fileKind(video, false).video;
    return encoder == "libx264" || encoder == "libx265" || encoder == "libvpx-vp9";
}

std::string endingOf(const fs::path& video)
{
    std::string ending = video.extension().string();
    std::transform(ending.begin(), ending.end(), ending.begin(), [](unsigned char c) { return char(std::tolower(c)); });
    return ending;
}

void addFile(Arguments& arguments, const fs::path& file)
{
    static const std::map<std::string, std::string> containers = { { ".qt", "mov" }, { ".divx", "avi" },
        { ".mod", "vob" }, { ".m2p", "vob" }, { ".tod", "mpegts" }, { ".tp", "mpegts" }, { ".trp", "mpegts" },
        { ".mpe", "mpeg" }, { ".3gpp", "3gp" }, { ".lrv", "mp4" }, { ".insv", "mp4" } };
    const auto container = containers.find(endingOf(file));
    if (container != containers.end())
        append(arguments, { "-f", container->second });
    arguments.push_back(file.string());
}

Arguments encodingArguments(const FileKind& kind, const VideoFormat& format, const cv::Size& size, bool deep,
    int quality, const fs::path& target)
{
    if (kind.video == "gif") // the best 256 colors of each image; one that is shown for less, players show for longer
        return { "-vf",
            "select=isnan(prev_selected_t)+gte(t-prev_selected_t\\,0.019995),"
            "split[a][b];[a]palettegen=stats_mode=single[p];[b][p]paletteuse=new=1",
            "-fps_mode", "passthrough", "-enc_time_base", "1:100" };
    if (kind.video == "apng")
        return { "-vf", "format=rgb24", "-c:v", "apng", "-plays", "0", "-fps_mode", "passthrough" };
    ColorTags color = kind.color_tags ? completed(format.color, size) : usualTags(size);
    if (kind.video == "mjpeg") // as JFIF has it
        color.matrix = "bt470bg", color.range = "pc";
    const bool fields = kind.interlaced && !format.field_order.empty();
    // Without accurate rounding the whole image grows darker by one or two gray levels.
    std::string filter = "scale=out_color_matrix=" + matrixOfScale(color) + ":out_range=" + color.range
                         + ":flags=bicubic+accurate_rnd+full_chroma_int" + (fields ? ":interl=1" : "")
                         + ",format=" + pixelFormat(kind, size, deep);
    if (fields)
        filter += ",setfield=" + format.field_order;
    if (kind.color_tags)
        filter += "," + tagFilter(color);
    Arguments arguments = { "-vf", filter };
    append(arguments, encoder(kind, quality, endingOf(target)));
    if (fields)
        append(arguments, { "-flags", "+ildct+ilme" });
    if (fields && kind.video == "libx264")
        append(arguments, { "-x264-params", format.field_order + "=1" });
    if (kind.constant_rate)
        append(arguments, { "-fps_mode", "cfr", "-r", cv::format("%.9g", format.rate) });
    else
        append(arguments, { "-fps_mode", "passthrough", "-enc_time_base",
                              cv::format("1:%d", int(MatroskaStream::TICKS_PER_SECOND)) });
    return arguments;
}

}} // namespace sanprivacy::apps
