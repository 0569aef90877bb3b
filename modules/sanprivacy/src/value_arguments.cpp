// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#include "precomp.hpp"
#include "value_arguments.hpp"
#include "matrix_argument.hpp"

#include <cmath>

namespace cv { namespace sanprivacy {

//! The elements of a matrix, row by row; of one that is a part of another, as a column, too.
template <typename T>
static std::vector<T> elementsOf(const Mat& values)
{
    if (values.empty())
        return std::vector<T>();
    Mat_<T> elements;
    values.convertTo(elements, DataType<T>::type); // the result is continuous
    return std::vector<T>(elements.begin(), elements.end());
}

std::vector<double> readValues(InputArray _values, const char* name)
{
    const Mat values = matrixArgument(_values, name);
    if (values.channels() != 1)
        CV_Error(Error::StsBadArg, format("%s must have one channel, found %d", name, values.channels()));
    const std::vector<double> result = elementsOf<double>(values);
    for (double value : result)
        if (!std::isfinite(value))
            CV_Error(Error::StsBadArg, format("%s hold a value that is not finite", name));
    return result;
}

std::vector<int> readIntegers(InputArray _values, size_t expected, const char* name)
{
    const Mat values = matrixArgument(_values, name);
    if (values.depth() > CV_32S || values.channels() != 1)
        CV_Error(Error::StsBadArg,
            format("The %s must be integers of one channel, found %s", name, typeToString(values.type()).c_str()));
    if (values.total() != expected)
        CV_Error(
            Error::StsUnmatchedSizes, format("Expected %d %s, found %d", (int)expected, name, (int)values.total()));
    return elementsOf<int>(values);
}

}} // namespace cv::sanprivacy
