// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#include "media/kept_tracks.hpp"

#include "common/atomic_file.hpp"
#include "common/message.hpp"
#include "common/tool_process.hpp"
#include "media/video_writer.hpp"

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

void runFfmpeg(const Arguments& arguments)
{
    ToolProcess(ffmpegCommand(arguments), ToolProcess::FEED).finish();
}

/** Whether a file of the target's kind takes these tracks with an encoder, or "copy".
@param kind 'a' or 's', of ffmpeg */
bool takes(const fs::path& target, const KeptTracks& kept, const std::vector<int>& tracks, char kind,
    const std::string& encoder)
{
    const bool sound = kind == 'a';
    const FileKind file = fileKind(target, false);
    const bool images = sound && !file.sound_alone;
    const HiddenFile trial(target, TRACKS);
    Arguments arguments = { "-nostdin" };
    if (images) // of a size and rate that every such file takes
        append(arguments, { "-f", "lavfi", "-i", "color=size=720x576:rate=25:duration=0.3" });
    if (sound)
        append(arguments, { "-t", "0.3" });
    append(arguments, { "-i", kept.video });
    if (images)
        append(arguments, { "-map", "0", "-c:v", file.video, "-pix_fmt", "yuv420p" });
    addMap(arguments, images, tracks);
    if (!sound)
        append(arguments, { "-frames:s", "1" });
    append(arguments, { "-map_chapters", "-1", std::string("-c:") + kind, encoder });
    addFile(arguments, trial.path);
    try
    {
        runFfmpeg(arguments);
        // Some containers take subtitles that nobody can read.
        return sound || readMediaInfo(trial.path.string()).subtitles.size() == tracks.size();
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
    Arguments encoders, const fs::path& target)
{
    TrackPlan plan;
    encoders.insert(encoders.begin(), "copy");
    const bool copy_all = !tracks.empty() && takes(target, kept, tracks, kind, "copy");
    size_t left_out = 0, encoded = 0;
    for (int track : tracks)
    {
        std::string chosen = copy_all ? "copy" : "";
        for (size_t k = 0; k < encoders.size() && chosen.empty(); ++k)
            if (takes(target, kept, { track }, kind, encoders[k]))
                chosen = encoders[k];
        if (chosen.empty())
        {
            ++left_out;
            continue;
        }
        const std::string place = std::string(":") + kind + ':' + std::to_string(plan.tracks.size());
        plan.tracks.push_back(track);
        append(plan.encoding, { "-c" + place, chosen });
        if (chosen == "copy" && kept.begin > 0) // else a copy begins with the key frame before
            append(plan.encoding, { "-copypriorss" + place, "0" });
        const auto language = kept.languages.find(track);
        if (language != kept.languages.end())
            append(plan.encoding, { "-metadata:s" + place, "language=" + language->second });
        if (chosen != "copy" && ++encoded == 1)
            plan.note = name + " that such a file cannot hold is encoded anew (" + chosen + ")";
    }
    if (left_out > 0)
        plan.note += (plan.note.empty() ? "" : "; ") + std::string("left out: ") + count(left_out, name + " track")
                     + " that cannot be kept in such a file";
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
    Arguments arguments = { "-itsoffset", std::to_string(cut ? 0 : shift), "-i", kept.video };
    addMap(arguments, 0, subtitles.tracks);
    append(arguments, { "-map_metadata:s", "-1" });
    append(arguments, subtitles.encoding);
    append(arguments, plain);
    append(arguments, cut ? Arguments() : end);
    addFile(arguments, cut ? whole : file);
    append(arguments, timesOfFile(kept.first, 0));
    runFfmpeg(arguments);
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
    runFfmpeg(arguments);
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
    append(arguments, { "-itsoffset", std::to_string(shift - (kept.begin > 0 ? early : 0)), "-i", kept.video });
    append(arguments, streams);
    const int source = subtitles.tracks.empty() ? 1 : 2;
    append(arguments, { "-map_chapters", takesChapters(target) ? std::to_string(source) : "-1" });
    if (kept.end >= 0) // for the chapters
        append(arguments, { "-t", std::to_string(length) });
    append(arguments, { "-map_metadata:g", "-1", "-c", "copy", "-fflags", "+bitexact" });
    addFile(arguments, whole.path);
    runFfmpeg(arguments);
    fs::rename(whole.path, video);
}

void addMap(Arguments& arguments, int input, const std::vector<int>& streams)
{
    for (int stream : streams)
        append(arguments, { "-map", std::to_string(input) + ':' + std::to_string(stream) });
}

std::vector<std::string> ffmpegCommand(std::vector<std::string> arguments)
{
    arguments.insert(arguments.begin(), { "ffmpeg", "-hide_banner", "-loglevel", "error", "-xerror", "-y" });
    return arguments;
}

}} // namespace sanprivacy::apps
