// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

// The log of an earlier run, whatever is in it, never keeps a video from being resumed: lines that are none of a frame
// do not count, and what is cut off is gone. The file that notes whether a face was found is either whole or says no.

#include "fuzzed_file.hpp"

#include "commands/video/log.hpp"
#include "commands/video/resume.hpp"

using namespace sanprivacy;

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size)
{
    static const test::FuzzedFile file("log.jsonl"), unfinished(".sanprivacy~video.mkv");
    file.write(data, size);
    apps::FrameLog log(file.path(), true);
    const std::int64_t frames = log.framesOf("video.mp4");
    test::require(frames >= -1 && frames != 0);
    log.cut("video.mp4", frames / 2);
    test::require(log.framesOf("video.mp4") <= frames / 2);

    unfinished.write(data, size);
    const std::filesystem::path target = std::filesystem::path(unfinished.path()).parent_path() / "video.mkv";
    const bool noted = std::string(reinterpret_cast<const char*>(data), size).rfind("A face was found.", 0) == 0;
    const apps::UnfinishedRun run(target, true);
    test::require(run.frames() == 0 && (noted || !run.faceFound()));
    return 0;
}
