// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#ifndef SANPRIVACY_COMMON_IMAGE_IO_HPP
#define SANPRIVACY_COMMON_IMAGE_IO_HPP

#include <cstddef>
#include <filesystem>
#include <string>

#include <opencv2/core.hpp>

namespace sanprivacy {

//! An image as a viewer shows it: upright, in sRGB, its orientation and color profile applied, and free of any
//! metadata.
struct Image
{
    cv::Mat pixels;                   //!< BGR or gray, 8-bit or 16-bit; not multiplied by the transparency
    cv::Mat alpha;                    //!< transparency of the same size and depth, or empty
    std::string note = std::string(); //!< what of the file is not in it, for the user; empty where all of it is
    int gain = 1;                     //!< by which the pixels are brighter than those of the file, see setGain()
};

//! Pixels that an image may have, unless a command has another limit: decoded, they take about 1 GiB.
const size_t MAX_PIXELS = 200000000;

//! Whether the name ends as that of an image format which can be both read and written.
bool hasImageName(const std::filesystem::path& file);

//! Whether the name ends as that of a format which writeImage() writes in a quality that can be chosen.
bool hasQuality(const std::filesystem::path& file);

/** Makes the pixels of an image as bright as that gain says; the way back to a lower one is exact.

readImage() brightens an image by cv::sanprivacy::brightnessGain(), so that a face can be seen in a very dark one, too;
writeImage() takes that back.
@param gain a power of 2 */
void setGain(Image& image, int gain);

/** Reads an image and refuses, with std::runtime_error, what would not come out whole: files that are truncated,
hold several images, are neither 8-bit nor 16-bit, of a format that is not read, or are no images.
@param max_pixels width times height, those of 16 bits counted twice; a header with more is refused before
anything is decoded */
Image readImage(const std::filesystem::path& file, size_t max_pixels = MAX_PIXELS);

//! The image as it is seen on a plain ground, without transparency.
//! @param ground from 0, black, to 1, white
cv::Mat onPlain(const Image& image, double ground);

/** Writes an image in the format of its name's ending, completely or not at all. Its brightness is that of the
file, see setGain(). Where the format has no 16 bits, 8 are written; where it has no transparency, the image is shown on
white.
@param quality 0..100 for lossy formats
@param source file that it is made from: what others may not read there they may not read here, see permissionsFor() */
void writeImage(const std::filesystem::path& file, const Image& image, int quality,
    const std::filesystem::path& source = std::filesystem::path());

} // namespace sanprivacy

#endif // SANPRIVACY_COMMON_IMAGE_IO_HPP
