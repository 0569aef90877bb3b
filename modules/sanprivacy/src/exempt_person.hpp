// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#ifndef OPENCV_SANPRIVACY_EXEMPT_PERSON_HPP
#define OPENCV_SANPRIVACY_EXEMPT_PERSON_HPP

#include "opencv2/sanprivacy/networks.hpp"

namespace cv { namespace sanprivacy {

//! A person whose face is not changed.
struct ExemptPerson
{
    Ptr<FaceNetwork> matcher;
    Mat descriptor;   //!< of the person's face, from this matcher
    double min_score; //!< match score from which on it is the person
};

/** @brief Who of the exempt persons a face is.
@param image the frame.
@param face 1x15 CV_32F, as of FaceDetector.
@return the index of the person with the highest score, or -1: none, or the matcher gives no number. */
int recognise(const std::vector<ExemptPerson>& persons, const Mat& image, const Mat& face);

}} // namespace cv::sanprivacy

#endif // OPENCV_SANPRIVACY_EXEMPT_PERSON_HPP
