// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#include "evaluation/results/bootstrap.hpp"

#include <cmath>

#include <opencv2/sanprivacy.hpp>

namespace sanprivacy { namespace apps {

Cell withInterval(double value, const cv::Mat1d& replicates)
{
    double lower = NAN, upper = NAN;
    cv::sanprivacy::confidenceInterval(replicates, lower, upper);
    return Cell(value, lower, upper);
}

}} // namespace sanprivacy::apps
