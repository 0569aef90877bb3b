// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#include "media/stream_reader.hpp"

#include "common/message.hpp"
#include "common/tool_process.hpp"
#include "common/workers.hpp"
#include "media/stream_description.hpp"

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <set>
#include <sstream>
#include <stdexcept>
#include <utility>

#include <opencv2/imgproc.hpp>

namespace sanprivacy { namespace apps {

namespace {

using Clock = std::chrono::steady_clock;

const double LONGEST_WAIT = 30;    // seconds, for a frame
const double LONGEST_OPENING = 60; // ... for the first one
const size_t MESSAGES = 1 << 16;   // bytes of ffmpeg's that are kept: a stream may have errors for weeks

//! What ffmpeg says where an expression has no value.
const char* const CHANGED = "Error when evaluating the expression";

std::string protocolOf(const std::string& url)
{
    return url.substr(0, url.find("://"));
}

//! Options of ffmpeg for a URL.
std::vector<std::string> openingOptions(const std::string& url)
{
    static const std::set<std::string> read_by_bytes = { "http", "https", "tcp", "udp" };
    const std::string protocol = protocolOf(url), microseconds = "35000000"; // longer than we wait
    const char* const given = std::getenv("OPENCV_FFMPEG_CAPTURE_OPTIONS");
    const bool rtsp = protocol == "rtsp"; // by UDP parts of images would be lost
    std::vector<std::string> arguments;
    if (rtsp || read_by_bytes.count(protocol) > 0) // it would outlive a program that is killed while the source stalls
        arguments = { rtsp || protocol == "udp" ? "-timeout" : "-rw_timeout", microseconds };
    std::istringstream options(given ? given : rtsp ? "rtsp_transport;tcp" : "");
    for (std::string option; std::getline(options, option, '|');)
    {
        const size_t end = std::min(option.find(';'), option.size());
        arguments.insert(
            arguments.end(), { '-' + option.substr(0, end), option.substr(std::min(end + 1, option.size())) });
    }
    return arguments;
}

/** Each image comes with its size: as a bitmap file, with the first row first. Where an image has another size or shape
than the first one, its width has no value, and ffmpeg ends: it knows no way to go on with the first size if that is not
told before. An expression keeps its variables from image to image.
@param one_program of a transport stream: ffmpeg is not to look for others, which takes 5 s
@param segments ffmpeg is to send the images of each as fast as they are shown, not all at once */
std::vector<std::string> command(const std::string& url, bool one_program, bool segments)
{
    const std::string filters = "scale=w='st(0,if(ld(0),ld(0),iw));st(1,if(ld(1),ld(1),ih));st(2,if(ld(2),ld(2),dar));"
                                "if(eq(iw,ld(0))*eq(ih,ld(1))*eq(dar,ld(2)),iw,0/0)':h=ih:eval=frame:interl=-1"
                                ":flags=bicubic,format=bgr24,vflip";
    // By threads of frames they would be late.
    std::vector<std::string> result = { "ffmpeg", "-hide_banner", "-loglevel", "info", "-nostats", "-nostdin",
        "-noautorotate", "-reinit_filter", "0", "-thread_type", "slice" };
    const std::vector<std::string> opening = openingOptions(url);
    result.insert(result.end(), opening.begin(), opening.end());
    if (one_program)
        result.insert(result.end(), { "-scan_all_pmts", "0" });
    if (segments)
        result.push_back("-re");
    result.insert(result.end(), { "-i", url, "-map", "0:V:0", "-vf", filters, "-fps_mode", "passthrough", "-c:v", "bmp",
                                    "-flush_packets", "1", "-f", "image2pipe", "pipe:1" });
    return result;
}

class StreamReader : public VideoReader
{
public:
    StreamReader(const std::string& url, const ReadOptions& options, const MediaInfo& info);
    ~StreamReader() override { ffmpeg_->end(); }

    bool read(VideoFrame& frame) override;
    std::string problem() override;
    std::string note() override;

private:
    void open(bool one_program);
    bool has(const char* message) const;
    [[noreturn]] void failToOpen();
    cv::Mat receive();
    cv::Mat next();
    bool openAgain();
    cv::Mat shown(const cv::Mat& pixels) const;
    double shapeOf(const cv::Size& size) const;

