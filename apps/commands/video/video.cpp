// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#include "commands/commands.hpp"
#include "commands/video/jobs.hpp"
#include "commands/video/log.hpp"
#include "commands/video/options.hpp"
#include "commands/video/pipeline.hpp"
#include "commands/video/protection.hpp"
#include "commands/video/resume.hpp"
#include "common/help_format.hpp"
#include "common/message.hpp"
#include "common/number_range.hpp"
#include "common/workers.hpp"
#include "media/encoding.hpp"
#include "media/image_sequence.hpp"
#include "options/face_labels.hpp"
#include "options/transparency.hpp"
#include "options/without_effect.hpp"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <memory>
#include <sstream>

#include <CLI/CLI.hpp>

namespace fs = std::filesystem;

namespace sanprivacy { namespace apps {

namespace {

//! "12.5", "1:02.5" or "1:00:00" in seconds.
double parseTime(const std::string& option, const std::string& text, double otherwise)
{
    if (text.empty())
        return otherwise;
    double seconds = 0;
    std::stringstream parts(text);
    std::string part;
    while (std::getline(parts, part, ':'))
    {
        size_t used = 0;
        double value = -1;
        try
        {
            value = std::stod(part, &used);
        }
        catch (const std::exception&)
        {
        }
        if (part.empty() || used != part.size() || !(value >= 0 && value < 1e6))
            throw UsageError(option + ": expected seconds or H:MM:SS; found '" + text + "'");
        seconds = 60 * seconds + value;
    }
    return seconds;
}

//! "2:1" or "2/1".
cv::Size parsePixelAspect(const std::string& text)
{
    const int most = 8; // of the ratio
    cv::Size shape;
    int used = -1;
    if (std::sscanf(text.c_str(), "%6d%*1[:/]%6d%n", &shape.width, &shape.height, &used) != 2
        || size_t(used) != text.size() || shape.width <= 0 || shape.height <= 0 || shape.width > most * shape.height
        || shape.height > most * shape.width)
        throw UsageError("--pixel-aspect: expected W:H, as 2:1, of a ratio from 1:8 to 8:1; found '" + text + "'");
    return shape;
}

void checkOptions(VideoOptions& options)
{
    if (!options.pixel_aspect_text.empty())
        options.pixel_aspect = parsePixelAspect(options.pixel_aspect_text);
    options.from = parseTime("--from", options.from_text, 0);
    options.to = parseTime("--to", options.to_text, -1);
    if (options.names.size() < 2)
        throw UsageError("expected an input and an output");
    options.names.back() = localName(options.names.back());
    if (options.to >= 0 && options.to <= options.from)
        throw UsageError("--to must be later than --from");
    if (options.label == "neutral" && options.prototype == "opposite")
        throw UsageError("--label neutral has no opposite; add --prototype same or --prototype neutral");
    labelNamed(options.label, options.networks); // told before anything is read
    if (options.exempt.empty() != options.matcher.empty())
        throw UsageError("--exempt and --matcher belong together");
    const auto isSet = [](const char* variable) { return std::getenv(variable) != nullptr; };
    if (options.preview && !isSet("DISPLAY") && !isSet("WAYLAND_DISPLAY") && !isSet("QT_QPA_PLATFORM"))
        throw UsageError("--preview needs a screen (neither DISPLAY nor WAYLAND_DISPLAY is set)"); // else Qt aborts
    if (!options.raw.empty())
        RawFormat::parse(options.raw);
}

//! Names the output, the last of the arguments.
class VideoHelp : public HelpFormat
{
public:
    using HelpFormat::HelpFormat;

    std::string make_option_usage(const CLI::Option* option) const override
    {
        return HelpFormat::make_option_usage(option) + " OUT";
    }
};

void warnOfIdleOptions(const CLI::App& command, const VideoOptions& options)
{
    std::vector<std::string> of_network = options.networks.of_perturber;
    of_network.insert(of_network.end(), { "--prototype", "--label", "--refresh-interval" });
    if (options.replacement != "san")
        warnWithoutEffect(command, of_network, "with --replace " + options.replacement);
    if (options.prototype == "same")
        warnWithoutEffect(command, options.networks.ofWholeImage(), "with --prototype same");
    if (options.replacement == "san" && !options.networks.usesLabels(options.prototype))
        warnWithoutEffect(command, { "--label", "--classifier" }, "with --prototype " + options.prototype);
    if (options.exempt.empty())
        warnWithoutEffect(command, { "--exempt-score" }, "without --exempt");
    const std::vector<std::string>& names = options.names;
    if (std::find(names.begin(), names.end() - 1, "-") == names.end() - 1)
        warnWithoutEffect(command, { "--raw" }, "without the input - (raw frames on standard input)");
    const std::string& output = names.back();
    if (output == "-" || ImagePattern::matches(output))
        warnWithoutEffect(command, { "--resume", "--quality" }, "with the output " + output);
    else if (names.size() == 2 && !hasRateFactor(output))
        warnWithoutEffect(
            command, { "--quality" }, "with the output " + output + ", which is not of H.264, H.265 or VP9");
}

//! What became of the videos of a run.
struct Results
{
    size_t done = 0, copied = 0, faceless = 0, skipped = 0, failed = 0;
    FrameCounts counts;

