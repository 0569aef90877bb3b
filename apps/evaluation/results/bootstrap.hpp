// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#ifndef SANPRIVACY_APPS_EVALUATION_RESULTS_BOOTSTRAP_HPP
#define SANPRIVACY_APPS_EVALUATION_RESULTS_BOOTSTRAP_HPP

#include "evaluation/report/table.hpp"

#include <opencv2/core.hpp>

namespace sanprivacy { namespace apps {

//! Of the confidence intervals.
struct BootstrapOptions
{
    int replicates = 1000, seed = 1;
};

//! A value with the 95 % interval of its bootstrap replicates.
Cell withInterval(double value, const cv::Mat1d& replicates);

}} // namespace sanprivacy::apps

#endif // SANPRIVACY_APPS_EVALUATION_RESULTS_BOOTSTRAP_HPP
