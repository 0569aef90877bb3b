// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#ifndef SANPRIVACY_APPS_EVALUATION_RESULTS_CLASSIFIER_RESULT_HPP
#define SANPRIVACY_APPS_EVALUATION_RESULTS_CLASSIFIER_RESULT_HPP

#include "evaluation/evaluation_set.hpp"
#include "evaluation/measurements.hpp"
#include "evaluation/results/bootstrap.hpp"

#include <vector>

#include <opencv2/core.hpp>

namespace sanprivacy { namespace apps {

//! Results of a classifier for one method and one attacker.
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

}} // namespace sanprivacy::apps

#endif // SANPRIVACY_APPS_EVALUATION_RESULTS_CLASSIFIER_RESULT_HPP
