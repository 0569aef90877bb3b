// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#ifndef SANPRIVACY_APPS_MEDIA_VIDEO_WRITER_HPP
#define SANPRIVACY_APPS_MEDIA_VIDEO_WRITER_HPP

#include "media/video_reader.hpp"

#include <filesystem>
#include <memory>
#include <string>

namespace sanprivacy { namespace apps {

//! Writes protected frames. No video is there under the final name before finish() or keep().
class VideoWriter
{
public:
    virtual ~VideoWriter() {}
    virtual void write(const VideoFrame& frame) = 0;
    virtual void finish() = 0;

    //! As finish(), for a video that is to be resumed: unfinishedVideo() stays beside it.
    virtual void keep() { finish(); }
};

//! The sound that goes with the frames.
struct Sound
{
    std::string video;   //!< file it is copied from; empty: none
    double begin = 0;   //!< seconds
    double end = -1;    //!< negative: to the video's end
};

/** A writer for a video file (by the ffmpeg tool), a sequence of images (name with %d) or raw frames to standard output ("-").
A video keeps the frames' time stamps and gets no metadata; an .avi has one rate, frames/s. Without the ffmpeg tool a video raises std::runtime_error.
@param pixelShape of a video, VideoReader::pixelShape() */
std::unique_ptr<VideoWriter> createVideoWriter(const std::string& target, const Sound& sound, int quality, double rate,
                                             const cv::Size& pixelShape = cv::Size(1, 1));

std::string endingOf(const std::filesystem::path& video); //!< .mp4 of CLIP.MP4

/** The hidden file that a video is written to until it is whole. A run that is killed leaves it there; on errors it goes. */
std::filesystem::path unfinishedVideo(const std::filesystem::path& target);

}} // namespace sanprivacy::apps

#endif // SANPRIVACY_APPS_MEDIA_VIDEO_WRITER_HPP
