// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#include "media/kept_tracks.hpp"

#include "common/atomic_file.hpp"
#include "common/message.hpp"
#include "common/tool_process.hpp"

#include <stdexcept>

namespace fs = std::filesystem;

namespace sanprivacy { namespace apps {

namespace {

//! Whether a file of the target's kind takes these tracks with an encoder, or "copy".
bool takes(const fs::path& target, const Sound& sound, const std::vector<int>& tracks, const std::string& encoder)
{
    const TemporaryFile trial(target);
    std::vector<std::string> arguments = { "-nostdin", "-t", "0.3", "-i", sound.video };
    for (int track : tracks)
        arguments.insert(arguments.end(), { "-map", "0:" + std::to_string(track) });
    arguments.insert(arguments.end(), { "-c", encoder, trial.path().string() });
    try
    {
        ToolProcess(ffmpegCommand(arguments), ToolProcess::FEED).finish();
        return true;
    }
    catch (const std::runtime_error&)
    {
        return false;
    }
}

} // namespace

SoundPlan planSound(const Sound& sound, const FileKind& kind, const fs::path& target)
{
    SoundPlan plan;
    const bool copy_all = !sound.tracks.empty() && takes(target, sound, sound.tracks, "copy");
    size_t kept = 0, left_out = 0, encoded = 0;
    for (int track : sound.tracks)
    {
        std::vector<std::string> encoders = kind.sound;
        encoders.insert(encoders.begin(), "copy");
        std::string chosen = copy_all ? "copy" : "";
        for (size_t k = 0; k < encoders.size() && chosen.empty(); ++k)
            if (takes(target, sound, { track }, encoders[k]))
                chosen = encoders[k];
        if (chosen.empty())
        {
            ++left_out;
            continue;
        }
        const std::string number = std::to_string(kept++);
        plan.arguments.insert(plan.arguments.end(), { "-map", "1:" + std::to_string(track), "-c:a:" + number, chosen });
        if (chosen == "copy" && sound.begin > 0) // else a copy begins with the key frame before
            plan.arguments.insert(plan.arguments.end(), { "-copypriorss:a:" + number, "0" });
        if (chosen != "copy" && ++encoded == 1)
            plan.note = "sound that such a file cannot hold is encoded anew (" + chosen + ")";
    }
    if (left_out > 0)
        plan.note += (plan.note.empty() ? "" : "; ") + std::string("left out: ") + count(left_out, "sound track")
                     + " that cannot be kept in such a file";
    return plan;
}

std::vector<std::string> ffmpegCommand(std::vector<std::string> arguments)
{
    arguments.insert(arguments.begin(), { "ffmpeg", "-hide_banner", "-loglevel", "error", "-xerror", "-y" });
    return arguments;
}

}} // namespace sanprivacy::apps
