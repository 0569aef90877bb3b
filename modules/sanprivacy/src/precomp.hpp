// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#ifndef OPENCV_SANPRIVACY_PRECOMP_HPP
#define OPENCV_SANPRIVACY_PRECOMP_HPP

// The one place that knows the differences between OpenCV 4.5.4 and 5.x.

#include "opencv2/core.hpp"
#include "opencv2/core/utility.hpp"
#include "opencv2/core/utils/logger.hpp"
#include "opencv2/core/utils/trace.hpp"
#include "opencv2/dnn.hpp"
#include "opencv2/imgproc.hpp"
#include "opencv2/opencv_modules.hpp"

#ifdef __OPENCV_BUILD
#include "opencv2/core/private.hpp"
#else
#define CV_INSTRUMENT_REGION() CV_TRACE_FUNCTION() // what it is there, without the private header
#endif

#ifdef HAVE_OPENCV_OBJDETECT
#include "opencv2/objdetect.hpp" // FaceDetectorYN; CascadeClassifier in 4.x
#endif
#if CV_VERSION_MAJOR >= 5 && defined HAVE_OPENCV_XOBJDETECT
#include "opencv2/xobjdetect.hpp" // CascadeClassifier since 5
#endif
#if CV_VERSION_MAJOR < 5 && defined HAVE_OPENCV_OBJDETECT || CV_VERSION_MAJOR >= 5 && defined HAVE_OPENCV_XOBJDETECT
#define SANPRIVACY_HAVE_CASCADES
#endif

#include "opencv2/sanprivacy.hpp"

namespace cv { namespace sanprivacy {

//! OpenCV 5 has a second engine for ONNX, which does not tell a network's inputs.
inline dnn::Net importOnnx(const String& filename)
{
#if CV_VERSION_MAJOR >= 5
    return dnn::readNetFromONNX(filename, dnn::ENGINE_CLASSIC);
#else
    return dnn::readNetFromONNX(filename);
#endif
}

}} // namespace cv::sanprivacy

#endif // OPENCV_SANPRIVACY_PRECOMP_HPP
