// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#ifndef SANPRIVACY_APPS_EVALUATION_REPORT_SVG_PLOT_HPP
#define SANPRIVACY_APPS_EVALUATION_REPORT_SVG_PLOT_HPP

#include "evaluation/report/plot.hpp"

#include <string>

namespace sanprivacy { namespace apps {

//! A plot as an SVG element: axes with ticks and grid, a curve for each line, a legend.
std::string svg(const Plot& plot);

}} // namespace sanprivacy::apps

#endif // SANPRIVACY_APPS_EVALUATION_REPORT_SVG_PLOT_HPP
