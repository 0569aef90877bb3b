// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#ifndef OPENCV_SANPRIVACY_TEST_ROC_COMMON_HPP
#define OPENCV_SANPRIVACY_TEST_ROC_COMMON_HPP

#include "test_precomp.hpp"

#include <cmath>

namespace opencv_test {

struct Roc
{
    Roc(InputArray scores, InputArray labels) { rocCurve(scores, labels, fpr, tpr, thresholds); }
    explicit Roc(const Ptr<MatchEvaluation>& evaluation) { evaluation->roc(fpr, tpr, thresholds); }
    double area() const { return areaUnderCurve(fpr, tpr); }
    double eer() const { return equalErrorRate(fpr, tpr); }
    double eerThreshold() const { return equalErrorThreshold(fpr, tpr, thresholds); }
    double tprAt(double rate) const // of the points whose fpr is at most the rate
    {
        double best = 0;
        for (int i = 0; i < fpr.rows; ++i)
            if (fpr(i) <= rate)
                best = std::max(best, tpr(i));
        return best;
    }

    Mat1d fpr, tpr, thresholds;
};

inline double normalShare(double x)
{
    return std::erfc(-x / std::sqrt(2.)) / 2;
}

inline double normalQuantile(double share)
{
    double low = -10, high = 10;
    for (int i = 0; i < 60; ++i)
        (normalShare((low + high) / 2) < share ? low : high) = (low + high) / 2;
    return (low + high) / 2;
}

} // namespace opencv_test

#endif // OPENCV_SANPRIVACY_TEST_ROC_COMMON_HPP
