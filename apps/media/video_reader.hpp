// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#ifndef SANPRIVACY_APPS_MEDIA_VIDEO_READER_HPP
#define SANPRIVACY_APPS_MEDIA_VIDEO_READER_HPP

#include "common/image_io.hpp"
#include "media/media_info.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include <opencv2/core.hpp>

namespace sanprivacy { namespace apps {

//! An image of a video, and when it is shown.
struct VideoFrame
{
    cv::Mat pixels;            //!< BGR, upright, 8-bit or 16-bit
    double time = 0;           //!< seconds from the video's beginning
    std::int64_t number = 0;   //!< from 0; in a sequence of images that of the file's name
    cv::Mat alpha = cv::Mat(); //!< transparency of an image of a sequence, of the same size and depth; else empty
    int gain = 1;              //!< by which an image of a sequence is brighter than its file, see setGain()
};

//! Size and rate of raw frames, which do not tell it themselves.
struct RawFormat
{
    cv::Size size;
    double rate = 25; //!< frames per second

    //! Reads "640x480" or "640x480@30"; raises UsageError otherwise.
    static RawFormat parse(const std::string& text);
};

//! How a video is shown.
struct VideoFormat
{
    double rate = 25;                            //!< frames per second, as the video says
    cv::Size pixel_shape = cv::Size(1, 1);       //!< width and height of a pixel, in any unit
    cv::Size shown_pixel_shape = cv::Size(1, 1); //!< the same of what it shows, see MediaInfo::shownPixelShape()
    ColorTags color;
    std::string field_order; //!< of an interlaced video "tff" or "bff"; else empty
};

//! What is asked of a reader.
struct ReadOptions
{
    RawFormat raw;                       //!< for "-" only
    double from = 0;                     //!< seconds; frames before are left out
    bool keep_depth = false;             //!< 16-bit frames where the source has more than 8 bits; else all are 8-bit
    size_t max_pixels = MAX_PIXELS;      //!< of a frame, see readImage()
    std::function<void(Image&)> prepare; //!< called with each image of a sequence; one for which it raises is left out
};

//! Reads a video frame by frame.
class VideoReader
{
public:
    virtual ~VideoReader() {}

    virtual bool read(VideoFrame& frame) = 0; //!< @return false at the end

    const VideoFormat& format() const { return format_; }
    size_t frames() const { return frames_; } //!< that there are to read, roughly; 0 where that is not known
    bool live() const { return live_; }       //!< frames that are not taken in time are lost
    //! When the last frame ceases to be shown, seconds; 0: nobody says.
    virtual double end() const { return 0; }
    virtual std::string problem() { return std::string(); } //!< after the end: what was missing, or empty
    virtual std::string note() { return std::string(); }    //!< after the end: what was left out of it, or empty
    virtual MediaInfo info() const { return MediaInfo(); }  //!< of a file

protected:
    VideoFormat format_;
    size_t frames_ = 0;
    bool live_ = false;
};

/** Opens a file, a URL, a sequence of images (name with %d), a camera (its number), or raw BGR frames on standard input
("-"). Raises std::runtime_error where there is no video. */
std::unique_ptr<VideoReader> openVideo(const std::string& source, const ReadOptions& options = ReadOptions());

bool isCamera(const std::string& source);
bool isUrl(const std::string& source); //!< other than of a file on this machine

//! file:///a/b%20c.mp4 as a path; other names as they are.
std::string localName(const std::string& source);

}} // namespace sanprivacy::apps

#endif // SANPRIVACY_APPS_MEDIA_VIDEO_READER_HPP
