// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#include "commands/bench_video.hpp"

#include "commands/video/pipeline.hpp"
#include "common/message.hpp"
#include "media/video_reader.hpp"
#include "media/video_writer.hpp"
#include "options/inputs.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <memory>

#include <sys/resource.h>
#include <unistd.h>

#include <opencv2/imgproc.hpp>
#include <opencv2/sanprivacy.hpp>

namespace fs = std::filesystem;
using namespace cv::sanprivacy;

namespace sanprivacy { namespace apps {

namespace {

const cv::Size SIZES[] = { { 640, 480 }, { 1280, 720 }, { 1920, 1080 } };
const int FACES[] = { 0, 1, 4, 16 };

enum Step
{
    DECODE,
    DETECT,
    TRACK,
    ALIGN,
    NETWORK,
    BLEND,
    ENCODE,
    STEPS
};
const char* const STEP_NAMES[STEPS] = { "decode", "detect", "track", "align", "network", "blend", "encode" };

//! Faces of a photo in a grid, which moves by a pixel per frame over a smooth ground, to and fro.
cv::Mat drawFrame(const cv::Mat& photo, const cv::Size& size, int faces, int t)
{
    cv::Mat coarse(size.height / 60 + 1, size.width / 60 + 1, CV_8UC3), frame;
    cv::RNG(1).fill(coarse, cv::RNG::UNIFORM, 60, 190);
    cv::resize(coarse, frame, size, 0, 0, cv::INTER_CUBIC);
    if (faces == 0)
        return frame;
    const int across = int(std::ceil(std::sqrt(double(faces)))), down = (faces + across - 1) / across;
    const int cells = std::max(across, 2); // a single face does not fill the frame
    const double scale =
        .9 * std::min(double(size.width) / cells / photo.cols, double(size.height) / cells / photo.rows);
    cv::Mat face;
    cv::resize(photo, face, cv::Size(), scale, scale, cv::INTER_AREA);
    for (int i = 0; i < faces; ++i)
    {
        const int room = std::max(size.width / across - face.cols, 1);
        const cv::Rect place(i % across * size.width / across + room - std::abs(t % (2 * room) - room),
            i / across * size.height / std::max(down, cells), face.cols, face.rows);
        face.copyTo(frame(place));
    }
    return frame;
}

double milliseconds(int64 since)
{
    return double(cv::getTickCount() - since) * 1000 / cv::getTickFrequency();
}

//! A folder of its own, gone with the object.
struct TemporaryFolder
{
    TemporaryFolder() : path((fs::temp_directory_path() / "sanprivacy-XXXXXX").string())
    {
        if (!mkdtemp(&path[0]))
            throw std::runtime_error("cannot create a temporary folder");
    }
    ~TemporaryFolder()
    {
        std::error_code ignored;
        fs::remove_all(path, ignored);
    }
    std::string path;
};

//! Of this process and of the tools that it started and that have ended, milliseconds.
double processorTime()
{
    double seconds = 0;
    for (int who : { RUSAGE_SELF, RUSAGE_CHILDREN })
    {
        rusage usage = {};
        getrusage(who, &usage);
        for (const timeval& time : { usage.ru_utime, usage.ru_stime })
            seconds += double(time.tv_sec) + double(time.tv_usec) / 1e6;
    }
    return seconds * 1000;
}

//! Runs the command `video` from file to file, its steps side by side, and prints milliseconds per frame.
void runCommand(const Job& job, const VideoOptions& options, const Protection& protection, int frames)
{
    FrameLog log(std::string(), false);
    const double processor = processorTime();
    const int64 start = cv::getTickCount();
    Pipeline(job, options, protection, log).run();
    std::printf(" %8.2f %9.2f\n", milliseconds(start) / frames, (processorTime() - processor) / frames);
}

//! A video of moving faces.
void writeVideo(const std::string& file, const cv::Mat& photo, const cv::Size& size, int faces, int frames)
{
    const std::unique_ptr<VideoWriter> writer = createVideoWriter(file, WriteOptions());
    for (int t = 0; t < frames; ++t)
        writer->write({ drawFrame(photo, size, faces, t), t / 25., t });
    writer->finish();
}

//! Means over the frames of a video.
struct FrameTimes
{
    double steps[STEPS] = {}; //!< milliseconds; without the complete search of the first frame
    double scene = 0;         //!< milliseconds of that search
    double faces = 0;         //!< found in a frame
};

//! Runs the steps of `video` one after the other.
FrameTimes measureSteps(const std::string& video, const std::string& result, int frames, StreamAnonymizer& anonymizer)
{
    FrameTimes times;
    const std::unique_ptr<VideoReader> reader = openVideo(video);
    std::vector<VideoFrame> results;
    const auto drain = [&]
    {
        StreamRecord record;
        cv::Mat pixels;
        while (anonymizer.pop(pixels, record))
        {
            const bool first = results.empty();
            if (first)
                times.scene = record.detect_ms;
            const double step[] = { 0, first ? 0 : record.detect_ms, record.track_ms, record.align_ms,
                record.network_ms, record.blend_ms, 0 };
            for (int k = 0; k < STEPS; ++k)
                times.steps[k] += step[k] / frames;
            times.faces += double(record.faces.size()) / frames;
            results.push_back({ pixels.clone(), double(results.size()) / reader->format().rate, 0 });
        }
    };
    VideoFrame frame;
    for (;;)
    {
        const int64 start = cv::getTickCount();
        if (!reader->read(frame))
            break;
        times.steps[DECODE] += milliseconds(start) / frames;
        anonymizer.push(frame.pixels);
        drain();
    }
    anonymizer.finish();
    drain();
    const int64 start = cv::getTickCount();
    const std::unique_ptr<VideoWriter> writer = createVideoWriter(result, WriteOptions());
    for (const VideoFrame& done : results)
        writer->write(done);
    writer->finish();
    times.steps[ENCODE] = milliseconds(start) / frames;
    return times;
}

void print(const FrameTimes& times)
{
    double sum = 0;
    for (double time : times.steps)
    {
        sum += time;
        std::printf(" %8.2f", time);
    }
    std::printf(" %8.2f %8.1f %8.2f %8.1f", sum, 100 * times.steps[DETECT] / sum, times.faces, times.scene);
}

Image readPhoto(const BenchVideoOptions& options)
{
    Image photo;
    try
    {
        photo = readImage(options.photo, options.max_pixels);
    }
    catch (const std::exception& error)
    {
        throw std::runtime_error(printable(options.photo) + ": " + message(error));
    }
    if (photo.pixels.type() != CV_8UC3)
        throw UsageError(printable(options.photo) + ": expected an 8-bit color image");
    return photo;
}

} // namespace

ExitCode benchVideo(const BenchVideoOptions& options)
{
    const Image photo = readPhoto(options);
    const cv::Ptr<FaceDetector> detector = options.networks.createDetector();
    const cv::Ptr<Perturber> perturber = options.networks.createPerturber();
    cv::Mat found;
    detector->detect(photo.pixels, found);
    if (found.rows != 1)
        throw UsageError(printable(options.photo) + ": expected one face, found " + std::to_string(found.rows));

    VideoOptions command;
    command.networks = options.networks;
    command.max_pixels = options.max_pixels;
    command.label = "0";
    command.no_face = "copy";
    const Protection protection(command);
    StreamParams params;
    params.label = 0; // known: no classifier takes part

    std::printf("ms per frame, %d frames each; scene: the complete search of the first frame, which is not in the "
                "mean;\nelapsed, processor: of `video` from file to file, its steps side by side, all processes "
                "together\n%-10s %5s",
        options.frames, "size", "faces");
    for (const char* name : STEP_NAMES)
        std::printf(" %8s", name);
    std::printf(" %8s %8s %8s %8s %8s %9s\n", "sum", "detect %", "found", "scene", "elapsed", "processor");
    const TemporaryFolder folder;
    const std::string video = folder.path + "/video.mkv", result = folder.path + "/result.mkv";
    for (const cv::Size& size : SIZES)
        for (int faces : FACES)
        {
            writeVideo(video, photo.pixels, size, faces, options.frames);
            const cv::Ptr<StreamAnonymizer> anonymizer = StreamAnonymizer::create(detector, perturber, params);
            const FrameTimes times = measureSteps(video, result, options.frames, *anonymizer);
            std::printf("%4dx%-5d %5d", size.width, size.height, faces);
            print(times);
            runCommand({ video, result, "" }, command, protection, options.frames);
            std::fflush(stdout);
        }
    return SUCCEEDED;
}

}} // namespace sanprivacy::apps
