// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#include "evaluation/attackers/adaptive_attacker.hpp"
#include "evaluation/attackers/ridge_regression.hpp"

#include <cmath>

namespace sanprivacy { namespace apps {

namespace {

const double RIDGE = 0.1; // per face, of features with variance 1

//! Shifted and scaled to mean 0 and variance 1 of known faces.
struct Standardization
{
    cv::Mat1f mean, scale;

    explicit Standardization(const cv::Mat1f& known)
    {
        cv::reduce(known, mean, 0, cv::REDUCE_AVG);
        const cv::Mat1f centered = known - cv::repeat(mean, known.rows, 1);
        cv::reduce(centered.mul(centered), scale, 0, cv::REDUCE_AVG);
        for (float& variance : scale)
            variance = variance > 0 ? 1 / std::sqrt(variance) : 0; // a constant feature has no information
    }

    cv::Mat1f apply(const cv::Mat1f& features) const
    {
        return (features - cv::repeat(mean, features.rows, 1)).mul(cv::repeat(scale, features.rows, 1));
    }
};

class LinearProbe : public AdaptiveAttacker
{
public:
    std::vector<float> attack(
        const cv::Mat1f& known, const std::vector<int>& labels, const cv::Mat1f& unknown) const override
    {
        const Standardization standard(known);
        const cv::Mat1d x = standard.apply(known); // a Gram matrix in single precision may seem to be singular
        cv::Mat1d y(x.rows, 1);
        for (int i = 0; i < y.rows; ++i)
            y(i) = labels[size_t(i)] == 1 ? 1 : -1;
        y -= cv::mean(y)[0];

        const cv::Mat1d weights = ridgeRegression(x, y, RIDGE * x.rows);
        return std::vector<float>(cv::Mat1f(cv::Mat1d(standard.apply(unknown)) * weights));
    }
};

} // namespace

std::unique_ptr<AdaptiveAttacker> createLinearProbe()
{
    return std::make_unique<LinearProbe>();
}

}} // namespace sanprivacy::apps
