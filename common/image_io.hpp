// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#ifndef SANPRIVACY_COMMON_IMAGE_IO_HPP
#define SANPRIVACY_COMMON_IMAGE_IO_HPP

#include <filesystem>

#include <opencv2/core.hpp>

namespace sanprivacy {

//! An image as a viewer shows it: upright, its orientation tag applied, and free of any metadata.
struct Image
{
    cv::Mat pixels; //!< BGR or gray, 8-bit or 16-bit
    cv::Mat alpha;  //!< transparency of the same size and depth, or empty
};

//! Whether the name ends as that of an image format which can be both read and written.
bool hasImageName(const std::filesystem::path& file);

/** Reads an image and refuses, with std::runtime_error, what would not come out whole: files that are truncated,
hold several images, are neither 8-bit nor 16-bit, or are no images. */
Image readImage(const std::filesystem::path& file);

//! Writes an image in the format that its name tells; it appears whole or not at all. Quality 0..100 for lossy formats.
void writeImage(const std::filesystem::path& file, const Image& image, int quality);

} // namespace sanprivacy

#endif // SANPRIVACY_COMMON_IMAGE_IO_HPP
