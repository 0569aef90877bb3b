// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#ifndef SANPRIVACY_APPS_EVALUATION_ATTACKERS_RIDGE_REGRESSION_HPP
#define SANPRIVACY_APPS_EVALUATION_ATTACKERS_RIDGE_REGRESSION_HPP

#include <opencv2/core.hpp>

namespace sanprivacy { namespace apps {

/** The weights W that make |x W - y|^2 + ridge |W|^2 least, in closed form. Raises std::runtime_error where there are
none.
@param x a row for each face, a column for each feature
@param y a row for each face, a column for each target
@param ridge above 0
@return a row for each feature, a column for each target */
cv::Mat1d ridgeRegression(const cv::Mat1d& x, const cv::Mat1d& y, double ridge);

}} // namespace sanprivacy::apps

#endif // SANPRIVACY_APPS_EVALUATION_ATTACKERS_RIDGE_REGRESSION_HPP
