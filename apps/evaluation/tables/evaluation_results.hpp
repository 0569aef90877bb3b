// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#ifndef SANPRIVACY_APPS_EVALUATION_TABLES_EVALUATION_RESULTS_HPP
#define SANPRIVACY_APPS_EVALUATION_TABLES_EVALUATION_RESULTS_HPP

#include "evaluation/attackers/attackers.hpp"
#include "evaluation/diagnostics.hpp"
#include "evaluation/evaluation_set.hpp"
#include "evaluation/measurements.hpp"
#include "evaluation/report/report.hpp"
#include "evaluation/results/adaptive_result.hpp"
#include "evaluation/results/classifier_result.hpp"
#include "evaluation/results/match_result.hpp"

#include <set>
#include <string>
#include <vector>

#include <opencv2/sanprivacy.hpp>

namespace sanprivacy { namespace apps {

//! All that the report is made from.
struct Evaluation
{
    const EvaluationSet& set;
    std::string attribute;
    const std::vector<cv::sanprivacy::ModelDescription>& networks;
    std::set<std::string> retrained; //!< names of classifiers that were trained on perturbed faces
    const Attackers& attackers;
    const std::vector<Measured>& measured; //!< the originals first
    Grid images;
    BootstrapOptions bootstrap;
    bool trainer_installed; //!< an attacker who retrains could be had here
    Table options;          //!< of the command line
};

struct EvaluatedClassifier
{
    std::string name;
    bool retrained;
    std::vector<std::vector<ClassifierResult>> results; //!< by method, then by attacker
    std::vector<double> thresholds;                     //!< of equal errors on originals, by attacker

    double error(size_t method, size_t attacker = 0) const
    {
        return results[method][attacker].errorAt(thresholds[attacker]);
    }
};

struct EvaluatedMatcher
{
    std::string name;
    std::vector<MatchResult> results; //!< by method
};

//! Everything computed once, from which the tables are taken.
struct EvaluationResults
{
    EvaluationResults(const Evaluation& evaluation, ResultCache& cache, Diagnostics& diagnostics);

    size_t methods() const { return evaluation.measured.size(); }
    const std::string& title(size_t method) const { return evaluation.measured[method].title; }

    //! Of the classifiers that were not retrained.
    double meanError(size_t method, size_t attacker) const;

    //! The least mean error of a classifier that any attacker of the report reaches, and who that is.
    double strongestAttack(size_t method, std::string& attacker) const;

    const Evaluation& evaluation;
    std::vector<EvaluatedClassifier> classifiers;
    std::vector<EvaluatedMatcher> matchers;
    std::vector<AdaptiveResult> adaptive;
};

//! NAN where there are none; NANs among them do not count.
double mean(const std::vector<double>& values);

//! Error of an attacker who may invert a classifier's predictions.
double turned(double error);

//! As a reader calls the people of a label: "men", "age 1".
std::string nameOfLabel(const std::string& attribute, int label);

}} // namespace sanprivacy::apps

#endif // SANPRIVACY_APPS_EVALUATION_TABLES_EVALUATION_RESULTS_HPP
