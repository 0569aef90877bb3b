// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#include "evaluation/attackers/image_attackers.hpp"

#include "options/faces.hpp"

#include <opencv2/imgcodecs.hpp>
#include <opencv2/imgproc.hpp>
#include <opencv2/photo.hpp>
#include <opencv2/sanprivacy.hpp>

namespace sanprivacy { namespace apps {

namespace {

cv::Mat keep(const cv::Mat& image, const cv::Mat&)
{
    return image;
}

cv::Mat recompress(const cv::Mat& image, const cv::Mat&)
{
    const int quality = 50;
    std::vector<unsigned char> file;
    cv::imencode(".jpg", image, file, { cv::IMWRITE_JPEG_QUALITY, quality });
    return cv::imdecode(file, image.channels() == 1 ? cv::IMREAD_GRAYSCALE : cv::IMREAD_COLOR);
}

//! Non-local means, which averages over similar patches.
cv::Mat denoise(const cv::Mat& image, const cv::Mat&)
{
    const float strength = 5; // gray levels: what compressed photographs bear without losing features
    const int patch = 5, neighbourhood = 11;
    cv::Mat denoised;
    if (image.channels() == 1)
        cv::fastNlMeansDenoising(image, denoised, strength, patch, neighbourhood);
    else
        cv::fastNlMeansDenoisingColored(image, denoised, strength, strength, patch, neighbourhood);
    return denoised;
}

cv::Mat downscale(const cv::Mat& image, const cv::Mat&)
{
    cv::Mat half, restored;
    cv::resize(image, half, cv::Size((image.cols + 1) / 2, (image.rows + 1) / 2), 0, 0, cv::INTER_AREA);
    cv::resize(half, restored, image.size(), 0, 0, cv::INTER_CUBIC);
    return restored;
}

} // namespace

cv::Mat innerFace(const cv::Mat& image, const cv::Mat& face)
{
    // In the canonical crop, whose eyes are at (67, 68) and (157, 68) and whose mouth is at y = 160.
    const cv::Point center(112, 118);
    const cv::Size half_axes(66, 80);
    std::vector<cv::Point> ellipse;
    cv::ellipse2Poly(center, half_axes, 0, 0, 360, 5, ellipse);
    cv::Mat canonical, to_image, outline;
    cv::sanprivacy::getCanonicalLandmarks(canonical);
    cv::sanprivacy::estimateSimilarity(canonical, landmarksOf(face), to_image);
    cv::transform(cv::Mat(ellipse), outline, to_image);

    cv::Mat mask = cv::Mat::zeros(image.size(), CV_8U);
    cv::fillConvexPoly(mask, outline, cv::Scalar(255));
    cv::Mat inner(image.size(), image.type(), cv::mean(image, mask));
    image.copyTo(inner, mask);
    return inner;
}

const std::vector<ImageAttacker>& imageAttackers()
{
    static const std::vector<ImageAttacker> attackers = { { "none", "none", keep, false, false },
        { "jpeg", "JPEG 50", recompress, false, false }, { "denoise", "denoised", denoise, false, false },
        { "downscale", "half size", downscale, false, false }, { "flip", "flip average", keep, true, false },
        { "inner", "inner face", innerFace, false, false }, { "restorer", "restored", keep, false, true } };
    return attackers;
}

}} // namespace sanprivacy::apps
