// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#ifndef OPENCV_SANPRIVACY_FACE_DETECTOR_IMPL_HPP
#define OPENCV_SANPRIVACY_FACE_DETECTOR_IMPL_HPP

#include "face_row.hpp"
#include "opencv2/sanprivacy/face_detector.hpp"

#include <mutex>

namespace cv { namespace sanprivacy {

//! What each kind of detector does.
class FaceDetector::Impl
{
public:
    virtual ~Impl() {}

    //! @param image 8-bit, gray or BGR. @return faces in any order.
    virtual std::vector<FaceRow> detect(const Mat& image, bool quick) = 0;

    //! As FaceDetector::getSmallestFace() says.
    virtual int smallestFace(const Size& image) const = 0;

    std::mutex mutex; //!< held by FaceDetector::detect()
};

}} // namespace cv::sanprivacy

#endif // OPENCV_SANPRIVACY_FACE_DETECTOR_IMPL_HPP
