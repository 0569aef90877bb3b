// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#ifndef OPENCV_SANPRIVACY_DNN_NET_HPP
#define OPENCV_SANPRIVACY_DNN_NET_HPP

#include "onnx_check.hpp"

#include "opencv2/dnn.hpp"

namespace cv { namespace sanprivacy {

//! A backend and a target of cv::dnn that this build and this machine have.
struct DnnDevice
{
    int backend; //!< dnn::Backend
    int target;  //!< dnn::Target
};

/** @brief Checks that a backend with a target exists here; cv::dnn itself falls back to the CPU with a warning only.

Missing CUDA raises Error::GpuNotSupported and any other missing pair Error::StsNotImplemented, unless a fall-back to
DNN_BACKEND_OPENCV on the CPU is allowed; then a warning is logged. */
DnnDevice selectDevice(int backend_id, int target_id, bool allow_fallback = false);

/** @brief Reads an ONNX file.
@param filename the file; missing, truncated or no ONNX: Error::StsBadArg or StsParseError.
@param role what the file is for, named in errors, e.g. "attribute classifier".
@param device see selectDevice().
@param only_input the input of a network that has to have one; another number of them: Error::StsBadArg. */
dnn::Net readOnnx(const String& filename, const String& role, const DnnDevice& device, OnnxInput* only_input = nullptr);

//! The same from the contents of an ONNX file.
dnn::Net readOnnx(const std::vector<uchar>& buffer, const String& role, const DnnDevice& device);

//! A device as messages name it, e.g. "backend OpenVINO (2) with target CPU (0)".
String nameOf(const DnnDevice& device);

//! Whether it is dnn's own code for the CPU, which runs every network that dnn reads.
bool isOpenCVOnCpu(const DnnDevice& device);

//! The message of an exception on one line, that of cv::Exception without its place in the source.
String reasonOf(const std::exception& exception);

//! Plane (n, c) of an N x C x H x W blob of CV_32F, sharing its memory.
Mat blobPlane(const Mat& blob, int n, int c = 0);

//! Images n to n + count - 1 of an N x C x H x W blob, sharing its memory.
Mat blobRows(const Mat& blob, int n, int count);

}} // namespace cv::sanprivacy

#endif // OPENCV_SANPRIVACY_DNN_NET_HPP
