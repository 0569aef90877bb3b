// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#include "commands/bench_faces.hpp"
#include "commands/bench_matching.hpp"
#include "commands/video/pipeline.hpp"
#include "common/image_io.hpp"
#include "media/video_reader.hpp"
#include "media/video_writer.hpp"
#include "options/inputs.hpp"
#include "options/network_options.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <memory>

#include <sys/resource.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <opencv2/imgproc.hpp>
#include <opencv2/sanprivacy.hpp>

namespace fs = std::filesystem;
using namespace cv::sanprivacy;

namespace sanprivacy { namespace apps {

namespace {

const cv::Size SIZES[] = { { 640, 480 }, { 1280, 720 }, { 1920, 1080 } };
const int FACES[] = { 0, 1, 4, 16 };

struct BenchOptions
{
    std::string photo;
    int frames = 32;
    size_t max_pixels = MAX_PIXELS;
    NetworkOptions networks;
};

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

ExitCode benchVideo(const BenchOptions& options)
{
    const Image photo = readImage(options.photo, options.max_pixels);
    if (photo.pixels.type() != CV_8UC3)
        throw UsageError("the photo must be an 8-bit color image");
    const cv::Ptr<FaceDetector> detector = options.networks.createDetector();
    const cv::Ptr<Perturber> perturber = options.networks.createPerturber();
    cv::Mat found;
    detector->detect(photo.pixels, found);
    if (found.rows != 1)
        throw UsageError("the photo must show one face");

    VideoOptions command;
    command.networks = options.networks;
    command.max_pixels = options.max_pixels;
    command.label = "0";
    command.no_face = "copy";
    const Protection protection(command);

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
    {
        for (int faces : FACES)
        {
            double times[STEPS] = {}, scene = 0;
            const std::unique_ptr<VideoWriter> source = createVideoWriter(video, WriteOptions());
            for (int t = 0; t < options.frames; ++t)
                source->write({ drawFrame(photo.pixels, size, faces, t), t / 25., t });
            source->finish();

            StreamParams params;
            params.label = 0; // known: no classifier takes part
            const cv::Ptr<StreamAnonymizer> anonymizer = StreamAnonymizer::create(detector, perturber, params);
            const std::unique_ptr<VideoReader> reader = openVideo(video);
            VideoFrame frame;
            std::vector<VideoFrame> results;
            size_t seen = 0;
            const auto drain = [&]
            {
                StreamRecord record;
                cv::Mat pixels;
                while (anonymizer->pop(pixels, record))
                {
                    const bool first = results.empty();
                    if (first)
                        scene = record.detect_ms;
                    const double step[] = { 0, first ? 0 : record.detect_ms, record.track_ms, record.align_ms,
                        record.network_ms, record.blend_ms, 0 };
                    for (int k = 0; k < STEPS; ++k)
                        times[k] += step[k] / options.frames;
                    seen += record.faces.size();
                    results.push_back({ pixels.clone(), double(results.size()) / reader->format().rate, 0 });
                }
            };
            for (;;)
            {
                const int64 start = cv::getTickCount();
                if (!reader->read(frame))
                    break;
                times[DECODE] += milliseconds(start) / options.frames;
                anonymizer->push(frame.pixels);
                drain();
            }
            anonymizer->finish();
            drain();
            const int64 start = cv::getTickCount();
            const std::unique_ptr<VideoWriter> writer = createVideoWriter(result, WriteOptions());
            for (const VideoFrame& done : results)
                writer->write(done);
            writer->finish();
            times[ENCODE] = milliseconds(start) / options.frames;

            double sum = 0;
            std::printf("%4dx%-5d %5d", size.width, size.height, faces);
            for (double time : times)
            {
                sum += time;
                std::printf(" %8.2f", time);
            }
            std::printf(
                " %8.2f %8.1f %8.2f %8.1f", sum, 100 * times[DETECT] / sum, double(seen) / options.frames, scene);
            runCommand({ video, result }, command, protection, options.frames);
            std::fflush(stdout);
        }
    }
    return SUCCEEDED;
}

} // namespace

Command addBench(CLI::App& app)
{
    auto options = std::make_shared<BenchOptions>();
    CLI::App* command = app.add_subcommand("bench", "Measures the time of each processing step");
    CLI::App* video = command->add_subcommand("video", "Videos of 0, 1, 4 and 16 faces in three sizes");
    command->require_subcommand(1);
    video->add_option("PHOTO", options->photo, "Photo of one face")->required()->type_name("");
    video->add_option("--frames", options->frames, "Length of each video; default 32")
        ->type_name("N")
        ->check(CLI::Range(2, 1000).description(""));
    addMaxPixelsTo(*video, options->max_pixels);
    options->networks.addPerturberTo(*video);
    options->networks.addDetectorTo(*video);

    auto face_options = std::make_shared<BenchFacesOptions>();
    CLI::App* faces = command->add_subcommand(
        "faces", "The steps of one face, compared with the least time possible on this machine");
    faces->add_option("--runs", face_options->runs, "Runs of each step; default 30")
        ->type_name("N")
        ->check(CLI::Range(3, 10000).description(""));
    faces->add_option("--json", face_options->json, "File for the results")->type_name("FILE");
    face_options->networks.addPerturberTo(*faces);

    auto descriptors = std::make_shared<int>(100000);
    CLI::App* matching =
        command->add_subcommand("matching", "Time and memory of match rates over all pairs, for generated descriptors");
    matching->add_option("--faces", *descriptors, "Number of faces, ten of each person; default 100000")
        ->type_name("N")
        ->check(CLI::Range(20, 1000000).description(""));
    return { command, [=]
        {
            if (matching->parsed())
                return benchMatching(*descriptors);
            return faces->parsed() ? benchFaces(*face_options) : benchVideo(*options);
        } };
}

}} // namespace sanprivacy::apps
