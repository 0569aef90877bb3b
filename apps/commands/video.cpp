// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#include "commands/commands.hpp"
#include "common/atomic_file.hpp"
#include "common/bounded_queue.hpp"
#include "common/image_io.hpp"
#include "common/message.hpp"
#include "common/progress.hpp"
#include "common/workers.hpp"
#include "media/video_reader.hpp"
#include "media/video_writer.hpp"
#include "options/face_labels.hpp"
#include "options/faces.hpp"
#include "options/network_options.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <csignal>
#include <cstdio>
#include <exception>
#include <fstream>
#include <iostream>
#include <memory>
#include <set>
#include <sstream>
#include <thread>

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>
#include <opencv2/highgui.hpp>
#include <opencv2/imgproc.hpp>
#include <opencv2/sanprivacy.hpp>

namespace fs = std::filesystem;
using namespace cv::sanprivacy;

namespace sanprivacy { namespace apps {

namespace {

const size_t QUEUE = 10;     // frames between two steps of the pipeline: more than from one look of the detector to the next
const size_t LIVE_QUEUE = 2; // ... of a camera: older ones are dropped
// Frames that are followed again where a video is resumed, at least, and hold times: faces followed or held there stay covered.
const size_t LEAST_SECOND_LOOK = 60, SECOND_LOOK_HOLDS = 6;
const int LIVE_LOOK_AHEAD = 6, LIVE_INTERVAL = 5; // frames: a fifth of a second of delay
const std::set<std::string> VIDEO_ENDINGS = { ".mp4", ".mov", ".mkv", ".avi", ".webm", ".m4v", ".mpg", ".mpeg", ".ts", ".wmv", ".flv" };

struct VideoOptions
{
    std::vector<std::string> names; // inputs, then the output
    std::string label = "auto", prototype = "opposite", replacement = "san", low_confidence = "blur";
    std::string exempt, matcher, log, raw;
    std::string from, to;
    double exempt_score = NAN;
    int interval = 0, look_ahead = -1, hold = -1, refresh_interval = 0, quality = 18;
    bool preview = false, boxes = false, resume = false;
    NetworkOptions networks;
};

int indexOf(const std::vector<std::string>& names, const std::string& name)
{
    return int(std::find(names.begin(), names.end(), name) - names.begin());
}

// In the order of the enumerations of the module.
const std::vector<std::string> REPLACEMENTS = { "san", "blur", "pixelation", "solid" }, POLICIES = { "blur", "drop", "pass" },
                               PROTOTYPES = { "same", "neutral", "opposite", "random" }, STATES = { "found", "tracked", "backtracked", "held" },
                               PROTECTIONS = { "replaced", "blurred", "none" };

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

struct Job
{
    std::string source, target;
};

//! Inputs and outputs, one by one: a folder holds videos, and so does the output where there are several.
std::vector<Job> findJobs(const std::vector<std::string>& names)
{
    const std::string& output = names.back();
    std::vector<Job> jobs;
    const bool several = names.size() > 2 || fs::is_directory(names[0]) || (output != "-" && fs::is_directory(output));
    for (size_t i = 0; i + 1 < names.size(); ++i)
    {
        std::vector<std::string> videos;
        if (fs::is_directory(names[i]))
        {
            for (const fs::directory_entry& entry : fs::directory_iterator(names[i]))
                if (VIDEO_ENDINGS.count(endingOf(entry.path())) && entry.path().filename().string()[0] != '.')
                    videos.push_back(entry.path().string());
            std::sort(videos.begin(), videos.end());
        }
        else
            videos.push_back(names[i]);
        for (const std::string& video : videos)
        {
            if (several && (video == "-" || VideoReader::isLive(video) || VideoReader::isPattern(video)))
                throw UsageError("'" + video + "' cannot be written to a folder; name an output file for it alone");
            jobs.push_back({ video, several ? (fs::path(output) / fs::path(video).filename()).string() : output });
        }
    }
    std::set<fs::path> targets;
    for (const Job& job : jobs)
    {
        if (job.target == "-")
            continue;
        if (!targets.insert(fs::weakly_canonical(job.target)).second)
            throw UsageError("two inputs would both be written to '" + job.target + "'");
        for (const Job& other : jobs)
            if (fs::exists(job.target) && fs::exists(other.source) && fs::equivalent(job.target, other.source))
                throw UsageError("'" + job.target + "' is an input and would be overwritten; name another output");
    }
    if (jobs.empty())
        throw UsageError("no videos found");
    if (several)
        makeWritableFolder(output);
    else if (output != "-")
        makeWritableFolder(fs::path(output).has_parent_path() ? fs::path(output).parent_path() : fs::path("."));
    return jobs;
}

nlohmann::json toJson(const StreamRecord& record, double time)
{
    nlohmann::json line = { { "frame", record.frame }, { "time", std::round(time * 1e4) / 1e4 }, { "detected", record.detected },
                            { "withheld", record.withheld }, { "blurred", record.blurred }, { "faces", nlohmann::json::array() } };
    if (!record.error.empty())
        line["error"] = record.error;
    for (const StreamFace& face : record.faces)
    {
        nlohmann::json landmarks = nlohmann::json::array();
        for (const cv::Point2f& point : face.landmarks)
            landmarks.push_back({ std::round(point.x * 10.) / 10, std::round(point.y * 10.) / 10 });
        line["faces"].push_back({ { "track", face.track }, { "state", STATES[size_t(face.state)] },
                                  { "protection", PROTECTIONS[size_t(face.protection)] }, { "label", face.label },
                                  { "score", std::round(face.score * 1000.) / 1000 }, { "exempt", face.exempt },
                                  { "box", { std::round(face.box.x), std::round(face.box.y), std::round(face.box.width), std::round(face.box.height) } },
                                  { "landmarks", landmarks } });
    }
    return line;
}

//! An unfinished video while its frames are taken over into a new one.
fs::path earlierVideo(const fs::path& target)
{
    return target.parent_path() / (".sanprivacy_earlier-" + target.filename().string());
}

size_t framesOf(const fs::path& video)
{
    size_t frames = 0;
    try
    {
        for (VideoReader reader(video.string(), RawFormat()); reader.skip(); )
            ++frames;
    }
    catch (const std::runtime_error&) // none, or cut off before its index was written
    {
    }
    return frames;
}

//! What an earlier run left of a video, out of the way of the new one; where nothing is resumed, it goes.
size_t prepareEarlierVideo(const fs::path& target, bool resume)
{
    const fs::path unfinished = unfinishedVideo(target), earlier = earlierVideo(target);
    if (!resume)
    {
        const bool unfinishedThere = fs::remove(unfinished), earlierThere = fs::remove(earlier);
        if (unfinishedThere || earlierThere) // then the video is not whole
            fs::remove(target);
        return 0;
    }
    size_t frames = framesOf(earlier);
    const size_t newer = framesOf(unfinished);
    if (fs::exists(unfinished) && newer >= frames)
    {
        fs::rename(unfinished, earlier);
        frames = newer;
    }
    return endingOf(target) == ".avi" ? 0 : frames; // whose frames are not those of the source, where the rate is uneven
}

void drawBoxes(cv::Mat& image, const StreamRecord& record)
{
    const cv::Scalar colors[] = { { 80, 220, 80 }, { 220, 180, 60 }, { 220, 80, 200 }, { 60, 80, 230 } }; // by FaceState
    const double font = .5;
    for (const StreamFace& face : record.faces)
    {
        const cv::Scalar& color = colors[face.state];
        cv::rectangle(image, cv::Rect(face.box), color, 2);
        cv::putText(image, std::to_string(face.track) + ' ' + STATES[size_t(face.state)], cv::Rect(face.box).tl() - cv::Point(0, 5),
                    cv::FONT_HERSHEY_SIMPLEX, font, color);
    }
}

//! What all videos of a run have in common.
class Anonymization
{
public:
    explicit Anonymization(const VideoOptions& options);
    ExitCode run();

private:
    struct Counts
    {
        size_t frames = 0, faces = 0, held = 0, blurred = 0, none = 0, withheld = 0, errors = 0, dropped = 0;
    };

