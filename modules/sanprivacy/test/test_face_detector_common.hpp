// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#ifndef OPENCV_SANPRIVACY_TEST_FACE_DETECTOR_COMMON_HPP
#define OPENCV_SANPRIVACY_TEST_FACE_DETECTOR_COMMON_HPP

#include "test_precomp.hpp"

namespace opencv_test {

//! A detector that needs no file of the user's: YuNet, or cascades.
inline Ptr<FaceDetector> shippedDetector(const std::string& name, float least_score = -1.f)
{
    shippedFile(name.empty() ? "face_detection_yunet_2022mar.onnx" : "landmarks.onnx");
    return name.empty() ? FaceDetector::create(String(), least_score) : FaceDetector::createCascade(least_score);
}

inline Mat portrait(const std::string& name)
{
    const Mat image = imread(shippedFile(std::string("portraits/") + name + ".jpg"));
    CV_Assert(!image.empty());
    return image;
}

} // namespace opencv_test

#endif // OPENCV_SANPRIVACY_TEST_FACE_DETECTOR_COMMON_HPP
