// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#ifndef OPENCV_SANPRIVACY_MATRIX_ARGUMENT_HPP
#define OPENCV_SANPRIVACY_MATRIX_ARGUMENT_HPP

#include "opencv2/core.hpp"

namespace cv { namespace sanprivacy {

/** @brief The matrix or image of an argument.

A list of arrays, or an array of more than two dimensions besides the channels (a batch, as networks take it), has no
rows and columns and would pass for an empty image: Error::StsBadArg.
@param array the argument; noArray() gives an empty matrix
@param name of the argument in the error, e.g. "The image" */
inline Mat matrixArgument(InputArray array, const char* name)
{
    if (array.isMatVector() || array.isUMatVector() || array.kind() == _InputArray::STD_VECTOR_VECTOR)
        CV_Error(Error::StsBadArg, format("%s must be one array, found a list of arrays", name));
    const Mat matrix = array.getMat();
    if (matrix.dims <= 2)
        return matrix;
    String shape;
    for (int i = 0; i < matrix.dims; ++i)
        shape += format(i ? "x%d" : "%d", matrix.size[i]);
    CV_Error(
        Error::StsBadArg, format("%s must have two dimensions, rows and columns, besides 1 or 3 channels; found %d: %s "
                                 "(give the images of a batch one by one)",
                              name, matrix.dims, shape.c_str()));
}

//! One row of that length. A binding gives it, as an array of one dimension, as a column.
inline Mat asRow(const Mat& matrix, int length)
{
    return matrix.cols == 1 && matrix.rows == length ? matrix.clone().reshape(0, 1) : matrix;
}

}} // namespace cv::sanprivacy

#endif // OPENCV_SANPRIVACY_MATRIX_ARGUMENT_HPP
