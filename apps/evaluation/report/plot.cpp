// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#include "evaluation/report/plot.hpp"

#include <algorithm>
#include <cmath>

namespace sanprivacy { namespace apps {

Line thinned(const std::string& title, const cv::Mat1d& x, const cv::Mat1d& y)
{
    const double step = 1. / 400, logarithmic_step = 0.02, least = 1e-6;
    Line line = { title, {}, {} };
    for (int i = 0; i < x.rows; ++i)
    {
        const bool last = i == x.rows - 1;
        if (!line.x.empty() && !last && std::abs(x(i) - line.x.back()) < step && std::abs(y(i) - line.y.back()) < step
            && std::log10(std::max(x(i), least)) - std::log10(std::max(line.x.back(), least)) < logarithmic_step)
            continue;
        line.x.push_back(x(i));
        line.y.push_back(y(i));
    }
    return line;
}

}} // namespace sanprivacy::apps
