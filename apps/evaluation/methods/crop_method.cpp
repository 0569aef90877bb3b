// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#include "evaluation/methods/crop_method.hpp"

#include <opencv2/sanprivacy.hpp>

using namespace cv::sanprivacy;

namespace sanprivacy { namespace apps {

cv::Mat CropMethod::perturb(const cv::Mat& image, const EvaluatedFace& face)
{
    cv::Mat crop;
    alignFace(image, face.face, crop);
    return replaceCrop(image, face, crop, perturbCrop(crop, face));
}

cv::Mat CropMethod::replaceCrop(
    const cv::Mat& image, const EvaluatedFace& face, const cv::Mat& crop, const cv::Mat& changed)
{
    std::vector<cv::Mat> channels, crop_channels, changed_channels;
    cv::split(image, channels);
    cv::split(crop, crop_channels);
    cv::split(changed, changed_channels);
    for (size_t i = 0; i < channels.size(); ++i)
        blendFace(channels[i], crop_channels[i], changed_channels[i], face.face);
    cv::Mat perturbed;
    cv::merge(channels, perturbed);
    return perturbed;
}

}} // namespace sanprivacy::apps
