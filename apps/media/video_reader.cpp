// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#include "media/video_reader.hpp"

#include "common/errors.hpp"
#include "common/image_io.hpp"
#include "common/message.hpp"
#include "common/pipe_reader.hpp"
#include "common/tool_process.hpp"
#include "common/workers.hpp"
#include "media/file_reader.hpp"
#include "media/image_sequence.hpp"
#include "media/stream_reader.hpp"

#include <algorithm>
#include <cctype>
#include <chrono>
#include <climits>
#include <filesystem>
#include <future>
#include <map>
#include <set>
#include <stdexcept>
#include <thread>

#include <opencv2/imgproc.hpp>
#include <opencv2/videoio.hpp>

#include <unistd.h> // STDIN_FILENO

namespace fs = std::filesystem;

namespace sanprivacy { namespace apps {

namespace {

const double MOST_RATE = 1000;
const int MOST_SIDE = 32767;              // of raw frames
const double SIXTEEN_OF_EIGHT_BITS = 257; // 255 becomes 65535

//! BGR, of 8 bits unless more are to be kept.
cv::Mat toBgr(const cv::Mat& pixels, bool keep_depth)
{
    cv::Mat result = pixels;
    if (result.channels() == 4)
        cv::cvtColor(result, result, cv::COLOR_BGRA2BGR);
    else if (result.channels() == 1)
        cv::cvtColor(result, result, cv::COLOR_GRAY2BGR);
    if (result.depth() == CV_16U && !keep_depth)
        result.convertTo(result, CV_8U, 1 / SIXTEEN_OF_EIGHT_BITS);
    return result;
}

/** Calls what may wait for a stalled camera, for half a minute and whatever comes.
@param call owns what it uses: after an interrupt it is left alone
@return its result; false after an interrupt */
bool succeedsInTime(const std::function<bool()>& call)
{
    std::packaged_task<bool()> task(call);
    std::future<bool> result = task.get_future();
    std::thread(std::move(task)).detach();
    while (result.wait_for(std::chrono::milliseconds(100)) != std::future_status::ready)
        if (interrupted())
            return false;
    return result.get();
}

//! An image is shown when it comes.
class CameraReader : public VideoReader
{
public:
    explicit CameraReader(int number)
    {
        const auto capture = capture_;
        if (!succeedsInTime([=] { return capture->open(number); }))
            throw std::runtime_error("no such camera, or it is in use");
        const double rate = capture->get(cv::CAP_PROP_FPS);
        if (rate > 0 && rate <= MOST_RATE)
            format_.rate = rate;
        live_ = true;
    }

    bool read(VideoFrame& frame) override
    {
        const auto capture = capture_;
        const auto pixels = std::make_shared<cv::Mat>();
        if (!succeedsInTime([=] { return capture->read(*pixels); }) || pixels->empty())
            return false;
        const auto now = std::chrono::steady_clock::now();
        if (count_ == 0)
            start_ = now;
        const double time = std::chrono::duration<double>(now - start_).count(), least = 1e-4;
        frame.pixels = toBgr(*pixels, false);
        frame.time = count_ == 0 ? 0 : std::max(time, last_ + least);
        frame.number = count_++;
        last_ = frame.time;
        return true;
    }

private:
    std::shared_ptr<cv::VideoCapture> capture_ = std::make_shared<cv::VideoCapture>();
    std::chrono::steady_clock::time_point start_; // when the first frame came
    double last_ = 0;
    std::int64_t count_ = 0;
};

class SequenceReader : public VideoReader
{
public:
    SequenceReader(const std::string& name, const ReadOptions& options)
        : pattern_(name), numbers_(pattern_.numbers()), options_(options)
    {
        if (numbers_.empty())
            throw std::runtime_error("no image of such a name");
        frames_ = numbers_.size();
    }

    //! What cannot be read is left out: the other images are to be protected all the same.
    bool read(VideoFrame& frame) override
    {
        while (next_ < numbers_.size())
        {
            const size_t k = next_++;
            try
            {
                Image image = readImage(pattern_.file(numbers_[k]), options_.max_pixels);
                if (options_.prepare)
                    options_.prepare(image);
                gain_ = std::min(gain_, image.gain);
                setGain(image, gain_);
                frame.gain = gain_;
                frame.pixels = toBgr(image.pixels, options_.keep_depth);
                frame.alpha = image.alpha;
                if (!frame.alpha.empty() && frame.alpha.depth() != frame.pixels.depth())
                    frame.alpha.convertTo(frame.alpha, CV_8U, 1 / SIXTEEN_OF_EIGHT_BITS);
                if (!image.note.empty())
                    notes_[image.note].push_back(pattern_.file(numbers_[k]).filename().string());
            }
            catch (const std::exception& error)
            {
                if (++unreadable_ == 1)
                    problem_ = pattern_.file(numbers_[k]).filename().string() + ": " + message(error);
                continue;
            }
            frame.time = double(k) / format_.rate;
            frame.number = numbers_[k];
            return true;
        }
        return false;
    }

    std::string problem() override { return unreadable_ > 0 ? problem_ + andOthers(unreadable_ - 1) : problem_; }

