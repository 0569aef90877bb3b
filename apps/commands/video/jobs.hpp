// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#ifndef SANPRIVACY_APPS_COMMANDS_VIDEO_JOBS_HPP
#define SANPRIVACY_APPS_COMMANDS_VIDEO_JOBS_HPP

#include "commands/video/options.hpp"
#include "common/output_folder.hpp"
#include "media/video_reader.hpp"
#include "options/inputs.hpp"

#include <filesystem>
#include <future>
#include <memory>
#include <string>
#include <vector>

namespace sanprivacy { namespace apps {

//! A video to protect.
struct Job
{
    std::string source, target;
    std::string note; //!< on the target's name, for the user; or empty
};

//! The videos of a run.
struct Jobs
{
    std::vector<Job> list;
    Inputs searched;                    //!< what was found in folders besides
    std::filesystem::path most_private; //!< the file that the fewest people may read; empty where there is none
    std::vector<std::unique_ptr<OutputFolder>> folders;
};

/** Inputs and outputs, one by one: a folder is searched for videos, and is written to where there are several.
Raises UsageError where an output would take the place of anything that is read, or of another output. */
Jobs findJobs(const VideoOptions& options);

//! How the source of a job is to be read.
ReadOptions readOptions(const Job& job, const VideoOptions& options);

//! A video that is being opened.
using OpenedVideo = std::future<std::unique_ptr<VideoReader>>;

/** Begins to open the first video on a thread of its own, for a Pipeline that is made later: ffprobe and ffmpeg take a
while to start. Only a file is opened; a camera's images would be late. */
OpenedVideo openFirst(const Jobs& jobs, const VideoOptions& options);

}} // namespace sanprivacy::apps

#endif // SANPRIVACY_APPS_COMMANDS_VIDEO_JOBS_HPP
