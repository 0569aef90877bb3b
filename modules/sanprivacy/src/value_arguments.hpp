// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#ifndef OPENCV_SANPRIVACY_VALUE_ARGUMENTS_HPP
#define OPENCV_SANPRIVACY_VALUE_ARGUMENTS_HPP

#include "opencv2/core.hpp"

namespace cv { namespace sanprivacy {

//! Numbers of one channel, all finite; name stands for them in errors, e.g. "Scores".
std::vector<double> readValues(InputArray values, const char* name);

//! Whole numbers of one channel, as many as expected; name as in readValues(), e.g. "identities".
std::vector<int> readIntegers(InputArray values, size_t expected, const char* name);

}} // namespace cv::sanprivacy

#endif // OPENCV_SANPRIVACY_VALUE_ARGUMENTS_HPP
