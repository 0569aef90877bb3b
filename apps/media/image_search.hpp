// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#ifndef SANPRIVACY_APPS_MEDIA_IMAGE_SEARCH_HPP
#define SANPRIVACY_APPS_MEDIA_IMAGE_SEARCH_HPP

#include <string>
#include <vector>

namespace sanprivacy { namespace apps {

//! Whether an image file begins inside of these bytes: JPEG or PNG, or as text in base64, or what announces one.
bool holdsImage(const std::string& bytes);

/** Whether a track of sound or subtitles holds an image, such as a cover in its header or among its packets.
@param input arguments of ffmpeg that name the file or URL, and perhaps a span of it
@param coding arguments of ffmpeg by which the track is copied or encoded
@param stream number of the track in the file */
bool trackHoldsImage(const std::vector<std::string>& input, const std::vector<std::string>& coding, int stream);

//! The same of what a track's header says, for which ffmpeg has no output of its own.
bool headerHoldsImage(const std::string& source, int stream);

}} // namespace sanprivacy::apps

#endif // SANPRIVACY_APPS_MEDIA_IMAGE_SEARCH_HPP
