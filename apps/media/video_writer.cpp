// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#include "media/video_writer.hpp"

#include "common/image_io.hpp"
#include "common/tool_process.hpp"


#include <algorithm>
#include <cctype>
#include <cerrno>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <stdexcept>
#include <vector>

namespace fs = std::filesystem;

namespace sanprivacy { namespace apps {

namespace {

/** Frames as a Matroska stream: the one simple container whose raw frames carry time stamps and that needs no way back.
Element numbers are those of the Matroska specification (RFC 9559). */
class MatroskaStream
{
public:
    static std::string header(const cv::Size& size, const cv::Size& pixelShape)
    {
        const std::uint64_t aspectRatio = 3; // unit of DisplayWidth and DisplayHeight
        const std::string shape = number(0x54B0, std::uint64_t(size.width) * pixelShape.width) + number(0x54BA, std::uint64_t(size.height) * pixelShape.height)
                                  + number(0x54B2, aspectRatio);
        const std::string video = number(0xB0, size.width) + number(0xBA, size.height) + shape + element(0x2EB524, std::string("BGR\x18"));
        const std::string track = number(0xD7, 1) + number(0x73C5, 1) + number(0x83, 1) + element(0x86, "V_UNCOMPRESSED") + element(0xE0, video);
        return element(0x1A45DFA3, element(0x4282, "matroska")) + id(0x18538067) + UNKNOWN_SIZE
               + element(0x1549A966, number(0x2AD7B1, TICK)) + element(0x1654AE6B, element(0xAE, track));
    }

    //! What comes before the pixels of a frame.
    static std::string frameHeader(double time, size_t bytes)
    {
        const std::string block("\x81\0\0\x80", 4); // track 1, at the cluster's time, a key frame
        const std::string head = number(0xE7, std::uint64_t(std::llround(time * 1e9 / TICK)));
        const std::string blockHead = id(0xA3) + size(block.size() + bytes) + block;
        return id(0x1F43B675) + size(head.size() + blockHead.size() + bytes) + head + blockHead;
    }

private:
    static const std::uint64_t TICK = 10000; // nanoseconds
    static const std::string UNKNOWN_SIZE;

    static std::string bigEndian(std::uint64_t value, int bytes)
    {
        std::string result;
        for (int i = bytes - 1; i >= 0; --i)
            result += char(value >> (8 * i) & 0xFF);
        return result;
    }

    static std::string id(std::uint64_t value) { return bigEndian(value, value > 0xFFFFFF ? 4 : value > 0xFFFF ? 3 : value > 0xFF ? 2 : 1); }
    static std::string size(std::uint64_t value) { return bigEndian(value | std::uint64_t(1) << 56, 8); }
    static std::string element(std::uint64_t name, const std::string& content) { return id(name) + size(content.size()) + content; }
    static std::string number(std::uint64_t name, std::uint64_t value) { return element(name, bigEndian(value, 8)); }
};

const std::string MatroskaStream::UNKNOWN_SIZE("\x01\xFF\xFF\xFF\xFF\xFF\xFF\xFF", 8);

//! ffmpeg with what it needs to give up at once where it cannot write, as on a full disk.
std::vector<std::string> ffmpegCommand(std::vector<std::string> arguments)
{
    arguments.insert(arguments.begin(), { "ffmpeg", "-hide_banner", "-loglevel", "error", "-xerror", "-y" });
    return arguments;
}

class VideoFile : public VideoWriter
{
public:
    VideoFile(const fs::path& target, const Sound& sound, int quality, double rate, const cv::Size& pixelShape)
        : target_(fs::absolute(target)), sound_(sound), quality_(quality), rate_(rate), pixelShape_(pixelShape)
    {
        if (!ToolProcess::available("ffmpeg"))
            throw std::runtime_error("the tool ffmpeg, which writes videos, is not installed (apt install ffmpeg)");
    }

    ~VideoFile() override
    {
        ffmpeg_.reset();
        std::error_code ignored;
        if (!temporary_.empty())
            fs::remove(temporary_, ignored);
    }

    void write(const VideoFrame& frame) override
    {
        if (!ffmpeg_)
            start(frame);
        if (frame.pixels.size() != size_)
            throw std::runtime_error("the size of the frames changes; a video has one size");
        const size_t bytes = frame.pixels.total() * frame.pixels.elemSize();
        last_ = frame.time - begin_;
        const std::string head = MatroskaStream::frameHeader(last_, bytes);
        ffmpeg_->feed(head.data(), head.size());
        ffmpeg_->feed((frame.pixels.isContinuous() ? frame.pixels : frame.pixels.clone()).data, bytes);
    }

    void finish() override
    {
        complete();
        fs::rename(temporary_, target_);
        temporary_.clear();
    }

    void keep() override
    {
        complete();
        temporary_.clear(); // stays, whatever happens here
        const fs::path unfinished = unfinishedVideo(target_), cut = target_.parent_path() / (".sanprivacy_cut-" + target_.filename().string());
        std::vector<std::string> arguments = { "-i", unfinished.string(), "-t", std::to_string(last_ + 1e-3), "-map", "0", "-c", "copy" };
        addPlainOutput(arguments, cut);
        try
        {
            ToolProcess(ffmpegCommand(arguments), ToolProcess::FEED).finish(); // the sound was there to its end
            fs::rename(cut, target_);
        }
        catch (...)
        {
            std::error_code ignored;
            fs::remove(cut, ignored);
            throw;
        }
    }

private:
    void complete()
    {
        if (!ffmpeg_)
            throw std::runtime_error("no frame to write");
        ffmpeg_->finish();
    }

