// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#include "evaluation/gray_crop.hpp"

#include <opencv2/imgproc.hpp>
#include <opencv2/sanprivacy.hpp>

namespace sanprivacy { namespace apps {

cv::Mat grayCrop(const cv::Mat& image, const cv::Mat& face)
{
    cv::Mat crop;
    cv::sanprivacy::alignFace(image, face, crop);
    if (crop.channels() == 3)
        cv::cvtColor(crop, crop, cv::COLOR_BGR2GRAY);
    return crop;
}

}} // namespace sanprivacy::apps
