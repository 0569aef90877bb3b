// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#include "media/video_reader.hpp"

#include "commands/commands.hpp"
#include "common/tool_process.hpp"


#include <algorithm>
#include <cctype>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <regex>
#include <sstream>

#include <opencv2/imgcodecs.hpp>
#include <opencv2/imgproc.hpp>

namespace fs = std::filesystem;

namespace sanprivacy { namespace apps {

namespace {

const double DEFAULT_RATE = 25; // where a video does not say
const double MOST_RATE = 1000;

bool isCamera(const std::string& source)
{
    return !source.empty() && std::all_of(source.begin(), source.end(), [](unsigned char c) { return std::isdigit(c); })
           && !fs::exists(source);
}

bool isUrl(const std::string& source)
{
    return source.find("://") != std::string::npos;
}

} // namespace

RawFormat RawFormat::parse(const std::string& text)
{
    RawFormat format;
    int used = 0;
    const int found = std::sscanf(text.c_str(), "%dx%d%n@%lf%n", &format.size.width, &format.size.height, &used, &format.rate, &used);
    if (found < 2 || size_t(used) != text.size() || format.size.empty() || !(format.rate > 0 && format.rate <= MOST_RATE))
        throw UsageError("--raw: expected a size and perhaps a rate, as 640x480@30; found '" + text + "'");
    return format;
}

bool VideoReader::isLive(const std::string& source)
{
    return isCamera(source) || isUrl(source);
}

bool VideoReader::isPattern(const std::string& name)
{
    static const std::regex onePattern("[^%]*%0?[0-9]*d[^%]*");
    return !isUrl(name) && std::regex_match(name, onePattern) && !fs::exists(name) && cv::haveImageWriter(name);
}

VideoReader::VideoReader(const std::string& source, const RawFormat& raw)
    : raw_(source == "-"), live_(isLive(source)), truncated_(false), format_(raw), rate_(raw.rate), time_(-1), frames_(0), count_(0),
      start_(std::chrono::steady_clock::now())
{
    if (raw_)
    {
        if (raw.size.empty())
            throw UsageError("raw frames on standard input need --raw WIDTHxHEIGHT@RATE");
        return;
    }
    if (!live_ && !isPattern(source))
    {
        if (!fs::exists(source))
            throw std::runtime_error("no such file");
        if (fs::is_regular_file(source) && fs::file_size(source) == 0)
            throw std::runtime_error("the file is empty");
    }
    setenv("OPENCV_FFMPEG_LOGLEVEL", "-8", 0); // what is wrong with a video, we say
    const std::string name = live_ ? source : fs::absolute(source).string(); // a colon would make 12:30.mp4 a protocol of ffmpeg's
    const bool opened = isCamera(source) ? capture_.open(std::stoi(source))
                                         : capture_.open(name, isPattern(source) ? cv::CAP_IMAGES : cv::CAP_ANY);
    if (!opened)
        throw std::runtime_error(isCamera(source) ? "no such camera, or it is in use"
                                 : isUrl(source) ? "the stream cannot be opened" : "no video that can be read: truncated, or of an unknown format");
    const double rate = capture_.get(cv::CAP_PROP_FPS), frames = capture_.get(cv::CAP_PROP_FRAME_COUNT);
    rate_ = rate > 0 && rate <= MOST_RATE && !isPattern(source) ? rate : DEFAULT_RATE; // OpenCV says 1 of images
    frames_ = !live_ && frames > 0 && frames < 1e9 ? size_t(frames) : 0;
    if (!live_ && !isPattern(source) && ToolProcess::available("ffprobe"))
        readTimes(name);
}

/** Time stamps from the video's packets: cv::VideoCapture does not tell those of the last frames and of a video of uneven rate,
and guesses the number of frames. */
void VideoReader::readTimes(const std::string& source)
{
    std::map<int, std::vector<double>> packets; // by stream
    double start = 0, duration = 0, end = 0;
    int video = -1;
    try
    {
        ToolProcess probe({ "ffprobe", "-v", "quiet", "-show_entries",
                            "packet=stream_index,pts_time,duration_time,flags:stream=index,codec_type:format=start_time,duration",
                            "-of", "csv", source }, ToolProcess::LISTEN);
        for (std::string line; probe.readLine(line); )
        {
            std::stringstream parts(line);
            std::string kind, index, time, length, flags;
            std::getline(std::getline(parts, kind, ','), index, ',');
            std::getline(std::getline(std::getline(parts, time, ','), length, ','), flags, ',');
            if (kind == "packet")
            {
                end = std::max(end, std::atof(time.c_str()) + std::atof(length.c_str()));
                if (flags.find('D') == std::string::npos) // of a discarded one
                    packets[std::atoi(index.c_str())].push_back(time == "N/A" ? NAN : std::atof(time.c_str()));
            }
            else if (kind == "stream" && time == "video" && video < 0)
                video = std::atoi(index.c_str());
            else if (kind == "format")
            {
                start = std::atof(index.c_str());
                duration = std::atof(time.c_str());
            }
        }
        probe.finish();
    }
    catch (const std::runtime_error&) // a video that only OpenCV can read
    {
        return;
    }
    const double tolerated = .02; // of the duration: videos do not tell it exactly
    truncated_ = end - start < (1 - tolerated) * duration - 1 / rate_;
    std::vector<double>& times = packets[video];
    frames_ = times.size();
    if (std::any_of(times.begin(), times.end(), [](double time) { return std::isnan(time); }))
        return;
    std::sort(times.begin(), times.end());
    times.erase(std::unique(times.begin(), times.end()), times.end()); // VP8 has hidden images, which have the time of a shown one
    frames_ = times.size();
    for (double& time : times)
        time -= start;
    times_ = std::move(times);
}

//! To OpenCV a long pause between two images, or a damaged packet, looks like the end.
bool VideoReader::grab()
{
    const int most = 100;
    for (int tries = 0; tries < (count_ < times_.size() ? most : 1); ++tries)
        if (capture_.grab())
            return true;
    return false;
}

bool VideoReader::read(VideoFrame& frame)
{
    if (raw_)
        return readRaw(frame);
    cv::Mat pixels;
    if (!grab() || !capture_.retrieve(pixels) || pixels.empty())
        return false;
    if (pixels.channels() == 4)
        cv::cvtColor(pixels, pixels, cv::COLOR_BGRA2BGR);
    else if (pixels.channels() == 1)
        cv::cvtColor(pixels, pixels, cv::COLOR_GRAY2BGR);
    frame.pixels = pixels; // retrieve() above fills memory of its own each time
    stamp();
    frame.time = time_;
    return true;
}

bool VideoReader::skip()
{
    VideoFrame frame;
    if (raw_)
        return readRaw(frame);
    if (!grab())
        return false;
    stamp();
    return true;
}

double VideoReader::nextTime() const
{
    return count_ < times_.size() ? times_[count_] : time_;
}

cv::Size VideoReader::pixelShape() const
{
    if (!capture_.isOpened())
        return cv::Size(1, 1);
    const cv::Size shape(int(capture_.get(cv::CAP_PROP_SAR_NUM)), int(capture_.get(cv::CAP_PROP_SAR_DEN)));
    if (shape.width <= 0 || shape.height <= 0)
        return cv::Size(1, 1);
    const bool turned = int(capture_.get(cv::CAP_PROP_ORIENTATION_META)) % 180 != 0; // OpenCV turns the images upright
    return turned ? cv::Size(shape.height, shape.width) : shape;
}

//! A live image is shown when it comes. A file's time stamps rise; without times_ its last ones may be missing.
void VideoReader::stamp()
{
    const double before = time_, step = 1 / rate_;
    if (live_)
        time_ = std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count();
    else if (count_ < times_.size())
        time_ = times_[count_];
    else
        time_ = capture_.get(cv::CAP_PROP_POS_MSEC) / 1000;
    const double least = 1e-4; // seconds between two frames
    if (count_ > 0 && !(time_ >= before + least))
        time_ = before + step;
    if (count_++ == 0 && !(time_ >= 0))
        time_ = 0;
}

bool VideoReader::readRaw(VideoFrame& frame)
{
    cv::Mat pixels(format_.size, CV_8UC3);
    const size_t size = pixels.total() * pixels.elemSize(), got = std::fread(pixels.data, 1, size, stdin);
    if (got < size)
    {
        truncated_ = got > 0;
        return false;
    }
    frame.pixels = pixels;
    frame.time = time_ = double(count_++) / format_.rate;
    return true;
}

}} // namespace sanprivacy::apps