    std::string url_;
    size_t max_pixels_;
    const bool segments_;      // see command()
    bool one_program_ = false; // likewise
    std::unique_ptr<ToolProcess> ffmpeg_;
    StreamDescription stream_;       // since it was opened last
    cv::Mat first_;                  // the image that came then, until it is given
    cv::Size received_;              // its size
    cv::Size size_;                  // of the frames
    double shape_ = 0;               // width of a frame divided by its height, as it is shown
    Clock::time_point start_, last_; // when the first frame came, and the last one
    double time_ = 0;                // of the last frame, from the first one; seconds
    std::int64_t count_ = 0;         // of frames given
    size_t changes_ = 0;             // of the size of the images
    bool stalled_ = false, lost_ = false;
};

StreamReader::StreamReader(const std::string& url, const ReadOptions& options, const MediaInfo& info)
    : url_(url), max_pixels_(options.max_pixels), segments_(info.segments)
{
    live_ = true;
    const std::string protocol = protocolOf(url);
    const bool likely = protocol == "udp" || protocol == "srt"; // and they can be opened again
    open(info.transport_stream || likely);
    if (first_.empty() && likely && has("Option scan_all_pmts not found"))
        open(false);
    if (first_.empty())
        failToOpen();
    start_ = last_;
    const cv::Size shape = stream_.pixel_shape;
    const bool on_side = stream_.rotation % 180 != 0;
    size_ = on_side ? cv::Size(received_.height, received_.width) : received_;
    shape_ = shapeOf(received_);
    if (stream_.rate > 0)
        format_.rate = stream_.rate;
    format_.pixel_shape = format_.shown_pixel_shape = on_side ? cv::Size(shape.height, shape.width) : shape;
    format_.color = completed(stream_.color, size_);
    format_.color.range = "tv"; // as it will be written
    format_.field_order = on_side ? std::string() : stream_.field_order;
}

//! Waits for the first image, too; there is none where the stream cannot be opened.
void StreamReader::open(bool one_program)
{
    one_program_ = one_program;
    last_ = Clock::now();
    ffmpeg_.reset(
        new ToolProcess(command(url_, one_program, segments_), ToolProcess::LISTEN, ToolProcess::UNTIL_INTERRUPT));
    ffmpeg_->giveUpAfter(LONGEST_OPENING);
    first_ = receive();
    if (first_.empty())
        return;
    last_ = Clock::now();
    received_ = first_.size();
    stream_ = StreamDescription::parse(ffmpeg_->messages(MESSAGES));
    ffmpeg_->giveUpAfter(LONGEST_WAIT);
}

bool StreamReader::has(const char* message) const
{
    return ffmpeg_->messages(2 * MESSAGES).find(message) != std::string::npos;
}

//! With the last of ffmpeg's reasons: those before it are of protocols below.
void StreamReader::failToOpen()
{
    const bool silent = std::chrono::duration<double>(Clock::now() - last_).count() >= LONGEST_OPENING;
    ffmpeg_->end();
    std::string text = ffmpeg_->messages(MESSAGES);
    if (text.find("matches no streams") != std::string::npos)
        throw std::runtime_error("the stream holds no video");
    const bool opened = text.find("Stream mapping:") != std::string::npos;
    text.erase(text.find_last_not_of('\n') + 1);
    const size_t line = text.rfind('\n') + 1, colon = text.rfind(": "); // npos + 1 is 0
    const bool told = !opened && !silent && colon != std::string::npos && colon >= line;
    throw std::runtime_error(opened ? "no frame of the stream could be read"
                                    : "the stream cannot be opened"
                                          + (silent  ? ": no answer for " + cv::format("%.0f s", LONGEST_OPENING)
                                              : told ? text.substr(colon)
                                                     : std::string()));
}

//! The next image as it comes; empty at the end.
cv::Mat StreamReader::receive()
{
    const size_t header_size = 54, width_at = 18, height_at = 22, row_unit = 4; // bytes, little-endian
    unsigned char header[header_size];
    if (ffmpeg_->read(header, header_size) < header_size)
        return cv::Mat();
    std::int32_t width = 0, height = 0;
    std::memcpy(&width, header + width_at, sizeof(width));
    std::memcpy(&height, header + height_at, sizeof(height));
    if (header[0] != 'B' || header[1] != 'M' || width <= 0 || height <= 0)
        throw std::runtime_error("ffmpeg sent no image");
    if (size_t(height) > max_pixels_ / size_t(width))
        throw std::runtime_error("is of " + std::to_string(width) + "x" + std::to_string(height) + " pixels; at most "
                                 + std::to_string(max_pixels_) + " are read (--max-pixels)");
    const size_t row = size_t(width) * 3, padded = (row + row_unit - 1) / row_unit * row_unit;
    cv::Mat pixels(height, width, CV_8UC3), rows = pixels;
    if (padded != row)
        rows.create(height, int(padded), CV_8U);
    const size_t bytes = padded * size_t(height);
    if (ffmpeg_->read(rows.data, bytes) < bytes)
        return cv::Mat();
    for (int y = 0; padded != row && y < height; ++y)
        std::memcpy(pixels.ptr(y), rows.ptr(y), row);
    return pixels;
}

//! The next image, whatever its size; empty at the end.
cv::Mat StreamReader::next()
{
    cv::Mat pixels;
    std::swap(pixels, first_);
    if (!pixels.empty() || count_ == 0)
        return pixels;
    pixels = receive();
    if (!pixels.empty())
    {
        last_ = Clock::now();
        ffmpeg_->forgetMessages(MESSAGES);
        return pixels;
    }
    if (interrupted())
        return pixels;
    stalled_ = std::chrono::duration<double>(Clock::now() - last_).count() >= LONGEST_WAIT;
    if (has(CHANGED) && openAgain())
        std::swap(pixels, first_);
    return pixels;
}

//! After a change of size. A stream that then begins as before does not go on but anew: it would never end.
bool StreamReader::openAgain()
{
    const cv::Size size = received_;
    const double shape = shapeOf(size);
    ffmpeg_->end();
    open(one_program_);
    lost_ = !interrupted() && (first_.empty() || (received_ == size && shapeOf(received_) == shape));
    ++changes_;
    ++count_; // frames were lost
    return !lost_ && !first_.empty();
}

//! @param size of an image as it comes @return width divided by height, as it is shown
double StreamReader::shapeOf(const cv::Size& size) const
{
    const double shape =
        double(size.width) * stream_.pixel_shape.width / (double(size.height) * stream_.pixel_shape.height);
    return stream_.rotation % 180 == 0 ? shape : 1 / shape;
}

//! The image upright, in its own shape inside of the size of the frames.
cv::Mat StreamReader::shown(const cv::Mat& pixels) const
{
    cv::Mat upright = pixels;
    if (stream_.rotation != 0)
        cv::rotate(pixels, upright,
            stream_.rotation == 90    ? cv::ROTATE_90_CLOCKWISE
            : stream_.rotation == 180 ? cv::ROTATE_180
                                      : cv::ROTATE_90_COUNTERCLOCKWISE);
    const double nearly = 1.04; // bars of less are not worth it
    double ratio = shapeOf(pixels.size()) / shape_;
    ratio = ratio < nearly && ratio > 1 / nearly ? 1 : ratio;
    const cv::Size inner(std::max(1, cvRound(size_.width * std::min(1., ratio))),
        std::max(1, cvRound(size_.height / std::max(1., ratio))));
    if (upright.size() == size_ && inner == size_)
        return upright;
    cv::Mat result = cv::Mat::zeros(size_, upright.type());
    const cv::Point corner((size_.width - inner.width) / 2, (size_.height - inner.height) / 2);
    cv::Mat inside = result(cv::Rect(corner, inner));
    cv::resize(upright, inside, inner, 0, 0, upright.cols > inner.width ? cv::INTER_AREA : cv::INTER_CUBIC);
    return result;
}

bool StreamReader::read(VideoFrame& frame)
{
    const cv::Mat pixels = next();
    if (pixels.empty())
        return false;
    const double time = std::chrono::duration<double>(last_ - start_).count(), least = 1e-4;
    time_ = count_ == 0 ? 0 : std::max(time, time_ + least);
    frame.pixels = shown(pixels);
    frame.time = time_;
    frame.number = count_++;
    return true;
}

std::string StreamReader::problem()
{
    return lost_ ? "the stream changed the size of its images, and does not go on where it is opened again"
                 : std::string();
}

std::string StreamReader::note()
{
    if (stalled_)
        return cv::format("the stream sent nothing for %.0f s", LONGEST_WAIT);
    return changes_ > 0 ? "the stream changed the size of its images and was opened again (" + count(changes_, "time")
                              + "); some seconds are missing"
                        : std::string();
}

} // namespace

std::unique_ptr<VideoReader> openStream(const std::string& url, const ReadOptions& options, const MediaInfo& info)
{
    return std::unique_ptr<VideoReader>(new StreamReader(url, options, info));
}

}} // namespace sanprivacy::apps
