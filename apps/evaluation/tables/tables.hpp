// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#ifndef SANPRIVACY_APPS_EVALUATION_TABLES_TABLES_HPP
#define SANPRIVACY_APPS_EVALUATION_TABLES_TABLES_HPP

#include "evaluation/tables/evaluation_results.hpp"

#include <vector>

namespace sanprivacy { namespace apps {

//! A row for each method: what it hides, from whom, and what stays usable.
Table summaryTable(const EvaluationResults& results);

//! How many faces, people and pairs (Table 1 of the paper).
Table dataTable(const EvaluationResults& results);

//! Errors of each classifier (Table 2), or of those trained on perturbed faces.
Table classifierTable(const EvaluationResults& results, bool retrained);

//! ROC of each classifier.
std::vector<Plot> classifierPlots(const EvaluationResults& results);

//! Errors of each classifier after each attacker's treatment of the images.
Table attackerTable(const EvaluationResults& results);

//! Attackers who learn from perturbed faces.
Table adaptiveAttackerTable(const EvaluationResults& results);

//! Errors within each group of people.
Table groupTable(const EvaluationResults& results);

//! Counts by true and apparent label.
Table confusionTable(const EvaluationResults& results);

//! The output of each classifier for each face.
Table scoreTable(const EvaluationResults& results);

//! True match rates of each matcher (Table 3).
Table matcherTable(const EvaluationResults& results);

//! ROC of each matcher.
std::vector<Plot> matcherPlots(const EvaluationResults& results);

//! Privacy-gain identity-loss coefficients.
Table privacyGainTable(const EvaluationResults& results);

//! What was left out, and what a reader should know.
Table diagnosticTable(const Diagnostics& diagnostics);

}} // namespace sanprivacy::apps

#endif // SANPRIVACY_APPS_EVALUATION_TABLES_TABLES_HPP
