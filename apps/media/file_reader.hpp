// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#ifndef SANPRIVACY_APPS_MEDIA_FILE_READER_HPP
#define SANPRIVACY_APPS_MEDIA_FILE_READER_HPP

#include "media/video_reader.hpp"

namespace sanprivacy { namespace apps {

//! The name of a file for ffmpeg, or the URL: a colon would make 12:30.mp4 a protocol, and /dev/stdin would be its own.
std::string toolName(const std::string& source);

/** A video file, or one behind a URL, decoded by the tool ffmpeg: its orientation and its colors are those that players
show. Raises std::runtime_error where there is no video in it, or the tool is not there. */
std::unique_ptr<VideoReader> openVideoFile(const std::string& source, const ReadOptions& options);

}} // namespace sanprivacy::apps

#endif // SANPRIVACY_APPS_MEDIA_FILE_READER_HPP
