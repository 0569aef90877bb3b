// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#include "evaluation/results/classifier_result.hpp"

#include <cmath>

#include <opencv2/sanprivacy.hpp>

using namespace cv::sanprivacy;

namespace sanprivacy { namespace apps {

ClassifierResult::ClassifierResult(const EvaluationSet& set, const Outputs& outputs) : auc(NAN), eer(NAN)
{
    for (size_t i = 0; i < outputs.size(); ++i)
        if (!outputs[i].empty())
        {
            faces.push_back(i);
            scores.push_back(outputs[i].front());
            labels.push_back(set.faces[i].label);
        }
    const int ones = cv::countNonZero(labels);
    if (ones > 0 && ones < int(labels.size()))
    {
        rocCurve(scores, labels, fpr, tpr, thresholds);
        auc = areaUnderCurve(fpr, tpr);
        eer = equalErrorRate(fpr, tpr);
    }
}

double ClassifierResult::equalErrorThreshold() const
{
    return thresholds.empty() ? 0.5 : cv::sanprivacy::equalErrorThreshold(fpr, tpr, thresholds);
}

double ClassifierResult::errorAt(double threshold) const
{
    return scores.empty() ? NAN : errorRate(scores, labels, threshold);
}

double ClassifierResult::errorOfLabel(int label, double threshold) const
{
    const cv::Matx22d counts = confusion(threshold);
    return counts(label, 1 - label) / (counts(label, 0) + counts(label, 1)); // NAN where there are none
}

Cell ClassifierResult::errorWithInterval(
    double threshold, const EvaluationSet& set, const BootstrapOptions& bootstrap) const
{
    if (scores.empty())
        return Cell(NAN);
    std::vector<float> errors;
    std::vector<int> people;
    for (size_t i = 0; i < faces.size(); ++i)
    {
        errors.push_back((scores[i] >= threshold) != (labels[i] == 1));
        people.push_back(set.faces[faces[i]].person);
    }
    cv::Mat1d means;
    bootstrapMean(errors, people, means, bootstrap.replicates, bootstrap.seed);
    return withInterval(errorAt(threshold), means);
}

cv::Matx22d ClassifierResult::confusion(double threshold) const
{
    cv::Matx22d counts = cv::Matx22d::zeros();
    if (!scores.empty())
        confusionMatrix(scores, labels, threshold, counts);
    return counts;
}

}} // namespace sanprivacy::apps
