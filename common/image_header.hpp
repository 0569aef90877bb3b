// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#ifndef SANPRIVACY_COMMON_IMAGE_HEADER_HPP
#define SANPRIVACY_COMMON_IMAGE_HEADER_HPP

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace sanprivacy {

typedef std::vector<unsigned char> Bytes;

//! The color space of an image, where a file gives it by numbers and not by a profile.
struct ColorSpace
{
    double gamma = 0; //!< of the tone curve; 0: the curve of sRGB
    std::array<double, 8> xy = { .3127, .3290, .64, .33, .30, .60, .15, .06 }; //!< of white, red, green and blue
};

//! What the header of an image file contains, read without decoding the image.
struct ImageHeader
{
    std::string format;                    //!< "JPEG", "PNG", "WebP", "TIFF", ..; empty where it is none that is known
    uint64_t width = 0, height = 0;        //!< as stored; 0 where the file does not give it
    size_t images = 1;                     //!< frames of an animation, or pages; smaller copies of a page do not count
    int orientation = 1;                   //!< 1..8 of Exif, what is to be done to show the image upright
    Bytes profile;                         //!< ICC color profile; empty where there is none
    std::optional<ColorSpace> color_space; //!< in place of a profile, as Exif of cameras and PNG have it
    bool high_dynamic_range = false;       //!< its values are of PQ or HLG
    bool further_image = false, video = false; //!< behind the image: of burst, stereo and motion photos
    std::optional<uint64_t> transparent_gray;  //!< of PNG: the one value of gray that is transparent, as stored
    bool cmyk = false;                         //!< its colors are cyan, magenta, yellow and black
    int bits = 8;                              //!< of a color of a pixel; 8 where the file does not give it
    uint64_t largest = 0;      //!< value of a full color where a decoder gives values as stored; 0: of all bits
    uint64_t stored_bytes = 0; //!< that the pixels take in the file where they are not compressed, else 0

    // TIFF only.
    enum Alpha
    {
        NONE,
        ASSOCIATED,
        STRAIGHT
    } alpha = NONE;                                      //!< whether colors are multiplied by the transparency
    size_t alpha_position = 0, orientation_position = 0; //!< where in the file these are written; 0: they are not
    bool big_endian = false;
    bool begins_with_copy = false; //!< a smaller one of its image, as raw files of cameras do
    int photometric = 2;
    uint64_t channels = 0, compression = 1; //!< 1: none
    bool planes = false;                    //!< each channel is stored on its own
};

//! Reads the header of a whole file. What cannot be read stays at its default: the decoder has the last word.
ImageHeader readImageHeader(const Bytes& content);

} // namespace sanprivacy

#endif // SANPRIVACY_COMMON_IMAGE_HEADER_HPP
