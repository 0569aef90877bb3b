// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#include "precomp.hpp"
#include "matrix_argument.hpp"
#include "roc_points.hpp"
#include "value_arguments.hpp"

#include "opencv2/sanprivacy/evaluation.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

namespace cv { namespace sanprivacy {

namespace {

std::vector<int> readLabels(InputArray _labels, size_t expected)
{
    std::vector<int> labels = readIntegers(_labels, expected, "labels");
    for (int label : labels)
        if (label != 0 && label != 1)
            CV_Error(Error::StsBadArg, format("Labels are 0 or 1, found %d", label));
    return labels;
}

//! A curve from (0, 0) to (1, 1): both rates rise from 0 to 1.
void readCurve(InputArray _fpr, InputArray _tpr, std::vector<double>& fpr, std::vector<double>& tpr)
{
    fpr = readValues(_fpr, "False positive rates");
    tpr = readValues(_tpr, "True positive rates");
    CV_CheckEQ(fpr.size(), tpr.size(), "A curve needs as many true as false positive rates");
    CV_CheckGE(fpr.size(), (size_t)2, "A curve needs at least two points");
    for (const std::vector<double>* rates : { &fpr, &tpr })
        if (rates->front() != 0 || rates->back() != 1 || !std::is_sorted(rates->begin(), rates->end()))
            CV_Error(Error::StsBadArg,
                format("The rates of a curve must rise from 0 to 1, as rocCurve() gives them; found %s from %g to %g%s",
                    rates == &fpr ? "false positive rates" : "true positive rates", rates->front(), rates->back(),
                    std::is_sorted(rates->begin(), rates->end()) ? "" : " that do not rise throughout"));
}

} // namespace

void rocCurve(InputArray _scores, InputArray _labels, OutputArray fpr, OutputArray tpr, OutputArray thresholds)
{
    CV_TRACE_FUNCTION();
    const std::vector<double> scores = readValues(_scores, "Scores");
    const std::vector<int> labels = readLabels(_labels, scores.size());

    std::vector<int> order(scores.size());
    std::iota(order.begin(), order.end(), 0);
    std::sort(order.begin(), order.end(), [&](int a, int b) { return scores[a] > scores[b]; });
    const double positives = std::accumulate(labels.begin(), labels.end(), 0.);
    const double negatives = (double)labels.size() - positives;
    if (positives == 0 || negatives == 0)
        CV_Error(
            Error::StsBadArg, format("A ROC curve needs faces of both labels, found %d of label 1 and %d of label 0",
                                  (int)positives, (int)negatives));
    RocPoints curve;
    curve.add(0, 0, std::numeric_limits<double>::infinity());
    double accepted[2] = { 0, 0 }; // of label 0 and 1, at or above the current score
    for (size_t i = 0; i < order.size(); ++i)
    {
        accepted[labels[order[i]]]++;
        if (i + 1 == order.size() || scores[order[i + 1]] != scores[order[i]])
            curve.add(accepted[0] / negatives, accepted[1] / positives, scores[order[i]]);
    }
    curve.copyTo(fpr, tpr, thresholds);
}

double areaUnderCurve(InputArray _fpr, InputArray _tpr)
{
    std::vector<double> fpr, tpr;
    readCurve(_fpr, _tpr, fpr, tpr);
    double area = 0;
    for (size_t i = 1; i < fpr.size(); ++i)
        area += (fpr[i] - fpr[i - 1]) * (tpr[i] + tpr[i - 1]) / 2;
    return area;
}

double equalErrorRate(InputArray _fpr, InputArray _tpr)
{
    std::vector<double> fpr, tpr;
    readCurve(_fpr, _tpr, fpr, tpr);
    // fpr - (1 - tpr) rises from -1 to 1 along the curve.
    auto excess = [&](size_t i) { return fpr[i] + tpr[i] - 1; };
    size_t i = 1;
    while (i + 1 < fpr.size() && excess(i) < 0)
        ++i;
    const double share = -excess(i - 1) / (excess(i) - excess(i - 1));
    return fpr[i - 1] + share * (fpr[i] - fpr[i - 1]);
}

double equalErrorThreshold(InputArray _fpr, InputArray _tpr, InputArray _thresholds)
{
    std::vector<double> fpr, tpr;
    readCurve(_fpr, _tpr, fpr, tpr);
    const Mat thresholds = matrixArgument(_thresholds, "Thresholds");
    CV_CheckTypeEQ(thresholds.type(), CV_64FC1, "Expected the thresholds of the curve");
    CV_CheckEQ(thresholds.total(), fpr.size(), "A curve needs a threshold for each point");
    for (int i = 1; i < (int)fpr.size(); ++i)
        if (!(thresholds.at<double>(i) <= thresholds.at<double>(i - 1))) // NaN neither
            CV_Error(Error::StsBadArg, format("Thresholds must fall, as rocCurve() gives them; found %g after %g",
                                           thresholds.at<double>(i), thresholds.at<double>(i - 1)));
    size_t best = 0;
    for (size_t i = 1; i < fpr.size(); ++i)
        if (std::abs(fpr[i] + tpr[i] - 1) < std::abs(fpr[best] + tpr[best] - 1))
            best = i;
    return thresholds.at<double>((int)best);
}

void confusionMatrix(InputArray _scores, InputArray _labels, double threshold, OutputArray counts)
{
    const std::vector<double> scores = readValues(_scores, "Scores");
    const std::vector<int> labels = readLabels(_labels, scores.size());
    if (std::isnan(threshold))
        CV_Error(Error::StsBadArg, "The threshold is not a number");
    Matx22d confusion = Matx22d::zeros();
    for (size_t i = 0; i < scores.size(); ++i)
        confusion(labels[i], scores[i] >= threshold)++;
    Mat(confusion).copyTo(counts);
}

double errorRate(InputArray scores, InputArray labels, double threshold)
{
    Mat1d counts;
    confusionMatrix(scores, labels, threshold, counts);
    const double total = sum(counts)[0];
    CV_CheckGT(total, 0., "An error rate needs at least one score");
    return (counts(0, 1) + counts(1, 0)) / total;
}

double suppressionRate(double before, double after)
{
    CV_Check(before, before > 0 && std::isfinite(before), "The performance before must be finite and above 0");
    CV_Check(after, std::isfinite(after), "The performance after must be finite");
    return (before - after) / before;
}

double privacyGainIdentityLoss(
    double attribute_error, double attribute_error_after, double recognition_error, double recognition_error_after)
{
    for (double error : { attribute_error, attribute_error_after, recognition_error, recognition_error_after })
        CV_Check(error, error >= 0 && std::isfinite(error), "An error must be finite and not below 0");
    return (attribute_error_after - attribute_error) / attribute_error
           - (recognition_error_after - recognition_error) / recognition_error;
}

}} // namespace cv::sanprivacy
