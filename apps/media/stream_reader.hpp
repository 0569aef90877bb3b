// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#ifndef SANPRIVACY_APPS_MEDIA_STREAM_READER_HPP
#define SANPRIVACY_APPS_MEDIA_STREAM_READER_HPP

#include "media/video_reader.hpp"

namespace sanprivacy { namespace apps {

/** A live stream behind a URL, decoded by the tool ffmpeg. It is opened once: some answer one caller only. Where it
changes the size of its images or the shape of their pixels, it is opened again, and they keep their shape inside of the
first size. A frame's time is when it came. The stream ends as well where no frame comes for
half a minute.

As in cv::VideoCapture, the variable OPENCV_FFMPEG_CAPTURE_OPTIONS can hold options of ffmpeg ("rtsp_transport;udp").
@param info of the stream, where it was asked

Waits for the first frame; raises std::runtime_error where none comes, or the tool is not there. */
std::unique_ptr<VideoReader> openStream(
    const std::string& url, const ReadOptions& options, const MediaInfo& info = MediaInfo());

}} // namespace sanprivacy::apps

#endif // SANPRIVACY_APPS_MEDIA_STREAM_READER_HPP
