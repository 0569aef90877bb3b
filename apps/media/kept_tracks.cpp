// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#include "media/kept_tracks.hpp"

#include "common/atomic_file.hpp"
#include "common/message.hpp"
#include "common/tool_process.hpp"
#include "media/image_search.hpp"
#include "media/video_writer.hpp"

#include <algorithm>
#include <set>
#include <stdexcept>

namespace fs = std::filesystem;

namespace sanprivacy { namespace apps {

namespace {

using Arguments = std::vector<std::string>;

//! A private file beside a target, under a hidden name; it goes with the object.
struct HiddenFile
{
    HiddenFile(const fs::path& target, char sign) : path(hiddenName(target, sign)) { makePrivateFile(path); }
    ~HiddenFile()
    {
        std::error_code ignored;
        fs::remove(path, ignored);
    }
    const fs::path path;
};

void append(Arguments& arguments, const Arguments& more)
{
    arguments.insert(arguments.end(), more.begin(), more.end());
}

void runFfmpeg(const Arguments& arguments, const std::string& source, bool encodes_sound = false)
{
    ToolProcess tool(
        ffmpegCommand(arguments, skipsErrors(source, encodes_sound)), ToolProcess::FEED, patienceWith(source));
    finishWriting(tool);
    if (tool.stopped())
        throw std::runtime_error("interrupted");
}

//! How a track is written.
struct Coding
{
    std::string codec, filter; //!< encoder or "copy"; bitstream filter or empty

