// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#include "evaluation/attackers/ridge_regression.hpp"

#include <stdexcept>

namespace sanprivacy { namespace apps {

cv::Mat1d ridgeRegression(const cv::Mat1d& x, const cv::Mat1d& y, double ridge)
{
    // The same weights by the smaller of two systems: one row per feature, or one per face.
    const bool by_feature = x.cols <= x.rows;
    cv::Mat1d gram, solution;
    cv::mulTransposed(x, gram, by_feature);
    gram += cv::Mat1d::eye(gram.size()) * ridge;
    if (!cv::solve(gram, by_feature ? cv::Mat1d(x.t() * y) : y, solution, cv::DECOMP_CHOLESKY))
        throw std::runtime_error("ridge regression: the features' Gram matrix is singular");
    return by_feature ? solution : cv::Mat1d(x.t() * solution);
}

}} // namespace sanprivacy::apps
