// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#include "evaluation/attackers/restorer.hpp"

#include "evaluation/attackers/adaptive_attacker.hpp"
#include "evaluation/attackers/ridge_regression.hpp"
#include "evaluation/gray_crop.hpp"

#include <opencv2/imgproc.hpp>
#include <opencv2/sanprivacy.hpp>

namespace sanprivacy { namespace apps {

namespace {

const cv::Size SIZE(56, 56); // of the faces that are learnt from
const double RIDGE = 0.1;    // of the mean square of a perturbed face, about its mean

//! A row of gray levels.
cv::Mat1f features(const cv::Mat& crop)
{
    cv::Mat small;
    cv::resize(crop, small, SIZE, 0, 0, cv::INTER_AREA);
    return cv::Mat1f(small).reshape(1, 1);
}

} // namespace

void Restorer::add(const cv::Mat& original, const cv::Mat& perturbed, const cv::Mat& face, int part)
{
    const cv::Mat1f seen = features(grayCrop(perturbed, face));
    perturbed_.push_back(seen);
    changes_.push_back(cv::Mat1f(seen - features(grayCrop(original, face))));
    parts_.push_back(part);
}

void Restorer::learn()
{
    regressions_.assign(PARTS, Regression());
    for (int part = 0; part < PARTS; ++part)
    {
        cv::Mat1d x, y, mean, mean_change;
        for (size_t i = 0; i < parts_.size(); ++i)
            if (parts_[i] != part)
            {
                x.push_back(cv::Mat1d(perturbed_.row(int(i))));
                y.push_back(cv::Mat1d(changes_.row(int(i))));
            }
        if (x.rows < 2)
            continue;
        cv::reduce(x, mean, 0, cv::REDUCE_AVG);
        cv::reduce(y, mean_change, 0, cv::REDUCE_AVG);
        x -= cv::repeat(mean, x.rows, 1);
        y -= cv::repeat(mean_change, y.rows, 1);
        const double square = cv::norm(x, cv::NORM_L2SQR) / x.rows;
        if (square > 0)
            regressions_[size_t(part)] = { mean, ridgeRegression(x, y, RIDGE * square), mean_change };
    }
}

cv::Mat Restorer::restore(const cv::Mat& image, const cv::Mat& face, int part) const
{
    const Regression& regression = regressions_.at(size_t(part));
    if (regression.weights.empty())
        return image;
    const cv::Mat crop = grayCrop(image, face);
    cv::Mat change = (features(crop) - regression.mean) * regression.weights + regression.mean_change, restored;
    cv::resize(change.reshape(1, SIZE.height), change, crop.size(), 0, 0, cv::INTER_LINEAR);
    cv::subtract(crop, change, restored, cv::noArray(), CV_8U);
    cv::Mat result = image.clone();
    cv::sanprivacy::blendFace(result, crop, restored, face);
    return result;
}

}} // namespace sanprivacy::apps
