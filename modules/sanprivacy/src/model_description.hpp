// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#ifndef OPENCV_SANPRIVACY_MODEL_DESCRIPTION_HPP
#define OPENCV_SANPRIVACY_MODEL_DESCRIPTION_HPP

#include "opencv2/sanprivacy/networks.hpp"

namespace cv { namespace sanprivacy {

//! Empty if the description makes sense, otherwise what is wrong with it.
String whatIsWrong(const ModelDescription& description);

}} // namespace cv::sanprivacy

#endif // OPENCV_SANPRIVACY_MODEL_DESCRIPTION_HPP
