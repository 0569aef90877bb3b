// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#include "common/png_pixels.hpp"

#include <algorithm>
#include <csetjmp>
#include <stdexcept>
#include <string>

#include <png.h>

namespace sanprivacy {

namespace {

//! Everything is a member: libpng's errors jump, and then local variables are lost.
class PngDecoder
{
public:
    explicit PngDecoder(const Bytes& content)
        : content_(content), png_(png_create_read_struct(PNG_LIBPNG_VER_STRING, this, fail, ignore)),
          info_(png_ ? png_create_info_struct(png_) : nullptr)
    {
        if (!info_)
        {
            png_destroy_read_struct(&png_, nullptr, nullptr);
            throw std::bad_alloc();
        }
    }

    ~PngDecoder() { png_destroy_read_struct(&png_, &info_, nullptr); }

    PngDecoder(const PngDecoder&) = delete;
    PngDecoder& operator=(const PngDecoder&) = delete;

    //! Returns false after an error.
    bool decode(const ImageHeader& header)
    {
        if (setjmp(png_jmpbuf(png_)) != 0)
            return false;
        png_set_read_fn(png_, this, give);
        png_read_info(png_, info_);
        if (png_get_image_width(png_, info_) != header.width || png_get_image_height(png_, info_) != header.height)
            png_error(png_, "two sizes");
        const bool gray = png_get_color_type(png_, info_) == PNG_COLOR_TYPE_GRAY,
                   transparent = (png_get_color_type(png_, info_) & PNG_COLOR_MASK_ALPHA) != 0
                                 || (!gray && png_get_valid(png_, info_, PNG_INFO_tRNS) != 0);
        if (gray)
            png_set_expand_gray_1_2_4_to_8(png_);
        else
        {
            png_set_palette_to_rgb(png_);
            png_set_tRNS_to_alpha(png_);
            png_set_gray_to_rgb(png_);
            png_set_bgr(png_);
        }
        const bool deep = png_get_bit_depth(png_, info_) == 16;
        const int one = 1;
        if (deep && *reinterpret_cast<const char*>(&one) == 1) // little-endian
            png_set_swap(png_);
        png_set_interlace_handling(png_);
        png_read_update_info(png_, info_);
        pixels_.create(int(png_get_image_height(png_, info_)), int(png_get_image_width(png_, info_)),
            CV_MAKETYPE(deep ? CV_16U : CV_8U, gray          ? 1
                                               : transparent ? 4
                                                             : 3));
        if (png_get_rowbytes(png_, info_) != pixels_.cols * pixels_.elemSize())
            png_error(png_, "unexpected size of a row");
        rows_.resize(size_t(pixels_.rows));
        for (int y = 0; y < pixels_.rows; ++y)
            rows_[size_t(y)] = pixels_.ptr(y);
        png_read_image(png_, rows_.data());
        png_read_end(png_, nullptr);
        return true;
    }

    const std::string& message() const { return message_; }
    const cv::Mat& pixels() const { return pixels_; }

private:
    [[noreturn]] static void fail(png_structp png, png_const_charp message)
    {
        static_cast<PngDecoder*>(png_get_error_ptr(png))->message_ = message;
        png_longjmp(png, 1);
    }

    static void ignore(png_structp, png_const_charp) {}

    static void give(png_structp png, png_bytep target, size_t size)
    {
        PngDecoder& decoder = *static_cast<PngDecoder*>(png_get_io_ptr(png));
        if (size > decoder.content_.size() - decoder.position_)
            png_error(png, "truncated");
        std::copy_n(decoder.content_.data() + decoder.position_, size, target);
        decoder.position_ += size;
    }

    const Bytes& content_;
    size_t position_ = 0; // of the bytes not read yet
    png_structp png_;
    png_infop info_;
    cv::Mat pixels_;
    std::vector<png_bytep> rows_;
    std::string message_;
};

} // namespace

cv::Mat decodePng(const Bytes& content, const ImageHeader& header)
{
    PngDecoder decoder(content);
    if (!decoder.decode(header))
        throw std::runtime_error("the PNG file is damaged or truncated: " + decoder.message());
    return decoder.pixels();
}

} // namespace sanprivacy
