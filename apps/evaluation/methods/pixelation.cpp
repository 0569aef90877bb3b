// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#include "evaluation/methods/crop_method.hpp"
#include "evaluation/methods/factories.hpp"

#include <algorithm>

#include <opencv2/imgproc.hpp>

namespace sanprivacy { namespace apps {

namespace {

class Pixelation : public CropMethod
{
public:
    explicit Pixelation(double block) : block_(block) {}

protected:
    cv::Mat perturbCrop(const cv::Mat& crop, const EvaluatedFace&) override
    {
        const cv::Size blocks(std::max(1, cvRound(crop.cols / block_)), std::max(1, cvRound(crop.rows / block_)));
        cv::Mat few, pixelated;
        cv::resize(crop, few, blocks, 0, 0, cv::INTER_AREA);
        cv::resize(few, pixelated, crop.size(), 0, 0, cv::INTER_NEAREST);
        return pixelated;
    }

private:
    double block_; // side of a block, pixels of the canonical crop
};

} // namespace

std::unique_ptr<Method> createPixelation(double block)
{
    return std::make_unique<Pixelation>(block);
}

}} // namespace sanprivacy::apps
