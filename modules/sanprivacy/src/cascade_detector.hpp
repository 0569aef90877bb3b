// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#ifndef OPENCV_SANPRIVACY_CASCADE_DETECTOR_HPP
#define OPENCV_SANPRIVACY_CASCADE_DETECTOR_HPP

#include "dnn_net.hpp"
#include "face_detector_impl.hpp"

namespace cv { namespace sanprivacy {

/** @brief OpenCV's frontal-face cascades, whose proposals the landmark network accepts or rejects.
@param score_threshold as of FaceDetector::createCascade(). Error::StsNotImplemented without cascades. */
Ptr<FaceDetector::Impl> createCascadeDetector(float score_threshold, const DnnDevice& device);

}} // namespace cv::sanprivacy

#endif // OPENCV_SANPRIVACY_CASCADE_DETECTOR_HPP
