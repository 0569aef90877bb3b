// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#include "common/jpeg_pixels.hpp"
#include "common/png_pixels.hpp"

#include <stdexcept>

#include <gtest/gtest.h>

#include <opencv2/imgcodecs.hpp>
#include <opencv2/imgproc.hpp>

using namespace sanprivacy;

namespace {

//! Smooth colors with some noise.
cv::Mat drawing(int type)
{
    cv::Mat small(6, 8, CV_8UC(CV_MAT_CN(type))), image;
    cv::RNG random(1);
    random.fill(small, cv::RNG::UNIFORM, 0, 256);
    cv::resize(small, image, cv::Size(160, 120), 0, 0, cv::INTER_LINEAR);
    image.convertTo(image, CV_MAT_DEPTH(type), CV_MAT_DEPTH(type) == CV_16U ? 257 : 1);
    return image;
}

Bytes encoded(const std::string& ending, const cv::Mat& image, const std::vector<int>& options = {})
{
    Bytes content;
    cv::imencode(ending, image, content, options);
    return content;
}

void expectAsOpenCV(const cv::Mat& found, const Bytes& content)
{
    const cv::Mat expected = cv::imdecode(content, cv::IMREAD_UNCHANGED);
    ASSERT_EQ(found.type(), expected.type());
    ASSERT_EQ(found.size(), expected.size());
    EXPECT_EQ(cv::norm(found, expected, cv::NORM_INF), 0);
}

} // namespace

TEST(Pixels, jpeg_is_decoded_as_by_opencv)
{
    for (int type : { CV_8UC1, CV_8UC3 })
        for (int progressive : { 0, 1 })
        {
            const Bytes content = encoded(".jpg", drawing(type), { cv::IMWRITE_JPEG_PROGRESSIVE, progressive });
            bool damaged = true;
            expectAsOpenCV(decodeJpeg(content, readImageHeader(content), damaged), content);
            EXPECT_FALSE(damaged);
        }
}

TEST(Pixels, png_is_decoded_as_by_opencv)
{
    for (int type : { CV_8UC1, CV_8UC3, CV_8UC4, CV_16UC1, CV_16UC3, CV_16UC4 })
    {
        const Bytes content = encoded(".png", drawing(type));
        expectAsOpenCV(decodePng(content, readImageHeader(content)), content);
    }
    const Bytes two_colors = encoded(".png", drawing(CV_8UC1) > 128, { cv::IMWRITE_PNG_BILEVEL, 1 });
    expectAsOpenCV(decodePng(two_colors, readImageHeader(two_colors)), two_colors);
}

TEST(Pixels, a_file_of_two_sizes_is_refused)
{
    Bytes png = encoded(".png", drawing(CV_8UC3));
    const std::ptrdiff_t header = 8, header_size = 25;
    Bytes second(png.begin() + header, png.begin() + header + header_size);
    second[8 + 3] = 16; // width
    png.insert(png.end() - 12, second.begin(), second.end());
    EXPECT_EQ(readImageHeader(png).width, 16u);
    EXPECT_THROW(decodePng(png, readImageHeader(png)), std::runtime_error);
}

TEST(Pixels, a_damaged_file_is_told_and_nothing_else_happens)
{
    size_t parts_of_jpeg = 0, refused_jpeg = 0, refused_png = 0;
    const Bytes jpeg = encoded(".jpg", drawing(CV_8UC3), { cv::IMWRITE_JPEG_RST_INTERVAL, 2 }),
                png = encoded(".png", drawing(CV_8UC3));
    for (size_t k = 0; k < 400; ++k)
    {
        Bytes content = jpeg;
        content[20 + k * (content.size() - 22) / 400] ^= 0x5A;
        try
        {
            bool damaged = false;
            const cv::Mat found = decodeJpeg(content, readImageHeader(content), damaged);
            EXPECT_FALSE(found.empty());
            parts_of_jpeg += damaged;
        }
        catch (const std::runtime_error& error)
        {
            ++refused_jpeg;
            EXPECT_NE(std::string(error.what()).find("JPEG file is "), std::string::npos) << error.what();
        }
        content = png;
        content[8 + k * (content.size() - 8) / 400] ^= 0x5A;
        try
        {
            EXPECT_FALSE(decodePng(content, readImageHeader(content)).empty());
        }
        catch (const std::runtime_error&)
        {
            ++refused_png;
        }
    }
    EXPECT_GT(parts_of_jpeg, 0u);
    EXPECT_GT(refused_jpeg, 0u);
    EXPECT_GT(refused_png, 300u) << "there are checksums";
}