    size_t all() const { return done + copied + faceless + skipped + failed; }
};

void protect(const Job& job, const VideoOptions& options, const Protection& protection, FrameLog& log,
    OpenedVideo opened, Results& results)
{
    if (options.resume && fs::exists(job.target) && !UnfinishedRun::isThere(job.target))
    {
        ++results.skipped;
        return;
    }
    std::unique_ptr<Pipeline> pipeline;
    try
    {
        pipeline.reset(new Pipeline(job, options, protection, log, std::move(opened)));
        const Outcome outcome = pipeline->run();
        ++(outcome == Outcome::DONE        ? results.done
            : outcome == Outcome::COPIED   ? results.copied
            : outcome == Outcome::FACELESS ? results.faceless
                                           : results.failed);
    }
    catch (const UsageError&)
    {
        throw;
    }
    catch (const std::exception& error)
    {
        const bool not_begun = interrupted() && !pipeline; // whatever a tool says that was stopped
        std::cerr << printable(job.source) << ": "
                  << (not_begun ? "interrupted before the first frame; nothing written" : message(error)) << std::endl;
        ++results.failed;
    }
    if (pipeline)
        results.counts += pipeline->counts();
}

void report(const Results& results, const Jobs& jobs, double seconds, std::ostream& out)
{
    const FrameCounts& counts = results.counts;
    char rate[40];
    std::snprintf(
        rate, sizeof(rate), "%.1f s, %.1f frames/s", seconds, double(counts.frames) / std::max(seconds, 1e-3));
    out << count(results.done, "video") << " protected (" << count(counts.frames, "frame") << "; "
        << count(counts.faces, "face") << ", counted in every frame: " << counts.blurred << " blurred, " << counts.held
        << " at their last place, " << counts.none << " left as they are), " << results.copied << " copied, "
        << results.faceless << " without a face, " << results.skipped << " finished before, " << results.failed
        << " failed; " << rate << std::endl;
    if (counts.dropped > 0)
        out << count(counts.dropped, "frame")
            << " of the live source dropped: they came faster than this machine protects them"
            << (counts.dropped > counts.frames ? "; --interval 1 may help" : "") << std::endl;
    if (counts.withheld > 0)
        out << count(counts.withheld, "frame") << " withheld; each shows the protected frame before it, or black"
            << std::endl;
    if (counts.errors > 0)
        out << count(counts.errors, "frame") << " blurred or withheld after an error: " << counts.error << std::endl;
    if (counts.smallest_face > 0)
        out << "Faces narrower than " << counts.smallest_face << " pixels are not searched for" << std::endl;
    out << transparencyLimit(counts.smallest_face, counts.smallest_face_in_transparency);
    if (!jobs.searched.skippedText().empty())
        out << "Skipped " << jobs.searched.skippedText() << std::endl;
}

ExitCode runVideo(const CLI::App& command, VideoOptions& options)
{
    checkOptions(options);
    warnOfIdleOptions(command, options);
    const Jobs jobs = findJobs(options);
    OpenedVideo first = openFirst(jobs, options); // while the networks are loaded
    const Protection protection(options);
    FrameLog log(options.log, options.resume, jobs.most_private);
    catchInterrupts();
    Results results;
    const auto start = std::chrono::steady_clock::now();
    for (size_t k = 0; k < jobs.list.size() && !interrupted(); ++k)
        protect(jobs.list[k], options, protection, log, k == 0 ? std::move(first) : OpenedVideo(), results);
    const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    report(results, jobs, seconds, options.names.back() == "-" ? std::cerr : std::cout);
    const bool unreadable = jobs.searched.reportUnreadable(),
               cut_short = interrupted() && results.all() < jobs.list.size();
    return results.failed > 0 || (results.faceless > 0 && options.no_face == "error") || results.counts.errors > 0
                   || unreadable || cut_short
               ? FAILED
               : SUCCEEDED;
}

void addProtectionOptions(CLI::App& command, VideoOptions& options)
{
    command
        .add_option(
            "--replace", options.replacement, "What replaces a face: san (default: perturbed), blur, pixelation, solid")
        ->type_name("HOW")
        ->check(CLI::IsMember(REPLACEMENTS).description(""));
    command
        .add_option("--label", options.label,
            "Label of all faces: auto (default: predict), male, female, old, young, 1, 0, neutral")
        ->type_name("LABEL")
        ->transform(CLI::IsMember(&labelNames(), CLI::ignore_case).description(""));
    command
        .add_option("--prototype", options.prototype,
            "Output: opposite (default), neutral, same, random (drawn for each person)")
        ->type_name("WHICH")
        ->check(CLI::IsMember(PROTOTYPES).description(""));
    command
        .add_option("--low-confidence", options.low_confidence,
            "Face too small or unsure: blur (default), drop (repeat last frame), pass (unchanged)")
        ->type_name("WHAT")
        ->check(CLI::IsMember(POLICIES).description(""));
    command
        .add_option(
            "--no-face", options.no_face, "Video without a face: error (default), skip (no output) or copy (unchanged)")
        ->type_name("WHAT")
        ->check(CLI::IsMember({ "copy", "skip", "error" }).description(""));
    command.add_option("--exempt", options.exempt, "Photo of a person whose face is not changed")->type_name("PHOTO");
    command
        .add_option("--matcher", options.matcher, "Model description file of the matcher that recognises this person")
        ->type_name("YML");
    command
        .add_option("--exempt-score", options.exempt_score,
            "Match score from which a face is this person; default 0.45 (cosine), -0.5 (Euclidean)")
        ->type_name("S")
        ->check(numberRange(-1e9, 1));
}

void addTimeOptions(CLI::App& command, VideoOptions& options)
{
    command.add_option("--from", options.from_text, "Start of the output: seconds or H:MM:SS")->type_name("T");
    command.add_option("--to", options.to_text, "End of the output")->type_name("T");
    command.add_option("--interval", options.interval, "Longest time between detections, seconds; default 0.2")
        ->type_name("S")
        ->check(numberRange(0., 10.));
    command.add_option("--look-ahead", options.look_ahead, "Delay of the output, seconds; default 1.2, live 0.24")
        ->type_name("S")
        ->check(numberRange(0., 60.));
    command.add_option("--hold", options.hold, "Time for which a lost face stays protected, seconds; default 0.8")
        ->type_name("S")
        ->check(numberRange(0., 600.));
    command
        .add_option("--refresh-interval", options.refresh_interval,
            "Time for which a face that hardly changes reuses its result, seconds; default 0.08")
        ->type_name("S")
        ->check(numberRange(0., 60.));
}

void addOutputOptions(CLI::App& command, VideoOptions& options)
{
    command
        .add_option("--quality", options.quality,
            "Constant rate factor (CRF) of H.264, H.265, VP9; lower is better; default 18")
        ->type_name("0-51")
        ->check(CLI::Range(0, 51).description(""));
    command.add_option("--raw", options.raw, "Size and rate of raw BGR frames on standard input, as 640x480@30")
        ->type_name("WxH@FPS");
    command
        .add_option("--pixel-aspect", options.pixel_aspect_text,
            "Width:height of a pixel where the video has none: 2:1 if faces have half their width")
        ->type_name("RATIO"); // CLI11 leaves out what follows a colon
    command.add_option("--log", options.log, "Log of faces found and protected: one line of JSON for each frame")
        ->type_name("FILE");
    command.add_flag("--preview", options.preview, "Show the result in a window; Esc stops");
    command.add_flag("--boxes", options.boxes, "Draw the face boxes into the output");
    command.add_flag("--resume", options.resume, "Skip finished videos and continue an unfinished one (same options)");
}

} // namespace

Command addVideo(CLI::App& app)
{
    auto options = std::make_shared<VideoOptions>();
    CLI::App* command =
        app.add_subcommand("video", "Protects every face in every frame of videos, cameras and streams");
    command->formatter(std::make_shared<VideoHelp>(app.get_formatter()->get_column_width()));
    command
        ->add_option("IN", options->names,
            "Videos, folders, images (%d), camera (0), URL, - (--raw); last: the output, - for raw")
        ->required()
        ->type_name("");
    addProtectionOptions(*command, *options);
    addTimeOptions(*command, *options);
    addOutputOptions(*command, *options);
    addMaxPixelsTo(*command, options->max_pixels);
    options->networks.addPerturberTo(*command);
    options->networks.addDetectorTo(*command);
    command->footer(
        "Sound, subtitles and chapters of files are kept; cameras and live streams are written without sound.\n"
        "Metadata (title, place, date ...) are left out, and with a message cover images, further video\n"
        "tracks and images inside other tracks.\n"
        "Exit code: 0 all protected, 1 some not (stderr names them), 2 wrong arguments.");
    return { command, [options, command] { return runVideo(*command, *options); } };
}

}} // namespace sanprivacy::apps
