// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#ifndef OPENCV_SANPRIVACY_COMPATIBILITY_HPP
#define OPENCV_SANPRIVACY_COMPATIBILITY_HPP

// The one place that knows the differences between the versions of OpenCV, 4.5.4 to 5.x, and between its two builds.

#include "opencv2/core/version.hpp"
#include "opencv2/dnn.hpp"
#include "opencv2/opencv_modules.hpp"

// The private header is in OpenCV's own build only; this is what the macro amounts to there.
#ifdef __OPENCV_BUILD
#include "opencv2/core/private.hpp"
#else
#include "opencv2/core/utils/trace.hpp"
#define CV_INSTRUMENT_REGION() CV_TRACE_FUNCTION()
#endif

// getRotationMatrix2D and moments moved from imgproc to geometry in 5.
#if CV_VERSION_MAJOR >= 5
#include "opencv2/geometry.hpp"
#endif

// CascadeClassifier moved from objdetect to contrib's xobjdetect in 5.
#ifdef HAVE_OPENCV_OBJDETECT
#include "opencv2/objdetect.hpp"
#endif
#if CV_VERSION_MAJOR >= 5 && defined HAVE_OPENCV_XOBJDETECT
#include "opencv2/xobjdetect.hpp"
#endif
#if CV_VERSION_MAJOR < 5 && defined HAVE_OPENCV_OBJDETECT || CV_VERSION_MAJOR >= 5 && defined HAVE_OPENCV_XOBJDETECT
#define SANPRIVACY_HAVE_CASCADES
#endif

// FaceDetectorYN runs one form of YuNet up to 4.7 and another since 4.8.
#if CV_VERSION_MAJOR == 4 && CV_VERSION_MINOR < 8
#define SANPRIVACY_YUNET "face_detection_yunet_2022mar.onnx"
#else
#define SANPRIVACY_YUNET "face_detection_yunet_2023mar.onnx"
#endif

namespace cv { namespace sanprivacy {

/** Reads an ONNX file, given by its name or by its contents (std::vector<uchar>).
5.0 has two engines. On the CPU neither is faster for all our networks (default network: 10.1 ms classic, 9.8 ms new;
landmarks .59 and .73 ms), but only the classic one runs CUDA. 5.1 has the new one alone, faster than both (8.9 and .57
ms); it runs a network on CUDA as a whole or not at all, and has no Resize and no transposed convolution there. */
template <typename Source>
dnn::Net importOnnx(const Source& source)
{
#if CV_VERSION_MAJOR == 5 && CV_VERSION_MINOR == 0
    return dnn::readNetFromONNX(source, dnn::ENGINE_CLASSIC);
#else
    return dnn::readNetFromONNX(source);
#endif
}

//! Whether a network has an input of that name.
inline bool hasInput(dnn::Net& net, const String& name)
{
#if CV_VERSION_MAJOR >= 5 // the new engine has a graph instead of layers
    if (const Ptr<dnn::Graph> graph = net.getMainGraph())
    {
        for (const dnn::Arg& input : graph->inputs())
            if (net.argName(input) == name)
                return true;
        return false;
    }
#endif
    return net.getLayer(0)->outputNameToIndex(name) >= 0; // layer 0 stands for the inputs
}

}} // namespace cv::sanprivacy

#endif // OPENCV_SANPRIVACY_COMPATIBILITY_HPP
