// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#ifndef SANPRIVACY_APPS_MEDIA_FILE_WRITER_HPP
#define SANPRIVACY_APPS_MEDIA_FILE_WRITER_HPP

#include "media/video_writer.hpp"

namespace sanprivacy { namespace apps {

//! createVideoWriter() for a video file.
std::unique_ptr<VideoWriter> createFileWriter(const std::filesystem::path& target, const WriteOptions& options);

}} // namespace sanprivacy::apps

#endif // SANPRIVACY_APPS_MEDIA_FILE_WRITER_HPP
