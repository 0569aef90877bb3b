// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#ifndef OPENCV_SANPRIVACY_YUNET_DETECTOR_HPP
#define OPENCV_SANPRIVACY_YUNET_DETECTOR_HPP

#include "dnn_net.hpp"
#include "face_detector_impl.hpp"

namespace cv { namespace sanprivacy {

/** @brief cv::FaceDetectorYN for images of any size, with faces of any roll.
@param model YuNet ONNX file. One whose output is not finite raises Error::StsBadArg.
@param score_threshold as of FaceDetector::create(). Error::StsNotImplemented without objdetect. */
Ptr<FaceDetector::Impl> createYuNetDetector(const String& model, float score_threshold, const DnnDevice& device);

}} // namespace cv::sanprivacy

#endif // OPENCV_SANPRIVACY_YUNET_DETECTOR_HPP
