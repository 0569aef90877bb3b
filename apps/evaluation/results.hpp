// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#ifndef SANPRIVACY_APPS_EVALUATION_RESULTS_HPP
#define SANPRIVACY_APPS_EVALUATION_RESULTS_HPP

#include "evaluation/set.hpp"
#include "evaluation/measurements.hpp"
#include "evaluation/report.hpp"
#include "evaluation/result_cache.hpp"

#include <string>
#include <vector>

namespace sanprivacy { namespace apps {

const std::vector<double> FALSE_MATCH_RATES = { 0.01, 0.001, 0.0001 };

//! Of the confidence intervals.
struct BootstrapOptions
{
    int replicates = 1000, seed = 1;
};

//! How a classifier fares under one method and one attacker.
struct ClassifierResult
{
    ClassifierResult(const EvaluationSet& set, const Outputs& outputs);

    //! Threshold where both errors are equal; 0.5 where only one label occurs.
    double equalErrorThreshold() const;
    double errorAt(double threshold) const;
    double errorOfLabel(int label, double threshold) const;
    Cell errorWithInterval(double threshold, const EvaluationSet& set, const BootstrapOptions& bootstrap) const;
    cv::Matx22d confusion(double threshold) const; //!< rows: true label

    std::vector<size_t> faces; //!< of the set, that have an output
    std::vector<float> scores; //!< of those faces
    std::vector<int> labels;
    cv::Mat1d fpr, tpr, thresholds; //!< empty where only one label occurs
    double auc, eer;                //!< NAN there
};

//! How a matcher fares between originals and what a method makes of them.
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
                       const Measured& originals, const Measured& perturbed, const BootstrapOptions& bootstrap,
                       ResultCache& cache);

/** The lowest match score that the given share of impostor pairs of originals reaches. */
double impostorThreshold(const EvaluationSet& set, const Outputs& outputs, int distance, double false_match_rate);

//! The curve with so few points that no eye sees a difference, on a linear or a logarithmic axis.
Line thinned(const std::string& title, const cv::Mat1d& x, const cv::Mat1d& y);

}} // namespace sanprivacy::apps

#endif // SANPRIVACY_APPS_EVALUATION_RESULTS_HPP
