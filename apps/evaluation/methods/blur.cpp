// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#include "evaluation/methods/crop_method.hpp"
#include "evaluation/methods/factories.hpp"

#include <opencv2/imgproc.hpp>

namespace sanprivacy { namespace apps {

namespace {

class Blur : public CropMethod
{
public:
    explicit Blur(double sigma) : sigma_(sigma) {}

protected:
    cv::Mat perturbCrop(const cv::Mat& crop, const EvaluatedFace&) override
    {
        cv::Mat blurred;
        cv::GaussianBlur(crop, blurred, cv::Size(), sigma_);
        return blurred;
    }

private:
    double sigma_; // pixels of the canonical crop, whose eyes are 90 apart
};

} // namespace

std::unique_ptr<Method> createBlur(double sigma)
{
    return std::make_unique<Blur>(sigma);
}

}} // namespace sanprivacy::apps
