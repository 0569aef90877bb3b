// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#ifndef OPENCV_SANPRIVACY_DETECTION_MERGING_HPP
#define OPENCV_SANPRIVACY_DETECTION_MERGING_HPP

#include "landmark_network.hpp"

namespace cv { namespace sanprivacy {

//! A face, and its size at the scale at which it was found.
struct ScaledFace
{
    FaceRow face;
    float height;    //!< of its box, pixels of the scaled image
    bool cut;        //!< by the edge of a tile, beyond which the image goes on
    bool suppressed; //!< it overlaps with one of a higher score, most often the same face
};

//! Takes a face of a scaled image to the image itself.
void scaleBack(FaceRow& face, const Size& scaled, const Size& image);

//! Whether one face was found twice, or a part of it as another.
bool showSameFace(const FaceRow& a, const FaceRow& b);

//! Whether a face is none of the others, although they may overlap.
bool isApart(const FaceRow& face, const std::vector<FaceRow>& others);

//! Non-maximum suppression of what is found at one scale: first the best of those that overlap, then the others but for
//! those that are nearly the same.
std::vector<ScaledFace> suppressNonMaxima(const std::vector<FaceRow>& found);

/** Adds the faces of a larger scale.
YuNet is at its best with faces of 100 to 250 pixels: it misplaces the landmarks of larger ones and finds faces in their
parts. So a face that was large enough at a smaller scale stays as it is, and one that was small there is replaced. */
void mergeLargerScale(const std::vector<ScaledFace>& found, std::vector<ScaledFace>& faces);

/** @brief Faces among the candidates that are none of the known ones: half hidden by one, in front of one, or in
another orientation. The landmark network must find each of them where the detector does.
@param candidates what the detector found, in any orientation and several times. @param faces those known. */
std::vector<FaceRow> furtherFaces(std::vector<FaceRow> candidates, const std::vector<FaceRow>& faces,
    const GrayPyramid& pyramid, LandmarkNetwork& network);

}} // namespace cv::sanprivacy

#endif // OPENCV_SANPRIVACY_DETECTION_MERGING_HPP
