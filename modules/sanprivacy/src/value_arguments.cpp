// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#include "precomp.hpp"
#include "value_arguments.hpp"
#include "matrix_argument.hpp"

#include <cmath>

namespace cv { namespace sanprivacy {

std::vector<double> readValues(InputArray _values, const char* name)
{
    const Mat values = matrixArgument(_values, name);
    CV_Check(values.channels(), values.channels() == 1, "Expected values of one channel");
    std::vector<double> result;
    values.reshape(1, 1).convertTo(result, CV_64F);
    for (double value : result)
        if (!std::isfinite(value))
            CV_Error(Error::StsBadArg, format("%s hold a value that is not finite", name));
    return result;
}

std::vector<int> readIntegers(InputArray _values, size_t expected, const char* name)
{
    const Mat values = matrixArgument(_values, name);
    CV_Check(values.depth(), values.depth() <= CV_32S && values.channels() == 1, "Expected integers of one channel");
    if (values.total() != expected)
        CV_Error(
            Error::StsUnmatchedSizes, format("Expected %d %s, found %d", (int)expected, name, (int)values.total()));
    std::vector<int> result;
    if (expected)
        values.reshape(1, 1).convertTo(result, CV_32S);
    return result;
}

}} // namespace cv::sanprivacy