    //! A file without metadata.
    static void addPlainOutput(std::vector<std::string>& arguments, const fs::path& file)
    {
        arguments.insert(arguments.end(), { "-map_metadata", "-1", "-map_chapters", "-1", "-fflags", "+bitexact", file.string() });
    }

    void start(const VideoFrame& first)
    {
        temporary_ = unfinishedVideo(target_);
        size_ = first.pixels.size();
        begin_ = first.time;
        const std::string ending = endingOf(target_), quality = std::to_string(quality_);
        std::vector<std::string> arguments = { "-f", "matroska", "-i", "pipe:0" };
        if (!sound_.video.empty())
        {
            arguments.insert(arguments.begin(), { "-itsoffset", std::to_string(begin_ - sound_.begin) });
            if (sound_.begin > 0)
                arguments.insert(arguments.end(), { "-ss", std::to_string(sound_.begin) });
            if (sound_.end >= 0)
                arguments.insert(arguments.end(), { "-t", std::to_string(sound_.end - sound_.begin) });
            arguments.insert(arguments.end(), { "-i", fs::absolute(sound_.video).string(), "-map", "0:v", "-map", "1:a?", "-c:a", ending == ".webm" ? "libopus" : "copy" });
            if (sound_.begin > 0 && ending != ".webm") // else a copy begins with the key frame before
                arguments.insert(arguments.end(), { "-copypriorss:a", "0" });
        }
        const bool even = size_.width % 2 == 0 && size_.height % 2 == 0; // what the usual chroma of half size needs
        if (ending == ".webm")
            arguments.insert(arguments.end(), { "-c:v", "libvpx-vp9", "-crf", quality, "-b:v", "0", "-row-mt", "1", "-deadline", "realtime", "-cpu-used", "6" });
        else if (ending == ".avi")
            arguments.insert(arguments.end(), { "-c:v", "mpeg4", "-q:v", "3" });
        else
            arguments.insert(arguments.end(), { "-c:v", "libx264", "-preset", "veryfast", "-crf", quality });
        // Without accurate rounding the whole image grows darker by one or two gray levels.
        arguments.insert(arguments.end(), { "-sws_flags", "bicubic+accurate_rnd+full_chroma_int", "-pix_fmt", even ? "yuv420p" : "yuv444p",
                                            "-vsync", ending == ".avi" ? "cfr" : "passthrough" });
        if (ending == ".avi")
            arguments.insert(arguments.end(), { "-r", cv::format("%.9g", rate_) });
        else
            arguments.insert(arguments.end(), { "-enc_time_base", "-1" });
        addPlainOutput(arguments, temporary_);
        ffmpeg_.reset(new ToolProcess(ffmpegCommand(arguments), ToolProcess::FEED));
        const std::string header = MatroskaStream::header(size_, pixelShape_);
        ffmpeg_->feed(header.data(), header.size());
    }

    fs::path target_, temporary_;
    Sound sound_;
    int quality_;
    double rate_;
    cv::Size pixelShape_, size_;
    double begin_ = 0, last_ = 0; // time of the first frame, and of the last one from there; seconds
    std::unique_ptr<ToolProcess> ffmpeg_;
};

class ImageSequence : public VideoWriter
{
public:
    explicit ImageSequence(const std::string& pattern) : pattern_(pattern) {}

    void write(const VideoFrame& frame) override
    {
        const int quality = 95; // of JPEG and WebP: no visible loss
        writeImage(cv::format(pattern_.c_str(), count_++), { frame.pixels, cv::Mat() }, quality);
    }

    void finish() override {}

private:
    std::string pattern_;
    int count_ = 0;
};

class RawFrames : public VideoWriter
{
public:
    void write(const VideoFrame& frame) override
    {
        const cv::Mat pixels = frame.pixels.isContinuous() ? frame.pixels : frame.pixels.clone();
        const size_t size = pixels.total() * pixels.elemSize();
        if (std::fwrite(pixels.data, 1, size, stdout) != size || std::fflush(stdout) != 0)
            throw std::runtime_error(std::string("cannot write to standard output: ") + std::strerror(errno));
    }

    void finish() override {}
};

} // namespace

std::string endingOf(const fs::path& video)
{
    std::string ending = video.extension().string();
    std::transform(ending.begin(), ending.end(), ending.begin(), [](unsigned char c) { return char(std::tolower(c)); });
    return ending;
}

fs::path unfinishedVideo(const fs::path& target)
{
    return target.parent_path() / (".sanprivacy-" + target.filename().string());
}

std::unique_ptr<VideoWriter> createVideoWriter(const std::string& target, const Sound& sound, int quality, double rate, const cv::Size& pixelShape)
{
    if (target == "-")
        return std::unique_ptr<VideoWriter>(new RawFrames);
    if (VideoReader::isPattern(target))
        return std::unique_ptr<VideoWriter>(new ImageSequence(target));
    return std::unique_ptr<VideoWriter>(new VideoFile(target, sound, quality, rate, pixelShape));
}

}} // namespace sanprivacy::apps