    //! Arguments of ffmpeg; `place` is :a, :s or one of these tracks as :a:0.
    Arguments arguments(const std::string& place) const
    {
        Arguments result = { "-c" + place, codec };
        if (!filter.empty())
            append(result, { "-bsf" + place, filter });
        if (codec == "libopus") // it refuses other layouts, as that of AC-3 with speakers at the sides
            append(result, { "-filter" + place, "aformat=channel_layouts=mono|stereo|3.0|quad|5.0|5.1|7.1" });
        return result;
    }
};

//! Whether the track would have an image inside, such as a cover: what is encoded anew has a header without one.
bool holdsImage(const KeptTracks& kept, int track, char kind, const Coding& coding)
{
    const bool copy = coding.codec == "copy";
    if (kind == 'a' && !copy) // encoded sound is sound only
        return false;
    Arguments input;
    if (kept.begin > 0)
        append(input, { "-ss", std::to_string(kept.begin) });
    if (kept.end >= 0)
        append(input, { "-t", std::to_string(kept.end - kept.begin) });
    addSource(input, kept.video);
    return (copy && headerHoldsImage(kept.video, track))
           || trackHoldsImage(input, coding.arguments(std::string(":") + kind), track);
}

bool isMp3(const std::string& source, int stream)
{
    ToolProcess probe({ "ffprobe", "-v", "quiet", "-select_streams", std::to_string(stream), "-show_entries",
                          "stream=codec_name", "-of", "default=nokey=1:noprint_wrappers=1", source },
        ToolProcess::LISTEN, patienceWith(source));
    std::string codec;
    probe.readLine(codec);
    return codec == "mp3";
}

/** Whether a file of the target's kind takes these tracks.
@param kind 'a' or 's', of ffmpeg */
bool takes(
    const fs::path& target, const KeptTracks& kept, const std::vector<int>& tracks, char kind, const Coding& coding)
{
    const bool sound = kind == 'a';
    const FileKind file = fileKind(target, false);
    const bool images = sound && !file.sound_alone;
    const HiddenFile trial(target, TRACKS);
    Arguments arguments = { "-nostdin" };
    if (images) // of a size and rate that every such file takes
        append(arguments, { "-f", "lavfi", "-i", "color=size=720x576:rate=25:duration=0.3" });
    if (sound)
        append(arguments, { "-t", "2" }); // less of AC-3 in an MPEG program stream, ffmpeg does not recognize
    addSource(arguments, kept.video);
    if (images)
        append(arguments, { "-map", "0", "-c:v", file.video, "-pix_fmt", "yuv420p" });
    addMap(arguments, images, kept, kind, tracks);
    if (!sound)
        append(arguments, { "-frames:s", "1" });
    append(arguments, { "-map_chapters", "-1" });
    append(arguments, coding.arguments(std::string(":") + kind));
    addFile(arguments, trial.path);
    try
    {
        runFfmpeg(arguments, kept.video, sound && coding.codec != "copy");
        // Some containers take what nobody can read.
        const MediaInfo written = readMediaInfo(trial.path.string());
        const size_t readable = sound ? written.sound.size() - written.unknown_sound : written.subtitles.size();
        return readable == tracks.size();
    }
    catch (const std::runtime_error&)
    {
        return false;
    }
}

/** How to keep tracks of one kind.
@param name of such a track, for the user
@param encoders the best first */
TrackPlan planTracks(const KeptTracks& kept, const std::vector<int>& tracks, char kind, const std::string& name,
    const Arguments& encoders, const fs::path& target)
{
    TrackPlan plan;
    // An image in MP3 is an ID3 tag, which makes its packet longer than a frame can be.
    const Coding copy = { "copy", "" }, copy_of_short = { "copy", "noise=amount=0:drop=gt(size\\,1800)" };
    std::vector<Coding> codings = { copy };
    for (const std::string& encoder : encoders)
        codings.push_back({ encoder, "" });
    std::set<int> with_image, edited;
    for (int track : tracks)
    {
        if (holdsImage(kept, track, kind, copy))
            with_image.insert(track);
        if (kind == 'a' && kept.edit_lists && timesJumpBack(kept.video, track)) // no file takes its packets as they are
            edited.insert(track);
    }
    const bool copy_all =
        !tracks.empty() && with_image.empty() && edited.empty() && takes(target, kept, tracks, kind, copy);
    size_t left_out = 0, encoded = 0;
    for (int track : tracks)
    {
        const bool has_image = with_image.count(track) > 0;
        const bool is_edited = edited.count(track) > 0;
        std::vector<Coding> possible = copy_all ? std::vector<Coding> { copy } : codings;
        if (has_image && isMp3(kept.video, track))
            possible[0] = copy_of_short;
        const auto chosen = std::find_if(possible.begin(), possible.end(),
            [&](const Coding& coding)
            {
                return !(has_image && holdsImage(kept, track, kind, coding)) && !(is_edited && coding.codec == "copy")
                       && (copy_all || takes(target, kept, { track }, kind, coding));
            });
        if (chosen == possible.end())
        {
            ++left_out;
            continue;
        }
        const std::string place = std::string(":") + kind + ':' + std::to_string(plan.tracks.size());
        plan.tracks.push_back(track);
        append(plan.encoding, chosen->arguments(place));
        plan.encoded = plan.encoded || chosen->codec != "copy";
        if (chosen->codec == "copy" && kept.begin > 0) // else a copy begins with the key frame before
            append(plan.encoding, { "-copypriorss" + place, "0" });
        const auto language = kept.languages.find(track);
        if (language != kept.languages.end())
            append(plan.encoding, { "-metadata:s" + place, "language=" + language->second });
        if (chosen->codec != "copy" && !has_image && ++encoded == 1)
            plan.addNote(name + (is_edited ? " of several edits" : " that such a file cannot hold")
                         + " is encoded anew (" + chosen->codec + ")");
    }
    if (left_out > 0)
        plan.addNote("left out: " + count(left_out, name + " track") + " that cannot be kept in such a file");
    if (!with_image.empty())
        plan.addNote("left out: images inside of " + count(with_image.size(), name + " track"));
    return plan;
}

/** The subtitles in a file of their own, with the times that they have in the video. They are cut as they are copied:
ffmpeg 7 gives those that it encodes wrong times then.
@param whole another hidden file
@param length of the video, seconds */
void writeSubtitles(const fs::path& file, const fs::path& whole, const KeptTracks& kept, const TrackPlan& subtitles,
    double shift, double length)
{
    const bool cut = kept.begin > 0;
    const Arguments plain = { "-map_chapters", "-1", "-map_metadata:g", "-1", "-fflags", "+bitexact" },
                    end = { "-t", std::to_string(length) };
    Arguments arguments = { "-itsoffset", std::to_string(cut ? 0 : shift) };
    addSource(arguments, kept.video);
    addMap(arguments, 0, kept, 's', subtitles.tracks);
    append(arguments, { "-map_metadata:s", "-1" });
    append(arguments, subtitles.encoding);
    append(arguments, plain);
    append(arguments, cut ? Arguments() : end);
    addFile(arguments, cut ? whole : file);
    append(arguments, timesOfFile(kept.first, 0));
    runFfmpeg(arguments, kept.video);
    if (!cut)
        return;
    // One that is shown when the span begins is shown from there on.
    const std::string what_is_shown = "noise=amount=0:drop=lte(pts+d\\,0),"
                                      "setts=pts=max(PTS\\,0):dts=max(DTS\\,0):duration=DURATION+min(PTS\\,0)";
    const double start = readMediaInfo(whole.string()).start;
    arguments = { "-itsoffset", std::to_string(start + shift), "-i", whole.string(), "-map", "0", "-c", "copy",
        "-bsf:s", what_is_shown };
    append(arguments, end);
    append(arguments, plain);
    addFile(arguments, file);
    runFfmpeg(arguments, kept.video);
}

} // namespace

TrackPlan planSound(const KeptTracks& kept, const FileKind& kind, const fs::path& target)
{
    return planTracks(kept, kept.sound, 'a', "sound", kind.sound, target);
}

TrackPlan planSubtitles(const KeptTracks& kept, const fs::path& target)
{
    return planTracks(kept, kept.subtitles, 's', "subtitle", { "mov_text", "subrip", "webvtt" }, target);
}

bool takesChapters(const fs::path& target)
{
    static const std::set<std::string> endings = { ".mkv", ".webm", ".mp4", ".m4v", ".mov" };
    return endings.count(endingOf(target)) > 0;
}

void addText(
    const fs::path& target, const fs::path& video, const KeptTracks& kept, const TrackPlan& subtitles, double shift)
{
    const HiddenFile text(target, TRACKS), whole(target, REWRITTEN);
    const double length = readMediaInfo(video.string()).duration;
    Arguments arguments = { "-i", video.string() }, streams = { "-map", "0" };
    if (!subtitles.tracks.empty())
    {
        writeSubtitles(text.path, whole.path, kept, subtitles, shift, length);
        const double start = readMediaInfo(text.path.string()).start;
        append(arguments, { "-itsoffset", std::to_string(start), "-i", text.path.string() });
        append(streams, { "-map", "1:s" });
    }
    const double early = 1e-3; // seconds: no chapter of no length that ends where the span begins
    append(arguments, { "-itsoffset", std::to_string(shift - (kept.begin > 0 ? early : 0)) });
    addSource(arguments, kept.video);
    append(arguments, streams);
    const int source = subtitles.tracks.empty() ? 1 : 2;
    append(arguments, { "-map_chapters", takesChapters(target) ? std::to_string(source) : "-1" });
    if (kept.end >= 0) // for the chapters
        append(arguments, { "-t", std::to_string(length) });
    append(arguments, { "-map_metadata:g", "-1", "-c", "copy", "-fflags", "+bitexact" });
    addFile(arguments, whole.path);
    runFfmpeg(arguments, kept.video);
    fs::rename(whole.path, video);
}

void addSource(Arguments& arguments, const std::string& source)
{
    append(arguments, { "-fflags", "+discardcorrupt", "-i", source });
}

void addMap(Arguments& arguments, int input, const KeptTracks& kept, char kind, const std::vector<int>& tracks)
{
    const std::vector<int>& all = kind == 'a' ? kept.sound : kept.subtitles;
    for (int track : tracks)
    {
        const auto number = std::find(all.begin(), all.end(), track) - all.begin();
        append(arguments, { "-map", std::to_string(input) + ':' + kind + ':' + std::to_string(number) });
    }
}

bool skipsErrors(const std::string& source, bool encodes_sound)
{
    return encodes_sound || isUrl(source);
}

WrittenSound finishWriting(ToolProcess& ffmpeg)
{
    ffmpeg.finish();
    const size_t most = size_t(1) << 24; // bytes
    const std::string text = ffmpeg.messages(most);
    for (const char* sign :
        { "Error writing trailer", "Error closing file", "av_interleaved_write_frame", "Error muxing" })
        if (!ffmpeg.stopped() && text.find(sign) != std::string::npos) // else it ends as it was asked to
            throw std::runtime_error("ffmpeg failed: " + text.substr(text.find(sign)));
    return { text.find("decod") == std::string::npos, !brokeOff(text) };
}

std::vector<std::string> ffmpegCommand(const std::vector<std::string>& arguments, bool skips_errors)
{
    std::vector<std::string> command = { "ffmpeg", "-hide_banner", "-loglevel", "error", "-y" };
    append(command, skips_errors ? Arguments { "-max_error_rate", "1" } : Arguments { "-xerror" });
    append(command, arguments);
    return command;
}

}} // namespace sanprivacy::apps