    std::string note() override
    {
        std::string text;
        for (const auto& note : notes_)
            text += (text.empty() ? "" : "; ") + note.second[0] + ": " + note.first + andOthers(note.second.size() - 1);
        return text;
    }

private:
    static std::string andOthers(size_t images)
    {
        return images > 0 ? " (and " + count(images, "other image") + ")" : std::string();
    }

    ImagePattern pattern_;
    std::vector<std::int64_t> numbers_;
    ReadOptions options_;
    size_t next_ = 0, unreadable_ = 0;
    int gain_ = INT_MAX; // never rises: what grows dark is to look so, and motion is seen where frames are alike
    std::string problem_;
    std::map<std::string, std::vector<std::string>> notes_; // and the names of their images
};

class RawReader : public VideoReader
{
public:
    explicit RawReader(const RawFormat& raw) : size_(raw.size)
    {
        if (raw.size.empty())
            throw UsageError("raw frames on standard input need --raw WIDTHxHEIGHT@RATE");
        format_.rate = raw.rate;
    }

    bool read(VideoFrame& frame) override
    {
        cv::Mat pixels(size_, CV_8UC3);
        const size_t bytes = pixels.total() * pixels.elemSize(), got = input_.read(pixels.data, bytes);
        truncated_ = got > 0 && got < bytes;
        if (got < bytes)
            return false;
        frame = { pixels, double(count_) / format_.rate, count_ };
        ++count_;
        return true;
    }

    std::string problem() override
    {
        return truncated_
                   ? "truncated: the input ends within a frame; " + count(size_t(count_), "frame") + " could be read"
                   : std::string();
    }

private:
    PipeReader input_ = PipeReader(STDIN_FILENO, true);
    cv::Size size_;
    std::int64_t count_ = 0;
    bool truncated_ = false;
};

//! A URL of a protocol that is made for live streams is not asked how long it is: some answer one caller only.
bool isLiveProtocol(const std::string& url)
{
    static const std::set<std::string> files = { "http", "https", "ftp", "ftps", "sftp", "smb" };
    return files.count(url.substr(0, url.find("://"))) == 0;
}

//! Raises std::runtime_error with the last of ffprobe's reasons: those before it are of protocols below.
MediaInfo readUrlInfo(const std::string& url)
{
    try
    {
        return readMediaInfo(url);
    }
    catch (const std::runtime_error& error)
    {
        if (!ToolProcess::available("ffprobe"))
            throw;
        const std::string text = error.what();
        const size_t colon = text.rfind(": ");
        throw std::runtime_error("cannot be read" + (colon == std::string::npos ? std::string() : text.substr(colon)));
    }
}

} // namespace

RawFormat RawFormat::parse(const std::string& text)
{
    RawFormat format;
    int used = 0;
    const int found =
        std::sscanf(text.c_str(), "%dx%d%n@%lf%n", &format.size.width, &format.size.height, &used, &format.rate, &used);
    if (found < 2 || size_t(used) != text.size() || format.size.empty()
        || std::max(format.size.width, format.size.height) > MOST_SIDE
        || !(format.rate > 0 && format.rate <= MOST_RATE))
        throw UsageError("--raw: expected a size up to " + std::to_string(MOST_SIDE)
                         + " and perhaps a rate, as 640x480@30; found '" + text + "'");
    return format;
}

bool isCamera(const std::string& source)
{
    return !source.empty() && std::all_of(source.begin(), source.end(), [](unsigned char c) { return std::isdigit(c); })
           && !fs::exists(source);
}

bool isUrl(const std::string& source)
{
    return localName(source).find("://") != std::string::npos && !fs::exists(source);
}

std::string localName(const std::string& source)
{
    const std::string scheme = "file://";
    if (source.compare(0, scheme.size(), scheme) != 0)
        return source;
    const size_t slash = source.find('/', scheme.size()); // after the name of this machine, which may be empty
    const std::string path = slash == std::string::npos ? std::string() : source.substr(slash);
    if (fs::exists(path))
        return path;
    std::string decoded;
    for (size_t i = 0; i < path.size(); ++i)
    {
        const bool escape = path[i] == '%' && i + 2 < path.size() && std::isxdigit((unsigned char)path[i + 1])
                            && std::isxdigit((unsigned char)path[i + 2]);
        decoded += escape ? char(std::stoi(path.substr(i + 1, 2), nullptr, 16)) : path[i];
        i += escape ? 2 : 0;
    }
    return decoded;
}

std::unique_ptr<VideoReader> openVideo(const std::string& source, const ReadOptions& options)
{
    using Reader = std::unique_ptr<VideoReader>;
    if (source == "-")
        return Reader(new RawReader(options.raw));
    if (isCamera(source))
        return Reader(new CameraReader(std::stoi(source)));
    if (isUrl(source) && isLiveProtocol(source))
        return openStream(source, options);
    if (ImagePattern::matches(source))
        return Reader(new SequenceReader(source, options));
    if (!isUrl(source))
        return openVideoFile(localName(source), options);
    const MediaInfo info = readUrlInfo(source);
    return info.duration > 0 ? openVideoFile(source, options) : openStream(source, options, info);
}

}} // namespace sanprivacy::apps
