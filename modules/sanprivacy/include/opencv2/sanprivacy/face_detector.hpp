// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#ifndef OPENCV_SANPRIVACY_FACE_DETECTOR_HPP
#define OPENCV_SANPRIVACY_FACE_DETECTOR_HPP

#include "opencv2/core.hpp"

namespace cv { namespace sanprivacy {

//! @addtogroup sanprivacy
//! @{

/** @brief Finds faces and their five landmarks.

It is cv::FaceDetectorYN with the shipped YuNet or another, at several sizes, and once more in an upright view of each rolled face. The
project's landmark network corrects the roll where YuNet takes a rolled face, or one on its side or upside down, for an upright one. Or, with "cascade", the frontal-face
cascades of opencv-data propose boxes, and the landmark network places five points in each and rejects what is no face: slower, and
it misses more.
Needs the objdetect module (Error::StsNotImplemented without it).
*/
class CV_EXPORTS_W FaceDetector
{
public:
    CV_WRAP FaceDetector(); //!< empty; use create()

    /**
    @param detector YuNet ONNX file; empty: the shipped one; "cascade": cascades and landmark network.
    @param score_threshold least score of a face, 0..1; negative: the detector's own default.
    @param backend_id, target_id of the dnn module, for the networks involved. An unavailable pair is an error. */
    CV_WRAP static Ptr<FaceDetector> create(const String& detector = String(), float score_threshold = -1.f,
                                            int backend_id = 0, int target_id = 0);

    CV_WRAP bool empty() const;

    /** @brief Finds all faces of an image.
    @param image 8-bit or 16-bit, 1 or 3 channels (BGR), any size.
    @param faces Nx15 CV_32F as FaceDetectorYN gives them: x, y, width, height, five landmarks (x, y), score; best first.
    Zero rows where there is no face.
    @param quick for videos, whose next frames show the face again: leaves out what is costly and finds a face now and then; one that lies
    on its side or upside down may be taken for an upright one. */
    CV_WRAP void detect(InputArray image, OutputArray faces, bool quick = false);

    class Impl;
protected:
    Ptr<Impl> p;
};

//! @}

}} // namespace cv::sanprivacy

#endif // OPENCV_SANPRIVACY_FACE_DETECTOR_HPP
