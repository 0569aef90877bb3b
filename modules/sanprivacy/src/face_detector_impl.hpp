// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#ifndef OPENCV_SANPRIVACY_FACE_DETECTOR_IMPL_HPP
#define OPENCV_SANPRIVACY_FACE_DETECTOR_IMPL_HPP

#include "face_row.hpp"
#include "opencv2/sanprivacy/face_detector.hpp"

#include <algorithm>
#include <functional>
#include <mutex>

namespace cv { namespace sanprivacy {

//! What each kind of detector does.
class FaceDetector::Impl
{
public:
    virtual ~Impl() {}

    typedef std::function<bool(const FaceRow&)> Known;
    static bool noneKnown(const FaceRow&) { return false; }

    /** @param image 8-bit, gray or BGR.
    @param known whether a face in this image, as it is first detected, is known already: such a face
    may be left out before time is spent on its exact place.
    @return faces in any order. */
    virtual std::vector<FaceRow> detect(const Mat& image, bool quick, const Known& known) = 0;

    //! The same for several threads. @return faces, best first.
    std::vector<FaceRow> detectSorted(const Mat& image, bool quick, const Known& known = noneKnown)
    {
        std::vector<FaceRow> faces;
        {
            std::lock_guard<std::mutex> lock(mutex_);
            faces = detect(image, quick, known);
        }
        std::stable_sort(
            faces.begin(), faces.end(), [](const FaceRow& a, const FaceRow& b) { return a.score > b.score; });
        return faces;
    }

    //! See FaceDetector::getSmallestFace().
    virtual int smallestFace(const Size& image) const = 0;

    static Impl& of(FaceDetector& detector); //!< for other classes of the module; Error::StsNullPtr if it is empty

private:
    std::mutex mutex_;
};

}} // namespace cv::sanprivacy

#endif // OPENCV_SANPRIVACY_FACE_DETECTOR_IMPL_HPP
