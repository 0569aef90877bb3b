// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#include "commands/video/jobs.hpp"

#include "common/errors.hpp"
#include "common/image_io.hpp"
#include "common/output_guard.hpp"
#include "media/encoding.hpp"
#include "media/image_sequence.hpp"
#include "media/media_info.hpp"
#include "media/video_writer.hpp"

#include <cstdlib>
#include <iterator>
#include <map>
#include <set>
#include <stdexcept>

namespace fs = std::filesystem;

namespace sanprivacy { namespace apps {

namespace {

//! Whether nothing but a video has such a name; .ts, for one, is a language as well.
bool hasVideoName(const fs::path& file)
{
    static const std::set<std::string> endings = { ".3gp", ".avi", ".flv", ".m2ts", ".m4v", ".mkv", ".mov", ".mp4",
        ".mpeg", ".mpg", ".mts", ".mxf", ".ogv", ".vob", ".webm", ".wmv" };
    return endings.count(endingOf(file)) > 0;
}

/** Whether a file of a folder is a video, by what is in it; one that cannot be read, by its name, so that it is told.
Hidden ones are left out. */
bool holdsVideo(const fs::path& file)
{
    if (file.filename().string()[0] == '.' || hasImageName(file) || !fs::is_regular_file(file))
        return false;
    if (fs::file_size(file) == 0)
        return hasVideoName(file);
    try
    {
        const MediaInfo info = readMediaInfo(fs::absolute(file).string());
        return info.video >= 0 && !info.image && !info.playlist;
    }
    catch (const std::runtime_error&)
    {
        return hasVideoName(file);
    }
}

//! The files that a name stands for: those of a sequence, one, or none.
std::vector<fs::path> filesOf(const std::string& name)
{
    std::vector<fs::path> files;
    if (ImagePattern::matches(name))
        return ImagePattern(name).files();
    else if (name != "-" && !isCamera(name) && !isUrl(name))
        files.push_back(localName(name));
    return files;
}

//! Whether a video that was written into an empty folder is all that is there, and can be read as what its name says.
bool isWhole(const fs::path& video)
{
    static const std::set<std::string> bare = { ".h264", ".264" };
    const fs::directory_iterator files(video.parent_path());
    if (std::distance(begin(files), end(files)) != 1) // as a list of parts, which may overwrite others
        return false;
    try
    {
        const MediaInfo info = readMediaInfo(video.string());
        const bool has_own_encoder = fileKind(video, false).video != FileKind().video;
        return info.video >= 0 && (has_own_encoder || !info.image)
               && (!info.bare_h264 || bare.count(endingOf(video)) > 0);
    }
    catch (const std::runtime_error&)
    {
        return false;
    }
}

//! Why ffmpeg writes no such files, or empty; it reads more kinds, as those of recorders. Tries one black frame.
std::string whyNotWritten(const fs::path& name)
{
    std::error_code error; // of TMPDIR, which may name no folder
    std::string folder = (fs::temp_directory_path(error) / "sanprivacy-XXXXXX").string();
    if (error || !mkdtemp(&folder[0]))
        return std::string(); // what is wrong is told when it is written
    const fs::path trial = fs::path(folder) / name.filename();
    std::string why;
    try
    {
        const std::unique_ptr<VideoWriter> writer = createVideoWriter(trial.string(), WriteOptions());
        VideoFrame black;
        black.pixels = cv::Mat::zeros(240, 320, CV_8UC3);
        writer->write(black);
        writer->finish();
        if (!isWhole(trial))
            why = WrongEnding::unknownTo(trial).what();
    }
    catch (const WrongEnding& wrong)
    {
        why = wrong.what();
    }
    catch (const std::runtime_error& failed)
    {
        if (std::string(failed.what()).find("Could not write header") != std::string::npos) // takes other codecs only
            why = WrongEnding::unknownTo(trial).what();
        // else as above
    }
    std::error_code ignored;
    fs::remove_all(folder, ignored);
    return why;
}

//! Refuses a name that tells no kind of video that can be written.
void checkOutput(const std::string& output)
{
    if (output == "-" || ImagePattern::matches(output) || hasImageName(output) || hasVideoName(output))
        return;
    if (fs::path(output).extension().empty())
        throw UsageError("'" + output + "' has no ending that tells the kind of video, such as .mp4");
    const std::string why = whyNotWritten(output);
    if (!why.empty())
        throw UsageError(why);
}

//! A video that is written to a folder, under the name of its source where ffmpeg writes such files.
Job jobInFolder(const fs::path& source, const fs::path& folder, const fs::path& name)
{
    static std::map<std::string, bool> kinds; // by their ending
    const std::string ending = endingOf(name);
    if (kinds.count(ending) == 0)
        kinds[ending] = hasVideoName(name) || whyNotWritten(name).empty();
    const fs::path target = folder / name;
    if (kinds[ending])
        return { source.string(), target.string(), std::string() };
    const std::string renamed = target.string() + ".mp4";
    return { source.string(), renamed,
        "written as '" + renamed + "': ffmpeg writes no videos "
            + (ending.empty() ? "without an ending" : "with the ending " + ending) };
}

void append(std::vector<fs::path>& files, const std::vector<fs::path>& more)
{
    files.insert(files.end(), more.begin(), more.end());
}

void checkOutputs(const std::vector<Job>& jobs, const VideoOptions& options)
{
    std::vector<fs::path> read = options.networks.files(), written = { options.log };
    append(read, { options.exempt, options.matcher });
    std::set<fs::path> targets;
    DistinctOutputs distinct;
    std::error_code ignored;
    for (const Job& job : jobs)
    {
        append(read, filesOf(job.source));
        if (job.target == "-")
            continue;
        append(written, filesOf(job.target));
        if (!ImagePattern::matches(job.target))
            append(written,
                { job.target, unfinishedVideo(job.target), hiddenName(job.target, EARLIER),
                    hiddenName(job.target, REWRITTEN), hiddenName(job.target, TRACKS), hiddenName(job.target, LOCK) });
        distinct.add(job.target, job.source);
        targets.insert(fs::weakly_canonical(job.target, ignored));
    }
    refuseInputsAsOutputs(read, written);
    if (!options.log.empty() && targets.count(fs::weakly_canonical(options.log, ignored)) > 0)
        throw UsageError("--log: '" + options.log + "' is the output; name another file");
}

} // namespace

Jobs findJobs(const VideoOptions& options)
{
    const std::vector<std::string>& names = options.names;
    const std::string& output = names.back();
    Jobs jobs;
    const bool several = names.size() > 2 || fs::is_directory(names[0]) || (output != "-" && fs::is_directory(output));
    const bool names_video = hasVideoName(output) && !fs::is_directory(output);
    if (several && (output == "-" || ImagePattern::matches(output) || names_video))
        throw UsageError("several videos need a folder to be written to; found '" + output + "'");
    for (size_t i = 0; i + 1 < names.size(); ++i)
    {
        const std::string name = localName(names[i]);
        if (fs::is_directory(name))
        {
            const Inputs found = findInputs({ name }, output, holdsVideo);
            for (const Input& video : found.images)
                jobs.list.push_back(jobInFolder(video.file, output, video.relative));
            jobs.searched.add(found);
            continue;
        }
        if (several && (name == "-" || isCamera(name) || isUrl(name) || ImagePattern::matches(name)))
            throw UsageError("'" + name + "' cannot be written to a folder; name an output file for it alone");
        jobs.list.push_back(
            several ? jobInFolder(name, output, fs::path(name).filename()) : Job { name, output, std::string() });
    }
    checkOutputs(jobs.list, options);
    if (!several)
        checkOutput(output);
    std::vector<fs::path> sources;
    for (const Job& job : jobs.list)
        append(sources, filesOf(job.source));
    jobs.most_private = mostPrivate(sources);
    if (jobs.list.empty() && jobs.searched.unreadable.empty())
        throw UsageError("no videos found; skipped "
                         + (jobs.searched.skippedText().empty() ? "nothing" : jobs.searched.skippedText()));
    for (const Job& job : jobs.list)
        if (job.target != "-")
            jobs.folders.emplace_back(new OutputFolder(
                fs::path(job.target).has_parent_path() ? fs::path(job.target).parent_path() : fs::path(".")));
    return jobs;
}

ReadOptions readOptions(const Job& job, const VideoOptions& options)
{
    ReadOptions read;
    if (!options.raw.empty())
        read.raw = RawFormat::parse(options.raw);
    read.from = options.from;
    read.keep_depth = holdsDepth(job.target);
    read.max_pixels = options.max_pixels;
    return read;
}

OpenedVideo openFirst(const Jobs& jobs, const VideoOptions& options)
{
    std::error_code ignored;
    if (jobs.list.empty())
        return OpenedVideo();
    const Job& job = jobs.list.front();
    if (ImagePattern::matches(job.source) || !fs::is_regular_file(localName(job.source), ignored))
        return OpenedVideo();
    return std::async(std::launch::async, openVideo, job.source, readOptions(job, options));
}

}} // namespace sanprivacy::apps
