// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#ifndef SANPRIVACY_APPS_EVALUATION_RESULTS_MATCH_RESULT_HPP
#define SANPRIVACY_APPS_EVALUATION_RESULTS_MATCH_RESULT_HPP

#include "evaluation/evaluation_set.hpp"
#include "evaluation/measurements.hpp"
#include "evaluation/report/plot.hpp"
#include "evaluation/result_cache.hpp"
#include "evaluation/results/bootstrap.hpp"

#include <cmath>
#include <vector>

namespace sanprivacy { namespace apps {

const std::vector<double> FALSE_MATCH_RATES = { 0.01, 0.001, 0.0001 };

//! Results of a matcher between originals and what a method makes of them.
struct MatchResult
{
    double genuine_pairs = 0, impostor_pairs = 0;
    std::vector<Cell> tmr; //!< at FALSE_MATCH_RATES
    double eer = NAN, auc = NAN;
    Line curve; //!< TMR over FMR
};

/** Matches original with original faces, or with perturbed ones; taken from the cache where nothing changed.
@param perturbed the originals themselves, or a method. */
MatchResult matchFaces(const EvaluationSet& set, size_t network, const cv::sanprivacy::ModelDescription& description,
    const Measured& originals, const Measured& perturbed, const BootstrapOptions& bootstrap, ResultCache& cache);

/** The lowest match score that the given share of impostor pairs of originals reaches. */
double impostorThreshold(const EvaluationSet& set, const Outputs& outputs, int distance, double false_match_rate);

}} // namespace sanprivacy::apps

#endif // SANPRIVACY_APPS_EVALUATION_RESULTS_MATCH_RESULT_HPP
