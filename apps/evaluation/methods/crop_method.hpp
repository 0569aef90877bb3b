// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#ifndef SANPRIVACY_APPS_EVALUATION_METHODS_CROP_METHOD_HPP
#define SANPRIVACY_APPS_EVALUATION_METHODS_CROP_METHOD_HPP

#include "evaluation/methods/method.hpp"

namespace sanprivacy { namespace apps {

/** A method that works on the canonical crop. The change returns to the image as a perturbation does, feathered, in
every channel for itself, so that colors change, too. */
class CropMethod : public Method
{
public:
    cv::Mat perturb(const cv::Mat& image, const EvaluatedFace& face) override;

protected:
    virtual cv::Mat perturbCrop(const cv::Mat& crop, const EvaluatedFace& face) = 0;

    static cv::Mat replaceCrop(
        const cv::Mat& image, const EvaluatedFace& face, const cv::Mat& crop, const cv::Mat& changed);
};

}} // namespace sanprivacy::apps

#endif // SANPRIVACY_APPS_EVALUATION_METHODS_CROP_METHOD_HPP
