// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#ifndef OPENCV_SANPRIVACY_PERF_PRECOMP_HPP
#define OPENCV_SANPRIVACY_PERF_PRECOMP_HPP

#include "opencv2/ts.hpp"
#include "opencv2/dnn.hpp"
#include "opencv2/sanprivacy.hpp"

namespace opencv_test {
using namespace perf;
using namespace cv::sanprivacy;
} // namespace opencv_test

#endif // OPENCV_SANPRIVACY_PERF_PRECOMP_HPP
