// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#ifndef SANPRIVACY_APPS_MEDIA_VIDEO_READER_HPP
#define SANPRIVACY_APPS_MEDIA_VIDEO_READER_HPP

#include <chrono>
#include <string>
#include <vector>

#include <opencv2/videoio.hpp>

namespace sanprivacy { namespace apps {

//! An image of a video, and when it is shown.
struct VideoFrame
{
    cv::Mat pixels; //!< BGR, upright
    double time = 0; //!< seconds from the video's beginning
};

//! Size and rate of raw frames, which do not tell it themselves.
struct RawFormat
{
    cv::Size size;
    double rate = 25; //!< frames per second

    //! Reads "640x480" or "640x480@30"; raises UsageError otherwise.
    static RawFormat parse(const std::string& text);
};

/** Reads a video frame by frame: a file, a sequence of images (name with %d), a camera (its number), a stream (URL), or
raw BGR frames from standard input ("-"). */
class VideoReader
{
public:
    //! Raises std::runtime_error where there is no video; `raw` is for "-" only.
    VideoReader(const std::string& source, const RawFormat& raw);

    bool read(VideoFrame& frame); //!< @return false at the end
    bool skip();                 //!< as read(), but without decoding where that can be left out
    double time() const { return time_; } //!< of the last frame
    double nextTime() const; //!< of the next frame, as far as the video tells; else time()
    double rate() const { return rate_; } //!< frames per second, as the video says
    cv::Size pixelShape() const; //!< width and height of a pixel as it is shown, in any unit; 1x1 where they are not known
    size_t frames() const { return frames_; } //!< that there are to read; 0 where that is not known
    bool truncated() const { return truncated_; } //!< whether the file ends long before the time that it says, or raw input within a frame
    bool live() const { return live_; }

    static bool isLive(const std::string& source);
    static bool isPattern(const std::string& name); //!< of a sequence of images

private:
    bool readRaw(VideoFrame& frame);
    bool grab();
    void stamp();
    void readTimes(const std::string& source);

    cv::VideoCapture capture_;
    bool raw_, live_, truncated_;
    std::vector<double> times_; // of all frames, where the video tells them
    RawFormat format_;
    double rate_, time_;
    size_t frames_, count_;
    std::chrono::steady_clock::time_point start_;
};

}} // namespace sanprivacy::apps

#endif // SANPRIVACY_APPS_MEDIA_VIDEO_READER_HPP
