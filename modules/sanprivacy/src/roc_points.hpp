// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#ifndef OPENCV_SANPRIVACY_ROC_POINTS_HPP
#define OPENCV_SANPRIVACY_ROC_POINTS_HPP

#include "opencv2/core.hpp"

namespace cv { namespace sanprivacy {

//! Points of a receiver operating characteristic, as rocCurve() and MatchEvaluation::roc() give them.
struct RocPoints
{
    std::vector<double> fpr, tpr, thresholds;

    void add(double x, double y, double threshold)
    {
        fpr.push_back(x);
        tpr.push_back(y);
        thresholds.push_back(threshold);
    }
    void copyTo(OutputArray _fpr, OutputArray _tpr, OutputArray _thresholds) const
    {
        column(fpr).copyTo(_fpr);
        column(tpr).copyTo(_tpr);
        column(thresholds).copyTo(_thresholds);
    }

private:
    //! n x 1 in OpenCV 5, too, where Mat(vector) has one dimension.
    static Mat column(const std::vector<double>& values) { return Mat(values).reshape(1, int(values.size())); }
};

}} // namespace cv::sanprivacy

#endif // OPENCV_SANPRIVACY_ROC_POINTS_HPP
