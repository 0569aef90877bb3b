// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#include "common/image_io.hpp"

#include "common/atomic_file.hpp"


#include <csetjmp>
#include <cstdio> // jpeglib.h needs it
#include <stdexcept>

#include <jpeglib.h>
#include <jerror.h>

#include <opencv2/imgcodecs.hpp>
#include <opencv2/imgproc.hpp>

namespace fs = std::filesystem;

namespace sanprivacy {

namespace {

//! libjpeg's way to report: fatal errors jump, warnings about missing data are remembered.
struct JpegErrors : jpeg_error_mgr
{
    jmp_buf fatal;
    bool incomplete;
};

void jpegFatal(j_common_ptr decoder)
{
    longjmp(static_cast<JpegErrors*>(decoder->err)->fatal, 1);
}

void jpegMessage(j_common_ptr decoder, int level)
{
    JpegErrors* errors = static_cast<JpegErrors*>(decoder->err);
    if (level < 0 && (errors->msg_code == JWRN_JPEG_EOF || errors->msg_code == JWRN_HIT_MARKER))
        errors->incomplete = true;
}

/** Whether a JPEG file ends before its image does. Decoders fill the rest with gray, OpenCV's without a word, so
libjpeg is asked: it reads the coefficients only, which costs little. */
bool isIncompleteJpeg(const std::vector<unsigned char>& content)
{
    jpeg_decompress_struct decoder;
    JpegErrors errors;
    decoder.err = jpeg_std_error(&errors);
    errors.error_exit = jpegFatal;
    errors.emit_message = jpegMessage;
    errors.incomplete = false;
    if (setjmp(errors.fatal) == 0)
    {
        jpeg_create_decompress(&decoder);
        jpeg_mem_src(&decoder, content.data(), static_cast<unsigned long>(content.size()));
        jpeg_read_header(&decoder, TRUE);
        jpeg_read_coefficients(&decoder);
    }
    else
        errors.incomplete = errors.msg_code == JERR_INPUT_EOF || errors.msg_code == JERR_INPUT_EMPTY;
    jpeg_destroy_decompress(&decoder);
    return errors.incomplete;
}

bool isJpeg(const std::vector<unsigned char>& content)
{
    return content.size() > 2 && content[0] == 0xFF && content[1] == 0xD8; // start of image
}

//! cv::imdecode(), which says in words of its own that an image is too large.
cv::Mat decode(const std::vector<unsigned char>& content, int flags)
{
    try
    {
        return cv::imdecode(content, flags);
    }
    catch (const cv::Exception& error)
    {
        if (error.err.find("CV_IO_MAX_IMAGE") != std::string::npos)
            throw std::runtime_error("is larger than OpenCV reads; the environment variables OPENCV_IO_MAX_IMAGE_PIXELS, "
                                     "_WIDTH and _HEIGHT set the limits");
        throw;
    }
}

//! Transparency of an image, empty where it has none. `pixels` are those of the upright image.
cv::Mat readAlpha(const std::vector<unsigned char>& content, const cv::Mat& pixels)
{
    const cv::Mat stored = decode(content, cv::IMREAD_UNCHANGED);
    if (stored.channels() != 4)
        return cv::Mat();
    cv::Mat first_stored, first_upright, alpha;
    cv::extractChannel(stored, first_stored, 0);
    cv::extractChannel(pixels, first_upright, 0);
    cv::extractChannel(stored, alpha, 3);
    // OpenCV turns pixels by the orientation tag only where it drops alpha.
    if (first_stored.size() != first_upright.size() || cv::norm(first_stored, first_upright, cv::NORM_INF) != 0)
        throw std::runtime_error("is transparent and has an orientation tag; save it upright first");
    return alpha;
}

} // namespace

bool hasImageName(const fs::path& file)
{
    return file.has_extension() && cv::haveImageWriter(file.filename().string());
}

Image readImage(const fs::path& file)
{
    const std::vector<unsigned char> content = readFile(file);
    if (isJpeg(content) && isIncompleteJpeg(content))
        throw std::runtime_error("the JPEG file is truncated");
    // Formats of many pages are known by their name only; of the others there is no telling, and no need.
    if (!isJpeg(content) && cv::imcount(file.string(), cv::IMREAD_ANYCOLOR) > 1)
        throw std::runtime_error("holds several images; a file of one is expected");

    Image image;
    image.pixels = decode(content, cv::IMREAD_ANYCOLOR | cv::IMREAD_ANYDEPTH);
    if (image.pixels.empty())
        throw std::runtime_error("is damaged, truncated, or no image");
    if (image.pixels.depth() != CV_8U && image.pixels.depth() != CV_16U)
        throw std::runtime_error(std::string("has pixels of type ") + cv::depthToString(image.pixels.depth())
                                 + "; 8-bit or 16-bit is expected");
    if (!isJpeg(content)) // which has no transparency
        image.alpha = readAlpha(content, image.pixels);
    return image;
}

void writeImage(const fs::path& file, const Image& image, int quality)
{
    cv::Mat pixels = image.pixels;
    if (!image.alpha.empty())
    {
        if (pixels.channels() == 1) // no encoder takes gray with transparency
            cv::cvtColor(pixels, pixels, cv::COLOR_GRAY2BGR);
        cv::Mat planes[] = { pixels, image.alpha };
        const int order[] = { 0, 0, 1, 1, 2, 2, 3, 3 };
        cv::Mat joined(pixels.size(), CV_MAKETYPE(pixels.depth(), 4));
        cv::mixChannels(planes, 2, &joined, 1, order, 4);
        pixels = joined;
    }
    std::vector<unsigned char> content;
    if (!cv::imencode(file.extension().string(), pixels, content,
                      { cv::IMWRITE_JPEG_QUALITY, quality, cv::IMWRITE_WEBP_QUALITY, quality }))
        throw std::runtime_error("cannot be encoded as '" + file.extension().string() + "'");
    writeFile(file, content.data(), content.size());
}

} // namespace sanprivacy
