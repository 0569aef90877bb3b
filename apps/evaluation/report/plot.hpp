// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#ifndef SANPRIVACY_APPS_EVALUATION_REPORT_PLOT_HPP
#define SANPRIVACY_APPS_EVALUATION_REPORT_PLOT_HPP

#include <string>
#include <vector>

#include <opencv2/core.hpp>

namespace sanprivacy { namespace apps {

struct Line
{
    std::string title;
    std::vector<double> x, y;
};

//! Curves of shares 0..1 over shares 0..1, which are drawn as percents.
struct Plot
{
    std::string name, title, x_label, y_label;
    bool log_x;
    std::vector<Line> lines;
};

//! The curve with so few points that no eye sees a difference, on a linear or a logarithmic axis.
Line thinned(const std::string& title, const cv::Mat1d& x, const cv::Mat1d& y);

}} // namespace sanprivacy::apps

#endif // SANPRIVACY_APPS_EVALUATION_REPORT_PLOT_HPP
