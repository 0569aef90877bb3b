// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#ifndef SANPRIVACY_APPS_EVALUATION_FILL_REPORT_HPP
#define SANPRIVACY_APPS_EVALUATION_FILL_REPORT_HPP

#include "evaluation/report/report.hpp"
#include "evaluation/tables/evaluation_results.hpp"

#include <string>
#include <vector>

namespace sanprivacy { namespace apps {

//! The files that a report may have, which must be no inputs: better found before the work than after it.
const std::vector<std::string>& reportFiles();

//! Fills the report in the order of the paper's section 5, then with what it lacks.
void fillReport(const Evaluation& evaluation, ResultCache& cache, Diagnostics& diagnostics, Report& report);

}} // namespace sanprivacy::apps

#endif // SANPRIVACY_APPS_EVALUATION_FILL_REPORT_HPP
