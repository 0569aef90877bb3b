// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#include "common/image_io.hpp"

#include "common/atomic_file.hpp"
#include "common/byte_view.hpp"
#include "common/color_profile.hpp"
#include "common/image_header.hpp"
#include "common/jpeg_pixels.hpp"
#include "common/png_pixels.hpp"
#include "common/quiet_stream.hpp"

#include <algorithm>
#include <cctype>
#include <map>
#include <mutex>
#include <set>
#include <stdexcept>

#include <opencv2/imgcodecs.hpp>
#include <opencv2/imgproc.hpp>
#include <opencv2/sanprivacy/face_detector.hpp>

namespace fs = std::filesystem;

namespace sanprivacy {

namespace {

//! Refuses a file by its header alone.
void check(const ImageHeader& header, size_t file_bytes, size_t max_pixels)
{
    struct Unread
    {
        const char *format, *advice;
    };
    static const Unread unread[] = { { "HEIC", "convert it to PNG or JPEG first, as by 'heif-convert IN OUT.png'" },
        { "AVIF", "convert it to PNG or JPEG first, as by 'heif-convert IN OUT.png'" },
        { "JPEG XL", "convert it to PNG or JPEG first, as by 'djxl IN OUT.png'" },
        { "GIF",
            "convert it to PNG first, as by 'convert IN OUT.png'; an animation is a matter of 'sanprivacy video'" },
        { "PAM", "OpenCV mixes up its colors; convert it to PNG first" }, { "JPEG XR", "convert it to PNG first" },
        { "JPEG-LS", "convert it to PNG first" }, { "lossless JPEG", "convert it to PNG first" },
        { "JPEG of 12 bits", "convert it to PNG first" },
        { "DICOM", "convert it to PNG first, as by 'dcm2pnm +on IN OUT.png'" },
        { "raw image of a camera", "save it as PNG or TIFF first" },
        { "face record (ISO/IEC 19794-5)", "save the JPEG or JPEG 2000 image inside of it first" },
        { "PostScript", "save its images as PNG or JPEG first" }, { "SVG", "convert it to PNG first" },
        { "icon (ICO)", "convert it to PNG first" }, { "ZIP", "unpack it first" },
        { "web page (HTML)", "save the image instead of its page" },
        { "Git LFS pointer", "'git lfs pull' puts the image in its place" },
        { "Photoshop", "save it as PNG or TIFF first" }, { "PDF", "save its images as PNG or JPEG first" },
        { "TIFF of floating-point numbers", "8-bit or 16-bit is expected" }, { "video", "'sanprivacy video' takes it" },
        { "OpenEXR", "its pixels are floating-point numbers; 8-bit or 16-bit is expected" },
        { "Radiance HDR", "its pixels are floating-point numbers; 8-bit or 16-bit is expected" },
        { "PFM", "its pixels are floating-point numbers; 8-bit or 16-bit is expected" } };
    for (const Unread& format : unread)
        if (header.format == format.format)
            throw std::runtime_error("is of the format " + header.format + ", which cannot be read: " + format.advice);
    if (header.images > 1)
        throw std::runtime_error("holds several images; a file of one is expected");
    if (header.begins_with_copy)
        throw std::runtime_error(
            "begins with a smaller copy of its image, as raw files of cameras do; save it as TIFF or PNG first");
    const int most_bits = 16;
    if (header.format == "TIFF" && header.bits > most_bits)
        throw std::runtime_error(
            "has " + std::to_string(header.bits) + " bits for each color; 8-bit or 16-bit is expected");
    const bool deep = header.bits > 8; // twice the memory
    if (header.width > 0 && header.height > max_pixels / (deep ? 2 : 1) / header.width)
        throw std::runtime_error("is of " + std::to_string(header.width) + "x" + std::to_string(header.height)
                                 + " pixels" + (deep ? " of 16 bits, which count twice" : "") + "; at most "
                                 + std::to_string(max_pixels) + " are read (--max-pixels)");
    if (header.stored_bytes > file_bytes)
        throw std::runtime_error("is truncated: its pixels take " + std::to_string(header.stored_bytes)
                                 + " bytes, the file has " + std::to_string(file_bytes));
    const int palette = 3, lab = 8, lab_of_fax = 10; // CMYK and YCbCr between the first two
    const size_t most_channels = 4;
    if (header.channels > most_channels)
        throw std::runtime_error("has " + std::to_string(header.channels) + " channels; at most "
                                 + std::to_string(most_channels) + " are read");
    if (header.format == "TIFF" && header.photometric >= lab && header.photometric <= lab_of_fax)
        throw std::runtime_error("is a TIFF image in CIELAB colors; save it in RGB first");
    if (header.format == "TIFF" && header.bits > 8 && header.photometric >= palette && header.photometric <= lab)
        throw std::runtime_error(
            "is a TIFF image of " + std::to_string(header.bits) + " bits in other colors than RGB or gray");
    if (header.format == "TIFF" && header.bits > 8 && header.planes && header.channels > 1)
        throw std::runtime_error("is a TIFF image of " + std::to_string(header.bits)
                                 + " bits whose channels are stored one after the other, which OpenCV mixes up; save "
                                   "it with interleaved channels first");
    // Those that libtiff knows: strips of another one would be black.
    static const std::set<uint64_t> compressions = { 1, 2, 3, 4, 5, 6, 7, 8, 32766, 32771, 32773, 32809, 32908, 32909,
        32946, 34661, 34676, 34677, 34887, 34925, 50000, 50001 };
    if (header.format == "TIFF" && compressions.count(header.compression) == 0)
        throw std::runtime_error("is a TIFF image with the compression " + std::to_string(header.compression)
                                 + ", which cannot be read; save it with another one first, such as LZW");
}

//! Why a decoder has given nothing.
std::string undecoded(const ImageHeader& header)
{
    const std::string damaged = "is damaged or truncated";
    if (header.format.empty())
        return "is damaged, truncated, or no image";
    if (header.format == "TIFF" && header.bits > 1 && header.bits < 8)
        return "is a TIFF image of " + std::to_string(header.bits) + " bits, or " + damaged
               + "; 1, 8 or 16 bits are expected";
    return damaged + ", or a " + header.format + " image of a kind that OpenCV does not read";
}

/** Makes the decoder of TIFF leave the pixels as they are stored: it would turn some orientations only, and multiply
colors by the transparency. */
void neutralize(std::vector<unsigned char>& content, const ImageHeader& header)
{
    const auto set = [&](size_t position, unsigned char value) // 16-bit
    {
        if (position == 0 || position + 1 >= content.size())
            return;
        content[position] = header.big_endian ? 0 : value;
        content[position + 1] = header.big_endian ? value : 0;
    };
    const unsigned char top_left = 1, associated = 1;
    set(header.orientation_position, top_left);
    set(header.alpha_position, associated);
}

/** Leaves of a PNG file what its pixels are made of: libpng prints warnings about the other parts, without the file's
name. What is told by them, ImageHeader has. */
void removeAncillaryChunks(std::vector<unsigned char>& content)
{
    const size_t signature = 8, frame = 12; // bytes: of a chunk, its length, kind and checksum
    const ByteView file(content.data(), content.size(), true);
    size_t end = signature;
    for (size_t position = signature; position < content.size();)
    {
        const std::string kind = file.text(position + 4, 4);
        const size_t left = content.size() - position,
                     size = left < frame ? left : std::min(left, frame + size_t(file.u32(position)));
        const bool ancillary = kind.size() == 4 && (kind[0] & 0x20) != 0 && kind != "tRNS";
        if (!ancillary)
        {
            std::copy_n(content.begin() + std::ptrdiff_t(position), size, content.begin() + std::ptrdiff_t(end));
            end += size;
        }
        position += size;
    }
    content.resize(end);
}

//! Turns pixels as an orientation of Exif wants it.
void turnUpright(cv::Mat& pixels, int orientation)
{
    if (pixels.empty())
        return;
    const bool transposed = orientation >= 5;
    if (transposed)
        cv::transpose(pixels, pixels);
    const int keep = 2, flips[] = { keep, 1, -1, 0, keep, 1, -1, 0 }; // codes of cv::flip()
    if (flips[orientation - 1] != keep)
        cv::flip(pixels, pixels, flips[orientation - 1]);
}

//! Colors that were multiplied by the transparency, as they were before.
void divideByAlpha(cv::Mat& pixels, const cv::Mat& alpha)
{
    cv::Mat factor, wide;
    const double full = alpha.depth() == CV_16U ? 65535 : 255;
    alpha.convertTo(factor, CV_32F);
    cv::divide(full, factor, factor);
    factor.setTo(0, alpha == 0);
    if (pixels.channels() == 3)
        cv::merge(std::vector<cv::Mat>(3, factor), factor);
    cv::multiply(pixels, factor, pixels, 1, pixels.type());
}

//! Pixels and transparency of what a decoder gives.
Image split(const cv::Mat& decoded)
{
    Image image;
    if (decoded.channels() != 4)
    {
        image.pixels = decoded;
        return image;
    }
    cv::extractChannel(decoded, image.alpha, 3);
    cv::cvtColor(decoded, image.pixels, cv::COLOR_BGRA2BGR);
    return image;
}

//! The transparency of a gray PNG image of which one value is transparent. It is given as it is stored.
cv::Mat keyedAlpha(const cv::Mat& pixels, uint64_t key, int bits)
{
    if (bits < 8)
        key = key * 255 / ((1u << bits) - 1);
    cv::Mat opaque;
    cv::compare(pixels, cv::Scalar::all(double(key)), opaque, cv::CMP_NE);
    opaque.convertTo(opaque, pixels.depth(), pixels.depth() == CV_16U ? 257 : 1); // 255 becomes 65535
    return opaque;
}

//! Converts to sRGB; where that cannot be done, the note of the image says so.
void convertColors(Image& image, const ImageHeader& header)
{
    if (header.high_dynamic_range)
        image.note = "its colors of high dynamic range look pale: they are written without the mark that tells them";
    else if (header.cmyk && !header.profile.empty())
        image.note = "its CMYK colors are converted without their profile";
    else if (!header.profile.empty() && !convertToSrgb(image.pixels, header.profile))
        image.note = "its color profile cannot be used; its colors are taken for sRGB";
    else if (header.profile.empty() && header.color_space && !convertToSrgb(image.pixels, *header.color_space))
        image.note = "its color space cannot be used; its colors are taken for sRGB";
}

//! Pixels as they are stored. What OpenCV prints of a damaged file becomes the error.
cv::Mat decode(const std::vector<unsigned char>& content, const ImageHeader& header, bool& damaged)
{
    if (header.format == "JPEG")
        return decodeJpeg(content, header, damaged);
    if (header.format == "PNG")
        return decodePng(content, header);
    try
    {
        const QuietErrors quiet;
        const cv::Mat decoded = cv::imdecode(content, cv::IMREAD_UNCHANGED);
        if (decoded.empty())
            throw std::runtime_error(undecoded(header));
        return decoded;
    }
    catch (const cv::Exception& error)
    {
        if (error.err.find("CV_IO_MAX_IMAGE") != std::string::npos)
            throw std::runtime_error(
                "is larger than OpenCV reads; the environment variables OPENCV_IO_MAX_IMAGE_PIXELS, "
                "_WIDTH and _HEIGHT set the limits");
        throw;
    }
}

void addNote(Image& image, const std::string& note)
{
    image.note += (image.note.empty() ? "" : "; ") + note;
}

//! What a format can hold, by its ending.
struct Format
{
    std::string ending; //!< by which OpenCV knows the encoder
    bool deep, transparent;
};

//! .jpg of PHOTO.JPG, and of the other names that browsers and cameras of several lenses give a JPEG file.
std::string endingOf(const fs::path& file)
{
    std::string ending = file.extension().string();
    std::transform(ending.begin(), ending.end(), ending.begin(), [](unsigned char c) { return char(std::tolower(c)); });
    return ending == ".jfif" || ending == ".mpo" ? ".jpg" : ending;
}

Format formatOf(const fs::path& file)
{
    std::string ending = endingOf(file);
    const auto is = [&](std::initializer_list<const char*> endings)
    { return std::find(endings.begin(), endings.end(), ending) != endings.end(); };
    if (is({ ".pbm", ".pgm", ".ppm" })) // the kind is in the file, not in the name
        ending = ".pnm";
    return { ending, is({ ".png", ".tif", ".tiff", ".jp2", ".pgm", ".ppm", ".pnm", ".pbm" }),
        is({ ".png", ".tif", ".tiff", ".webp", ".bmp", ".dib", ".jp2" }) };
}

/** Whether OpenCV writes 8-bit images of an ending. Of some formats it has an encoder that takes none, such as EXR, or
one that is switched off, so it is tried, once for each ending. */
bool isWritten(const std::string& ending)
{
    static std::mutex mutex;
    static std::map<std::string, bool> written;
    const std::lock_guard<std::mutex> lock(mutex);
    const auto known = written.emplace(ending, cv::haveImageWriter("image" + ending));
    if (known.second && known.first->second)
        try
        {
            const QuietErrors quiet;
            std::vector<unsigned char> content;
            known.first->second = cv::imencode(ending, cv::Mat(64, 64, CV_8UC3, cv::Scalar::all(128)), content);
        }
        catch (const cv::Exception&)
        {
            known.first->second = false;
        }
    return known.first->second;
}

cv::Mat joined(const Image& image)
{
    cv::Mat pixels = image.pixels;
    if (pixels.channels() == 1) // no encoder takes gray with transparency
        cv::cvtColor(pixels, pixels, cv::COLOR_GRAY2BGR);
    const cv::Mat planes[] = { pixels, image.alpha };
    const int order[] = { 0, 0, 1, 1, 2, 2, 3, 3 };
    cv::Mat result(pixels.size(), CV_MAKETYPE(pixels.depth(), 4));
    cv::mixChannels(planes, 2, &result, 1, order, 4);
    return result;
}

/** Says in a TIFF file of OpenCV's encoder, which does not, that its colors are not multiplied by the transparency: a
new directory with that entry at the end of the file. */
void markStraightAlpha(std::vector<unsigned char>& tiff)
{
    const bool big_endian = tiff[0] == 'M';
    const auto get = [&](size_t position, size_t bytes)
    {
        size_t value = 0;
        for (size_t k = 0; k < bytes; ++k)
            value = value << 8 | tiff.at(position + (big_endian ? k : bytes - 1 - k));
        return value;
    };
    const auto put = [&](size_t position, size_t bytes, size_t value)
    {
        for (size_t k = 0; k < bytes; ++k)
            tiff.at(position + (big_endian ? bytes - 1 - k : k)) = static_cast<unsigned char>(value >> 8 * k);
    };
    const size_t entry_size = 12, extra_samples = 338, short_type = 3, straight = 2;
    const size_t old = get(4, 4), count = get(old, 2);
    size_t before = 0; // entries are sorted by their tags
    while (before < count && get(old + 2 + before * entry_size, 2) < extra_samples)
        ++before;
    if (before < count && get(old + 2 + before * entry_size, 2) == extra_samples)
        return put(old + 2 + before * entry_size + 8, 2, straight);
    const std::vector<unsigned char> entries(
        tiff.begin() + std::ptrdiff_t(old + 2), tiff.begin() + std::ptrdiff_t(old + 2 + count * entry_size));
    const size_t directory = tiff.size() + tiff.size() % 2, added = directory + 2 + before * entry_size;
    tiff.resize(directory + 2 + (count + 1) * entry_size + 4);
    put(4, 4, directory);
    put(directory, 2, count + 1);
    std::copy_n(entries.begin(), before * entry_size, tiff.begin() + std::ptrdiff_t(directory + 2));
    put(added, 2, extra_samples);
    put(added + 2, 2, short_type);
    put(added + 4, 4, 1);
    put(added + 8, 2, straight);
    std::copy(entries.begin() + std::ptrdiff_t(before * entry_size), entries.end(),
        tiff.begin() + std::ptrdiff_t(added + entry_size));
}

} // namespace

bool hasImageName(const fs::path& file)
{
    return file.has_extension() && endingOf(file) != ".pam" && isWritten(formatOf(file).ending);
}

bool hasQuality(const fs::path& file)
{
    static const std::set<std::string> endings = { ".jpg", ".jpeg", ".jpe", ".webp" };
    return endings.count(endingOf(file)) > 0;
}

void setGain(Image& image, int gain)
{
    if (gain == image.gain)
        return;
    cv::Mat pixels; // others may share those of the image
    image.pixels.convertTo(pixels, -1, double(gain) / image.gain);
    image.pixels = pixels;
    image.gain = gain;
}

Image readImage(const fs::path& file, size_t max_pixels)
{
    std::vector<unsigned char> content = readFile(file);
    const ImageHeader header = readImageHeader(content);
    check(header, content.size(), max_pixels);
    if (header.format == "TIFF")
        neutralize(content, header);
    if (header.format == "PNG")
        removeAncillaryChunks(content);

    if (header.format == "PNM") // OpenCV reads no number that ends with the file
        content.push_back('\n');

    bool damaged = false;
    cv::Mat decoded = decode(content, header, damaged);
    if (decoded.depth() != CV_8U && decoded.depth() != CV_16U)
        throw std::runtime_error(
            std::string("has pixels of type ") + cv::depthToString(decoded.depth()) + "; 8-bit or 16-bit is expected");
    const uint64_t full = decoded.depth() == CV_16U ? 65535 : 255;
    if (header.largest > 0 && header.largest < full)
        decoded.convertTo(decoded, -1, double(full) / double(header.largest));
    Image image = split(decoded);
    if (header.format == "TIFF" && header.alpha == ImageHeader::NONE) // a fourth channel of another meaning
        image.alpha.release();
    if (header.alpha != ImageHeader::NONE && image.alpha.empty())
        throw std::runtime_error("has a transparency that OpenCV does not read; save it as PNG first");
    if (header.transparent_gray && decoded.channels() == 1)
        image.alpha = keyedAlpha(decoded, *header.transparent_gray, header.bits);
    const bool zero_is_white = header.format == "TIFF" && header.photometric == 0;
    if (zero_is_white && decoded.depth() == CV_16U) // of 8 bits the decoder does it
        cv::bitwise_not(image.pixels, image.pixels);
    if (header.alpha == ImageHeader::ASSOCIATED && !image.alpha.empty())
        divideByAlpha(image.pixels, image.alpha);
    turnUpright(image.pixels, header.orientation);
    turnUpright(image.alpha, header.orientation);
    convertColors(image, header);
    if (damaged)
        addNote(image, "is damaged: a part of it cannot be decoded");
    if (header.further_image || header.video)
        addNote(image, std::string("left out: ")
                           + (!header.video            ? "a further image"
                               : !header.further_image ? "a video"
                                                       : "a further image and a video")
                           + " behind the image");
    setGain(image, cv::sanprivacy::brightnessGain(image.pixels));
    return image;
}

cv::Mat onPlain(const Image& seen, double ground)
{
    Image image = seen;
    setGain(image, 1);
    const double full = image.pixels.depth() == CV_16U ? 65535 : 255;
    cv::Mat opacity, pixels;
    image.alpha.convertTo(opacity, CV_32F, 1 / full);
    if (image.pixels.channels() == 3)
        cv::merge(std::vector<cv::Mat>(3, opacity), opacity);
    image.pixels.convertTo(pixels, CV_32F);
    pixels = (pixels - cv::Scalar::all(ground * full)).mul(opacity) + cv::Scalar::all(ground * full);
    pixels.convertTo(pixels, image.pixels.type());
    return pixels;
}

void writeImage(const fs::path& file, const Image& image, int quality, const fs::path& source)
{
    if (!hasImageName(file))
        throw std::runtime_error("the name has no ending of an image format that is written, such as .png");
    const Format format = formatOf(file);
    Image stored = image;
    setGain(stored, 1);
    cv::Mat pixels = stored.alpha.empty() ? stored.pixels : format.transparent ? joined(stored) : onPlain(stored, 1);
    if (pixels.depth() == CV_16U && !format.deep)
        pixels.convertTo(pixels, CV_8U, 1. / 257); // 65535 becomes 255
    std::vector<unsigned char> content;
    if (!cv::imencode(
            format.ending, pixels, content, { cv::IMWRITE_JPEG_QUALITY, quality, cv::IMWRITE_WEBP_QUALITY, quality }))
        throw std::runtime_error("cannot be encoded as '" + file.extension().string() + "'");
    if (pixels.channels() == 4 && (format.ending == ".tif" || format.ending == ".tiff"))
        markStraightAlpha(content);
    writeFile(file, content.data(), content.size(), source);
}

} // namespace sanprivacy
