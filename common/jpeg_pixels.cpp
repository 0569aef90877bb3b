// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#include "common/jpeg_pixels.hpp"

#include <csetjmp>
#include <cstdio> // jpeglib.h needs it
#include <memory>
#include <stdexcept>
#include <string>

#include <jpeglib.h>
#include <jerror.h>

#include <opencv2/imgproc.hpp>

namespace sanprivacy {

namespace {

//! libjpeg's way to report: fatal errors jump, warnings are remembered.
struct JpegErrors : jpeg_error_mgr
{
    jmp_buf fatal;
    bool incomplete, damaged;
};

void jpegFatal(j_common_ptr decoder)
{
    longjmp(static_cast<JpegErrors*>(decoder->err)->fatal, 1);
}

void jpegMessage(j_common_ptr decoder, int level)
{
    JpegErrors* const errors = static_cast<JpegErrors*>(decoder->err);
    if (level >= 0)
        return;
    switch (errors->msg_code)
    {
    case JWRN_JPEG_EOF:
    case JWRN_HIT_MARKER:
        errors->incomplete = true;
        break;
    case JWRN_HUFF_BAD_CODE:
    case JWRN_MUST_RESYNC:
    case JWRN_ARITH_BAD_CODE:
    case JWRN_BOGUS_PROGRESSION:
        errors->damaged = true;
        break;
    default: // a few bytes too many, say
        break;
    }
}

//! Everything is a member: libjpeg's errors jump, and then local variables are lost.
class JpegDecoder
{
public:
    JpegDecoder()
    {
        decoder_.err = jpeg_std_error(&errors_);
        errors_.error_exit = jpegFatal;
        errors_.emit_message = jpegMessage;
        errors_.incomplete = errors_.damaged = false;
    }

    ~JpegDecoder() { jpeg_destroy_decompress(&decoder_); }

    JpegDecoder(const JpegDecoder&) = delete;
    JpegDecoder& operator=(const JpegDecoder&) = delete;

    //! Returns false after a fatal error.
    bool decode(const Bytes& content, const ImageHeader& header)
    {
        if (setjmp(errors_.fatal) != 0)
            return false;
        jpeg_create_decompress(&decoder_);
        jpeg_mem_src(&decoder_, content.data(), static_cast<unsigned long>(content.size()));
        jpeg_read_header(&decoder_, TRUE);
        if (decoder_.image_width != header.width || decoder_.image_height != header.height)
            ERREXIT(&decoder_, JERR_SOF_DUPLICATE);
        decoder_.out_color_space = decoder_.num_components == 4   ? JCS_CMYK
                                   : decoder_.num_components == 1 ? JCS_GRAYSCALE
                                                                  : JCS_RGB;
        jpeg_start_decompress(&decoder_);
        pixels_.create(
            int(decoder_.output_height), int(decoder_.output_width), CV_8UC(int(decoder_.output_components)));
        while (decoder_.output_scanline < decoder_.output_height)
        {
            JSAMPROW row = pixels_.ptr(int(decoder_.output_scanline));
            jpeg_read_scanlines(&decoder_, &row, 1);
        }
        jpeg_finish_decompress(&decoder_);
        return true;
    }

    std::string message()
    {
        char text[JMSG_LENGTH_MAX];
        errors_.format_message(reinterpret_cast<j_common_ptr>(&decoder_), text);
        return text;
    }

    bool incomplete() const
    {
        return errors_.incomplete || errors_.msg_code == JERR_INPUT_EOF || errors_.msg_code == JERR_INPUT_EMPTY;
    }

    bool damaged() const { return errors_.damaged; }
    bool progressive() const { return decoder_.progressive_mode != 0; }
    const cv::Mat& pixels() const { return pixels_; }

private:
    jpeg_decompress_struct decoder_ = {};
    JpegErrors errors_;
    cv::Mat pixels_; // gray, RGB, or CMYK as Adobe writes it: 255 is no ink
};

cv::Mat bgrOfCmyk(const cv::Mat& cmyk)
{
    cv::Mat bgr(cmyk.size(), CV_8UC3);
    for (int y = 0; y < cmyk.rows; ++y)
        for (int x = 0; x < cmyk.cols; ++x)
        {
            const cv::Vec4b& inks = cmyk.at<cv::Vec4b>(y, x);
            for (int k = 0; k < 3; ++k)
                bgr.at<cv::Vec3b>(y, x)[2 - k] = static_cast<unsigned char>(inks[3] - ((255 - inks[k]) * inks[3] >> 8));
        }
    return bgr;
}

} // namespace

cv::Mat decodeJpeg(const Bytes& content, const ImageHeader& header, bool& damaged)
{
    std::unique_ptr<JpegDecoder> decoder(new JpegDecoder);
    bool done = decoder->decode(content, header);
    const Bytes end = { 0xFF, 0xD9 };
    // Of some cameras' images the marker of the end is missing, and nothing else. In progressive ones that is not sure.
    if (decoder->incomplete() && !decoder->progressive())
    {
        Bytes ended = content;
        ended.insert(ended.end(), end.begin(), end.end());
        decoder.reset(new JpegDecoder);
        done = decoder->decode(ended, header);
    }
    if (decoder->incomplete())
        throw std::runtime_error("the JPEG file is truncated or damaged");
    if (!done)
        throw std::runtime_error("the JPEG file is damaged: " + decoder->message());
    damaged = decoder->damaged();
    if (decoder->pixels().channels() == 4)
        return bgrOfCmyk(decoder->pixels());
    cv::Mat pixels = decoder->pixels();
    if (pixels.channels() == 3)
        cv::cvtColor(pixels, pixels, cv::COLOR_RGB2BGR);
    return pixels;
}

} // namespace sanprivacy
