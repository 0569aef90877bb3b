// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#ifndef SANPRIVACY_APPS_EVALUATION_GRAY_CROP_HPP
#define SANPRIVACY_APPS_EVALUATION_GRAY_CROP_HPP

#include <opencv2/core.hpp>

namespace sanprivacy { namespace apps {

//! The canonical crop of a face, in gray. @param face a row of FaceDetector::detect()
cv::Mat grayCrop(const cv::Mat& image, const cv::Mat& face);

}} // namespace sanprivacy::apps

#endif // SANPRIVACY_APPS_EVALUATION_GRAY_CROP_HPP