    //! What is known of a frame while StreamAnonymizer has it.
    struct Moment
    {
        double time; // seconds
        cv::Size size;
    };

    struct Protected
    {
        VideoFrame frame;
        StreamRecord record;
    };

    StreamParams paramsFor(bool live) const;
    void loadExemptPerson();
    bool anonymize(const Job& job, Counts& counts);
    void tally(const StreamRecord& record, Counts& counts) const;

    const VideoOptions& options_;
    double from_, to_;
    std::vector<Job> jobs_;
    RawFormat raw_;
    cv::Ptr<FaceDetector> detector_;
    cv::Ptr<Perturber> perturber_;
    cv::Ptr<FaceNetwork> matcher_;
    cv::Mat exempt_descriptor_;
    std::ofstream log_;
};

Anonymization::Anonymization(const VideoOptions& options)
    : options_(options), from_(parseTime("--from", options.from, 0)), to_(parseTime("--to", options.to, -1))
{
    if (options.names.size() < 2)
        throw UsageError("expected an input and an output");
    if (to_ >= 0 && to_ <= from_)
        throw UsageError("--to must be later than --from");
    if (options.label == "neutral" && options.prototype == "opposite")
        throw UsageError("--label neutral has no opposite; add --prototype same or --prototype neutral");
    labelNamed(options.label, options.networks.hidden().size()); // told before anything is read
    if (options.exempt.empty() != options.matcher.empty())
        throw UsageError("--exempt and --matcher belong together");
    if (!options.raw.empty())
        raw_ = RawFormat::parse(options.raw);
    jobs_ = findJobs(options.names);
    detector_ = options.networks.createDetector();
    if (options.replacement == "san")
        perturber_ = options.networks.createPerturber();
    if (!options.exempt.empty())
        loadExemptPerson();
    if (!options.log.empty())
    {
        log_.open(options.log, options.resume ? std::ios::app : std::ios::out);
        if (!log_)
            throw std::runtime_error("cannot write '" + options.log + "'");
    }
}

void Anonymization::loadExemptPerson()
{
    if (fs::path(options_.matcher).extension() == ".onnx")
        throw UsageError("--matcher: name a model description file that describes the matcher's input, as samples/models.yml does; "
                         "an ONNX file alone does not tell it");
    std::vector<ModelDescription> networks;
    readModelDescriptions(options_.matcher, networks);
    const auto found = std::find_if(networks.begin(), networks.end(),
                                    [](const ModelDescription& network) { return network.task == NETWORK_MATCHER; });
    if (found == networks.end())
        throw UsageError("--matcher: '" + options_.matcher + "' describes no matcher");
    matcher_ = FaceNetwork::create(*found);

    const Image reference = readImage(options_.exempt);
    cv::Mat pixels = reference.pixels, faces, crop;
    if (pixels.depth() == CV_16U)
        pixels.convertTo(pixels, CV_8U, 1. / 257); // 65535 becomes 255
    detector_->detect(pixels, faces);
    if (faces.empty())
        throw std::runtime_error(options_.exempt + ": no face found");
    matcher_->crop(pixels, faces.row(largestFace(faces)), crop);
    matcher_->forward(std::vector<cv::Mat>(1, crop), exempt_descriptor_);
}

StreamParams Anonymization::paramsFor(bool live) const
{
    StreamParams params;
    if (live)
    {
        params.look_ahead = LIVE_LOOK_AHEAD;
        params.detect_interval = LIVE_INTERVAL;
    }
    if (options_.interval > 0)
        params.detect_interval = options_.interval;
    if (options_.look_ahead >= 0)
        params.look_ahead = options_.look_ahead;
    if (options_.hold >= 0)
        params.hold = options_.hold;
    if (options_.refresh_interval > 0)
        params.refresh_interval = options_.refresh_interval;
    params.replacement = indexOf(REPLACEMENTS, options_.replacement);
    params.low_confidence = indexOf(POLICIES, options_.low_confidence);
    params.prototype = indexOf(PROTOTYPES, options_.prototype);
    params.label = labelNamed(options_.label, options_.networks.hidden().size());
    return params;
}

ExitCode Anonymization::run()
{
    catchInterrupts();
    Counts counts;
    size_t done = 0, failed = 0, skipped = 0;
    const auto start = std::chrono::steady_clock::now();
    for (const Job& job : jobs_)
    {
        if (interrupted())
            break;
        if (options_.resume && fs::exists(job.target) && !fs::exists(unfinishedVideo(job.target))
            && !fs::exists(earlierVideo(job.target)))
        {
            ++skipped;
            continue;
        }
        try
        {
            anonymize(job, counts) ? ++done : ++failed;
        }
        catch (const UsageError&)
        {
            throw;
        }
        catch (const std::exception& error)
        {
            std::cerr << job.source << ": " << message(error) << std::endl;
            ++failed;
        }
    }
    const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    std::ostream& out = options_.names.back() == "-" ? std::cerr : std::cout;
    char rate[40];
    std::snprintf(rate, sizeof(rate), "%.1f s, %.1f frames/s", seconds, double(counts.frames) / std::max(seconds, 1e-3));
    out << count(done, "video") << " anonymized (" << count(counts.frames, "frame") << ", " << count(counts.faces, "face") << ": "
        << counts.blurred << " blurred, " << counts.held << " held, " << counts.none << " left), " << skipped << " there already, "
        << failed << " failed; " << rate << std::endl;
    if (counts.dropped > 0)
        out << count(counts.dropped, "frame") << " of the live source dropped: this machine is too slow for its rate" << std::endl;
    if (counts.withheld > 0)
        out << count(counts.withheld, "frame") << " withheld, the last protected one, or black, shown instead" << std::endl;
    if (counts.errors > 0)
        out << count(counts.errors, "frame") << " blurred or withheld after an error, see --log" << std::endl;
    return failed > 0 || counts.errors > 0 || (interrupted() && done + failed + skipped < jobs_.size()) ? FAILED : SUCCEEDED;
}

void Anonymization::tally(const StreamRecord& record, Counts& counts) const
{
    ++counts.frames;
    counts.withheld += record.withheld;
    counts.errors += !record.error.empty();
    for (const StreamFace& face : record.faces)
    {
        ++counts.faces;
        counts.held += face.state == FACE_HELD;
        counts.blurred += face.protection == PROTECTION_BLURRED;
        counts.none += face.protection == PROTECTION_NONE;
    }
}

/** One video, on four threads: decode | detect and track | network and blend | encode.
@return false where the video ended too early, or was interrupted. */
bool Anonymization::anonymize(const Job& job, Counts& counts)
{
    VideoReader reader(job.source, raw_);
    const bool live = reader.live();
    const StreamParams params = paramsFor(live);
    const bool resumable = !live && job.source != "-" && job.target != "-" && !VideoReader::isPattern(job.target);
    Sound sound;
    if (!live && job.source != "-" && !VideoReader::isPattern(job.source))
        sound = { job.source, from_, to_ };
    const std::unique_ptr<VideoWriter> writer = createVideoWriter(job.target, sound, options_.quality, reader.rate(), reader.pixelShape());
    const cv::Ptr<StreamAnonymizer> anonymizer = StreamAnonymizer::create(detector_, perturber_, params);
    if (matcher_)
    {
        const double cosine = .45, euclidean = -.5; // strict, so that in doubt a face is protected
        const double usual = matcher_->getDescription().distance == DISTANCE_EUCLIDEAN ? euclidean : cosine;
        anonymizer->setExemptPerson(matcher_, exempt_descriptor_, std::isnan(options_.exempt_score) ? usual : options_.exempt_score);
    }

    const double tolerance = .25 / reader.rate(); // of time stamps
    // The next frame from --from to --to.
    const auto advance = [&](VideoFrame& frame, bool pixels)
    {
        for (;;)
        {
            const bool decode = pixels && (from_ <= 0 || reader.nextTime() >= from_ - 2 / reader.rate());
            if (interrupted() || !(decode ? reader.read(frame) : reader.skip()))
                return false;
            frame.time = reader.time();
            if (to_ >= 0 && frame.time >= to_ - tolerance)
                return false;
            if (frame.time >= from_ - tolerance && decode == pixels)
                return true;
        }
    };
    Progress progress(fs::path(job.source).filename().string(), live ? 0 : reader.frames());
    size_t read = 0;

    // What an earlier run has protected is taken over; its last frames are looked at once more, without a second result.
    int64 second = 0;
    // The last ones came out without looks further ahead, where the run was interrupted.
    const size_t left = resumable ? prepareEarlierVideo(job.target, options_.resume) : 0, done = left - std::min(left, size_t(params.look_ahead));
    if (done > 0)
    {
        const size_t secondLook = std::max(LEAST_SECOND_LOOK, SECOND_LOOK_HOLDS * params.hold + params.detect_interval);
        VideoReader earlier(earlierVideo(job.target).string(), RawFormat());
        VideoFrame frame, ready;
        for (; read < done; ++read)
        {
            const bool look = read + secondLook >= done;
            if (!advance(frame, look) || !earlier.read(ready))
                break;
            ready.time = frame.time;
            writer->write(ready);
            progress.step();
            if (!look)
                continue;
            anonymizer->push(frame.pixels);
            ++second;
            StreamRecord record;
            while (anonymizer->pop(frame.pixels, record))
                continue;
        }
    }
    const bool takenOver = !interrupted();
    const int64 skew = int64(read) - second; // of the anonymizer's frame numbers

    const size_t waiting = live ? LIVE_QUEUE : QUEUE;
    BoundedQueue<VideoFrame> decoded(waiting);
    BoundedQueue<Moment> pushed(waiting);
    BoundedQueue<Protected> finished(waiting);
    std::exception_ptr failure;
    std::mutex failure_mutex;
    size_t dropped = 0;
    const auto guarded = [&](const std::function<void()>& work)
    {
        try
        {
            work();
        }
        catch (...)
        {
            std::lock_guard<std::mutex> lock(failure_mutex);
            if (!failure)
                failure = std::current_exception();
        }
        // Whoever ends, by the end of the video or by an error, lets the others end.
    };

    std::thread decoding([&]
    {
        guarded([&]
        {
            VideoFrame frame;
            for (; advance(frame, true); ++read)
            {
                if (!(live ? decoded.pushLatest(std::move(frame), dropped) : decoded.push(std::move(frame))))
                    break;
                frame = VideoFrame();
            }
        });
        decoded.close();
    });
    std::thread tracking([&]
    {
        guarded([&]
        {
            VideoFrame frame;
            while (decoded.pop(frame))
            {
                Moment moment = { frame.time, frame.pixels.size() };
                anonymizer->push(frame.pixels);
                if (!pushed.push(std::move(moment)))
                    return;
            }
            anonymizer->finish();
        });
        decoded.close();
        pushed.close();
    });
    std::thread replacing([&]
    {
        guarded([&]
        {
            std::deque<Moment> moments;
            Moment moment;
            Protected result;
            const auto give = [&]
            {
                while (anonymizer->pop(result.frame.pixels, result.record))
                {
                    if (result.record.frame < second)
                        continue;
                    result.record.frame += skew;
                    if (moments.empty()) // the frame was faster than its time
                    {
                        if (!pushed.pop(moment))
                            return false;
                        moments.push_back(moment);
                    }
                    result.frame.time = moments.front().time;
                    if (result.record.withheld)
                        result.frame.pixels = cv::Mat::zeros(moments.front().size, CV_8UC3);
                    moments.pop_front();
                    if (!finished.push(std::move(result)))
                        return false;
                    result = Protected();
                }
                return true;
            };
            while (pushed.pop(moment))
            {
                moments.push_back(moment);
                if (!give())
                    return;
            }
            give();
        });
        pushed.close();
        finished.close();
    });

    guarded([&]
    {
        Protected result;
        cv::Mat last;
        while (finished.pop(result))
        {
            tally(result.record, counts);
            if (log_.is_open())
                log_ << toJson(result.record, result.frame.time) << '\n';
            if (options_.boxes && !result.record.withheld)
                drawBoxes(result.frame.pixels, result.record);
            if (result.record.withheld && !last.empty())
                result.frame.pixels = last;
            writer->write(result.frame);
            last = result.frame.pixels;
            if (options_.preview)
            {
                cv::imshow("sanprivacy", last);
                const int escape = 27;
                if (cv::waitKey(1) == escape && !interrupted())
                    std::raise(SIGINT);
            }
            progress.step();
        }
        bool whole;
        {
            std::lock_guard<std::mutex> lock(failure_mutex);
            whole = !failure;
        }
        if (whole && read == 0 && !interrupted())
            throw std::runtime_error(from_ > 0 ? "no frame after --from" : "truncated or damaged: no frame could be read");
        if (whole)
        {
            interrupted() && resumable ? writer->keep() : writer->finish();
            if (resumable && takenOver)
                fs::remove(earlierVideo(job.target));
        }
    });
    finished.close();
    pushed.close();
    decoded.close();
    decoding.join();
    tracking.join();
    replacing.join();
    counts.dropped += dropped;
    if (failure)
        std::rethrow_exception(failure);
    if (log_.is_open() && !log_.flush())
        throw std::runtime_error("cannot write '" + options_.log + "'");

    if (interrupted())
        progress.message(job.source + ": interrupted; '" + job.target + "' holds what came before"
                         + (resumable ? ", --resume goes on from there" : ""));
    const size_t most = 2; // frames that a decoder may leave out at the end
    const bool early = !live && !interrupted()
                       && ((reader.truncated() && (to_ < 0 || reader.time() < to_ - tolerance))
                           || (from_ == 0 && to_ < 0 && read + most < reader.frames()));
    if (early)
        progress.message(job.source + ": truncated or damaged: " + count(read, "frame") + " could be read; '" + job.target + "' holds these");
    return !early && !(interrupted() && resumable);
}

} // namespace

Command addVideo(CLI::App& app)
{
    auto options = std::make_shared<VideoOptions>();
    CLI::App* command = app.add_subcommand("video", "Protects every face in every frame of videos, cameras and streams");
    command->add_option("IN", options->names, "Videos, folders, image sequences (%d), camera (0), URL, - (raw); last the output")
        ->required()->type_name("");
    command->add_option("--replace", options->replacement, "What takes a face's place: san (default), blur, pixelation, solid")
        ->type_name("HOW")->check(CLI::IsMember(REPLACEMENTS).description(""));
    command->add_option("--label", options->label, "Of all faces: auto (default, voted per track), male, old, 1, female, young, 0, neutral")
        ->type_name("LABEL")->check(CLI::IsMember(&labelNames()).description(""));
    command->add_option("--prototype", options->prototype, "What is to appear: opposite (default), neutral, same, random (drawn per person)")
        ->type_name("WHICH")->check(CLI::IsMember(PROTOTYPES).description(""));
    command->add_option("--low-confidence", options->low_confidence, "Faces too small or uncertain: blur (default), drop the frame, pass")
        ->type_name("WHAT")->check(CLI::IsMember(POLICIES).description(""));
    command->add_option("--exempt", options->exempt, "Photo of a person who is left as they are")->type_name("PHOTO");
    command->add_option("--matcher", options->matcher, "Model description file with the matcher that recognises them")->type_name("YML");
    command->add_option("--exempt-score", options->exempt_score, "Least match score; default .45 (cosine), -.5 (Euclidean)")->type_name("S");
    command->add_option("--from", options->from, "Write from this time on: seconds or H:MM:SS")->type_name("T");
    command->add_option("--to", options->to, "... and up to this one")->type_name("T");
    command->add_option("--interval", options->interval, "Detect every N frames; default 8, live 5")->type_name("N")->check(CLI::Range(1, 1000).description(""));
    command->add_option("--look-ahead", options->look_ahead, "Frames kept back; default 32, live 6")->type_name("N")->check(CLI::Range(0, 1000).description(""));
    command->add_option("--hold", options->hold, "Frames that a lost face stays covered; default 20")->type_name("N")->check(CLI::Range(0, 10000).description(""));
    command->add_option("--refresh-interval", options->refresh_interval, "A face that hardly changes passes the network every N frames; default 2")->type_name("N")->check(CLI::Range(1, 1000).description(""));
    command->add_option("--quality", options->quality, "Rate factor of H.264, less is better; default 18")->type_name("0-51")->check(CLI::Range(0, 51).description(""));
    command->add_option("--raw", options->raw, "Format of raw BGR frames on standard input")->type_name("WxH@FPS");
    command->add_option("--log", options->log, "What was found and done, a line of JSON per frame")->type_name("FILE");
    command->add_flag("--preview", options->preview, "Show the result in a window; Esc ends");
    command->add_flag("--boxes", options->boxes, "Draw the faces' boxes");
    command->add_flag("--resume", options->resume, "Leave out finished videos, go on with an unfinished one (same options)");
    options->networks.addPerturberTo(*command);
    options->networks.addDetectorTo(*command);
    return { command, [options] { return Anonymization(*options).run(); } };
}

}} // namespace sanprivacy::apps
