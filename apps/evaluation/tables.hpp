// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#ifndef SANPRIVACY_APPS_EVALUATION_TABLES_HPP
#define SANPRIVACY_APPS_EVALUATION_TABLES_HPP

#include "evaluation/results.hpp"
#include "evaluation/set.hpp"
#include "evaluation/measurements.hpp"
#include "evaluation/diagnostics.hpp"
#include "evaluation/report.hpp"

#include <set>
#include <string>
#include <vector>

namespace sanprivacy { namespace apps {

//! All that the report is made from.
struct Evaluation
{
    const EvaluationSet& set;
    std::string attribute;
    const std::vector<cv::sanprivacy::ModelDescription>& networks;
    std::set<std::string> retrained; //!< names of classifiers that were trained on perturbed faces
    const std::vector<Attacker>& attackers;
    const std::vector<Measured>& measured; //!< the originals first
    Grid images;
    BootstrapOptions bootstrap;
    bool trainer_installed; //!< an attacker who retrains could be had here
};

//! Fills the report in the order of the paper's section 5, then with what it lacks.
void fillReport(const Evaluation& evaluation, ResultCache& cache, Diagnostics& diagnostics, Report& report);

}} // namespace sanprivacy::apps

#endif // SANPRIVACY_APPS_EVALUATION_TABLES_HPP
