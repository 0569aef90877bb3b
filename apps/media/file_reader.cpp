// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#include "media/file_reader.hpp"

#include "common/message.hpp"
#include "common/tool_process.hpp"
#include "common/workers.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <stdexcept>

namespace fs = std::filesystem;

namespace sanprivacy { namespace apps {

namespace {

class FileReader : public VideoReader
{
public:
    FileReader(const std::string& source, const ReadOptions& options);

    bool read(VideoFrame& frame) override;
    double end() const override { return info_.shown_until; }
    std::string problem() override;
    std::string note() override;
    MediaInfo info() const override { return info_; }

private:
    void start(double begin);
    std::vector<std::string> command(bool keep_depth) const;
    bool missesFrames(bool got, double time) const;
    double readTime();
    double nextTime(double time);
    void finish();
    bool endsEarly() const;

    std::string source_;
    MediaInfo info_;
    int type_;
    double from_, begin_ = 0, time_ = -1; // where frames are wanted; where reading began; of the last frame; seconds
    std::int64_t count_ = 0;
    bool told_ = false; // the time of a frame after the first one
    bool ended_ = false, cut_off_ = false;
    std::string decoding_error_; // what ffmpeg says of the first one
    std::unique_ptr<ToolProcess> decoder_;
};

void checkFile(const std::string& source)
{
    if (isUrl(source))
        return;
    std::error_code error;
    const fs::file_status status = fs::status(source, error);
    if (status.type() == fs::file_type::not_found)
        throw std::runtime_error("no such file");
    if (status.type() == fs::file_type::none)
        throw std::runtime_error(reason(error));
    if (fs::is_directory(status))
        throw std::runtime_error("is a folder");
    if (!fs::is_regular_file(status)) // ffmpeg could not read it twice
        throw std::runtime_error(
            "not a regular file; raw frames are read from '-' (--raw), and a camera is named by its number");
    if (fs::file_size(source) == 0)
        throw std::runtime_error("the file is empty");
}

//! Whether an AVI file is shorter than its header says, which is cut off before the index. Other files: no.
bool isCutAvi(const std::string& source)
{
    const std::uint64_t least = 16, unknown = 0xFFFFFFF0; // bytes that are missing; sizes that mean nothing
    unsigned char head[12] = {};
    std::ifstream(source, std::ios::binary).read(reinterpret_cast<char*>(head), sizeof(head));
    if (isUrl(source) || std::memcmp(head, "RIFF", 4) != 0 || std::memcmp(head + 8, "AVI ", 4) != 0)
        return false;
    std::uint64_t size = 0;
    for (int k = 7; k >= 4; --k)
        size = size << 8 | head[k];
    std::error_code error;
    const std::uint64_t there = fs::file_size(source, error);
    return !error && size < unknown && size + 8 >= there + least;
}

//! The first line in which ffmpeg says that an image is damaged, without the names of its parts; empty: there is none.
std::string firstDecodingError(const std::string& messages)
{
    std::istringstream lines(messages);
    for (std::string line; std::getline(lines, line);)
    {
        for (size_t end = line.find("] "); line[0] == '[' && end != std::string::npos; end = line.find("] "))
            line.erase(0, end + 2);
        for (const char* sign : { "decod", "Decod", "corrupt", "Invalid data" })
            if (line.find(sign) != std::string::npos)
                return line;
    }
    return std::string();
}

FileReader::FileReader(const std::string& source, const ReadOptions& options) : source_(toolName(source))
{
    try
    {
        info_ = readMediaInfo(source_);
    }
    catch (const std::runtime_error&)
    {
        if (!ToolProcess::available("ffprobe"))
            throw;
    }
    if (info_.image)
        throw std::runtime_error("an image, not a video; `sanprivacy perturb` protects images");
    if (info_.video < 0)
        throw std::runtime_error(info_.sound.empty() ? "no video that can be read: truncated, or of an unknown format"
                                                     : "holds sound, but no video");
    const size_t width = size_t(std::max(info_.size.width, 1)), height = size_t(std::max(info_.size.height, 1));
    if (height > options.max_pixels / width)
        throw std::runtime_error("is of " + std::to_string(width) + "x" + std::to_string(height) + " pixels; at most "
                                 + std::to_string(options.max_pixels) + " are read (--max-pixels)");
    if (info_.rate > 0)
        format_.rate = info_.rate;
    format_.pixel_shape = info_.turned ? cv::Size(info_.pixelShape.height, info_.pixelShape.width) : info_.pixelShape;
    format_.shown_pixel_shape = info_.shownPixelShape();
    format_.color = completed(info_.color, info_.size);
    if (!info_.yuv)
        format_.color.range = "tv"; // as it will be written
    format_.field_order = info_.turned ? std::string() : info_.field_order;
    frames_ = info_.frames > 0 ? info_.frames : size_t(std::max(0., std::round(info_.duration * format_.rate)));
    type_ = options.keep_depth && info_.deep ? CV_16UC3 : CV_8UC3;
    from_ = std::max(0., options.from);
    // In an MPEG stream ffmpeg finds the next key frame instead of the last one.
    const double between_key_frames = 20; // seconds, and more than most have
    start(info_.duration_guessed ? std::max(0., from_ - between_key_frames) : from_);
}

void FileReader::start(double begin)
{
    begin_ = begin;
    decoder_.reset(new ToolProcess(command(type_ == CV_16UC3), ToolProcess::LISTEN_ON_TWO_PIPES));
}

//! Whether reading did not begin where it was told to, so that the first frame that is wanted is not among what comes.
bool FileReader::missesFrames(bool got, double time) const
{
    const bool beyond = info_.video_end > 0 && from_ >= info_.video_end;
    return count_ == 0 && begin_ > 0 && (got ? time > from_ + 1 / format_.rate : !beyond);
}

/** Frames come on standard output; their times in microseconds on the second pipe, by a filter that prints a frame's
metadata, of which each gets some. */
std::vector<std::string> FileReader::command(bool keep_depth) const
{
    // A stream may change the size of its images and the shape of their pixels: they keep the shape in which a player
    // shows them, inside of the first size.
    const cv::Size size = info_.shownSize(), pixel = format_.pixel_shape;
    const double nearly = 1.04, shape = double(size.width) * pixel.width / (double(size.height) * pixel.height);
    std::string scale = cv::format("scale=w='if(lt(dar,%.9g),max(1,round(%d*dar/%.9g)),%d)'"
                                   ":h='if(gt(dar,%.9g),max(1,round(%d*%.9g/dar)),%d)':eval=frame",
        shape / nearly, size.width, shape, size.width, shape * nearly, size.height, shape, size.height);
    if (info_.yuv)
        scale += ":in_color_matrix=" + matrixOfScale(format_.color) + ":in_range=" + format_.color.range;
    if (!info_.field_order.empty())
        scale += ":interl=1";
    // The exact way takes 8 ms more for an image of 1280x720, and gains half a gray level.
    const std::string format = keep_depth ? ",format=bgr48le" : ",format=bgr24";
    scale += (keep_depth ? ":flags=bicubic+accurate_rnd+full_chroma_int" : ":flags=bicubic") + format;
    // The filter pad takes 16 bits as planes only.
    const std::string bars = cv::format(",pad=%d:%d:(ow-iw)/2:(oh-ih)/2:eval=frame", size.width, size.height) + format;
    const std::string times =
        ",settb=AVTB,metadata=mode=add:key=frame:value=1,metadata=mode=print:file=pipe\\\\:3:direct=1";
    std::vector<std::string> command = { "ffmpeg", "-hide_banner", "-loglevel", "error", "-nostdin" };
    if (begin_ > 0)
        command.insert(command.end(), { "-ss", cv::format("%.6f", begin_) });
    command.insert(command.end(), { "-i", source_, "-map", "0:" + std::to_string(info_.video), "-vf",
                                      scale + bars + times, "-fps_mode", "passthrough", "-f", "rawvideo", "pipe:1" });
    if (info_.first != info_.video)
    {
        const std::vector<std::string> times_of_file = timesOfFile(info_.first, 0);
        command.insert(command.end(), times_of_file.begin(), times_of_file.end());
    }
    return command;
}

//! Of the next frame, seconds; NaN where the video does not say.
double FileReader::readTime()
{
    long long microseconds = 0;
    for (std::string line; decoder_->readSecondLine(line);)
        if (line.compare(0, 6, "frame:") == 0)
            return std::sscanf(line.c_str(), "frame:%*d pts:%lld", &microseconds) == 1
                       ? begin_ + double(microseconds) / 1e6
                       : NAN;
    return NAN;
}

/** Time of the next frame, later than that of the one before. A frame with the same time, or with none among others
that have one, follows at once: in a recording of a screen the next one may be there long before the mean step ends.
@param time as the video says it, or NaN */
double FileReader::nextTime(double time)
{
    const double least = 1e-4, at_once = 1e-3, short_step = .04, behind = .05; // seconds
    const double step = 1 / format_.rate;
    if (count_ == 0)
        return time >= 0 ? time : begin_;
    if (time >= time_ + least)
    {
        told_ = true;
        return time;
    }
    if (std::isnan(time))
        return time_ + (told_ ? std::min(step, short_step) : step);
    return time_ + (time > time_ - behind ? at_once : step);
}

bool FileReader::read(VideoFrame& frame)
{
    if (ended_)
        return false;
    cv::Mat pixels(info_.shownSize(), type_);
    const size_t bytes = pixels.total() * pixels.elemSize();
    double time = readTime();
    bool got = decoder_->read(pixels.data, bytes) == bytes;
    if (!got && interrupted())
        return false;
    if (missesFrames(got, time))
    {
        start(0);
        time = readTime();
        got = decoder_->read(pixels.data, bytes) == bytes;
    }
    if (!got)
    {
        finish();
        return false;
    }
    time_ = nextTime(time);
    frame = { pixels, time_, count_++ };
    return true;
}

void FileReader::finish()
{
    ended_ = true;
    try
    {
        decoder_->finish();
    }
    catch (const std::runtime_error&)
    {
        cut_off_ = true;
    }
    const size_t most = 1 << 20;
    const std::string messages = decoder_->messages(most);
    decoding_error_ = firstDecodingError(messages);
    cut_off_ = cut_off_ || brokeOff(messages) || isCutAvi(source_);
}

/** Whether the file says that it is longer than its frames. The last one of slides may be shown for long: frames are
counted where that can be. */
bool FileReader::endsEarly() const
{
    const double tolerated = .02; // of the duration: videos do not tell it exactly
    const double step = 1 / format_.rate, end = time_ + step;
    const auto misses = [&]
    {
        const size_t frames = info_.frames > 0 && begin_ == 0
                                  ? info_.frames
                                  : packetCount(source_, info_.video, begin_ > 0 ? info_.start + begin_ : 0);
        return double(count_) < (1 - tolerated) * double(frames);
    };
    if (info_.duration_guessed || info_.cut_is_told) // the time stamps may leap, as where recordings follow one another
        return end < (1 - tolerated) * std::max(info_.video_end, info_.duration) - step && misses();
    if (info_.video_end > 0)
        return end < (1 - tolerated) * info_.video_end - step && (info_.shown_until == 0 || misses());
    // The duration may be that of the sound, and may count from 0 where the time stamps begin later.
    const double least = (1 - tolerated) * info_.duration - step;
    return end < least && !isUrl(source_) && lastPacketEnd(source_) < least;
}

std::string FileReader::problem()
{
    if (!ended_ || count_ == 0 || !(cut_off_ || endsEarly()))
        return std::string();
    return "truncated or damaged: " + count(size_t(count_), "frame") + " could be read";
}

std::string FileReader::note()
{
    if (decoding_error_.empty() || !problem().empty())
        return std::string();
    return "damaged: images may be missing or distorted, and faces in them not found; ffmpeg says: "
           + printable(decoding_error_);
}

} // namespace

std::string toolName(const std::string& source)
{
    if (isUrl(source))
        return source;
    const std::string devices = "/dev/", name = fs::absolute(source).string();
    std::error_code error;
    const fs::path file = fs::canonical(name, error);
    return error || name.compare(0, devices.size(), devices) != 0 ? name : file.string();
}

std::unique_ptr<VideoReader> openVideoFile(const std::string& source, const ReadOptions& options)
{
    checkFile(source);
    return std::unique_ptr<VideoReader>(new FileReader(source, options));
}

}} // namespace sanprivacy::apps
