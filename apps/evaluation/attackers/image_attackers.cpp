// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#include "evaluation/attackers/image_attackers.hpp"

#include "common/errors.hpp"


#include <opencv2/imgcodecs.hpp>
#include <opencv2/imgproc.hpp>
#include <opencv2/photo.hpp>

namespace sanprivacy { namespace apps {

namespace {

cv::Mat keep(const cv::Mat& image)
{
    return image;
}

cv::Mat recompress(const cv::Mat& image)
{
    const int quality = 50;
    std::vector<unsigned char> file;
    cv::imencode(".jpg", image, file, { cv::IMWRITE_JPEG_QUALITY, quality });
    return cv::imdecode(file, image.channels() == 1 ? cv::IMREAD_GRAYSCALE : cv::IMREAD_COLOR);
}

//! Non-local means, which averages over similar patches.
cv::Mat denoise(const cv::Mat& image)
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

cv::Mat downscale(const cv::Mat& image)
{
    cv::Mat half, restored;
    cv::resize(image, half, cv::Size((image.cols + 1) / 2, (image.rows + 1) / 2), 0, 0, cv::INTER_AREA);
    cv::resize(half, restored, image.size(), 0, 0, cv::INTER_CUBIC);
    return restored;
}

const Attacker ATTACKERS[] = {
    { "jpeg",      "JPEG 50",      recompress, false },
    { "denoise",   "denoised",     denoise,    false },
    { "downscale", "half size",    downscale,  false },
    { "flip",      "flip average", keep,       true }
};

} // namespace

std::vector<Attacker> findAttackers(const std::vector<std::string>& names)
{
    std::vector<Attacker> attackers = { { "none", "none", keep, false } };
    for (const std::string& name : names)
    {
        if (name == "none")
            continue;
        bool found = false;
        for (const Attacker& attacker : ATTACKERS)
            if (attacker.name == name)
            {
                attackers.push_back(attacker);
                found = true;
            }
        if (!found)
            throw UsageError("--attackers: '" + name + "' is none of none, jpeg, denoise, downscale, flip");
    }
    return attackers;
}

std::vector<std::string> attackerNames()
{
    std::vector<std::string> names;
    for (const Attacker& attacker : ATTACKERS)
        names.push_back(attacker.name);
    return names;
}

}} // namespace sanprivacy::apps
