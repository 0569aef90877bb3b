// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#ifndef SANPRIVACY_APPS_PICTURE_HPP
#define SANPRIVACY_APPS_PICTURE_HPP

#include <filesystem>

#include <opencv2/core.hpp>

namespace sanprivacy { namespace apps {

//! A picture as a viewer shows it: upright, its orientation tag applied, and free of any metadata.
struct Picture
{
    cv::Mat pixels; //!< BGR or grey, 8-bit or 16-bit
    cv::Mat alpha;  //!< transparency of the same size and depth, or empty
};

//! Whether the name ends as that of a picture format which can be both read and written.
bool hasPictureName(const std::filesystem::path& file);

/** Reads a picture and refuses, with std::runtime_error, what would not come out whole: files that are truncated,
hold several pictures, are neither 8-bit nor 16-bit, or are no pictures. */
Picture readPicture(const std::filesystem::path& file);

//! Writes a picture in the format that its name tells; it appears whole or not at all. Quality 0..100 for lossy formats.
void writePicture(const std::filesystem::path& file, const Picture& picture, int quality);

}} // namespace sanprivacy::apps

#endif // SANPRIVACY_APPS_PICTURE_HPP
