// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#ifndef OPENCV_SANPRIVACY_FACE_FLOW_HPP
#define OPENCV_SANPRIVACY_FACE_FLOW_HPP

#include "face_geometry.hpp"
#include "gray_pyramid.hpp"

namespace cv { namespace sanprivacy {

/** @brief Carries a face from one frame to another.

Pyramidal Lucas-Kanade flow of a grid of points, there and back; a similarity that most of them agree with. The face is
looked at in a window of fixed size, so neither its own size nor that of the frame matters for the time it takes. What
lies within other heads is not this face's motion.
@param from frame.
@param to frame of the same size.
@param landmarks of the face in `from`; on success those in `to`.
@param velocity pixels that it is expected to move by.
@param others heads of the other faces in `from`.
@return whether the face was followed; where not, landmarks stay. */
bool followFace(const GrayPyramid& from, const GrayPyramid& to, Landmarks& landmarks, const Point2c& velocity,
    const std::vector<HeadShape>& others);

/** @brief As followFace() for a face whose velocity is not known, and which it did not find: looks farther away, and
takes nothing but what looks much the same, as the old place no longer does. */
bool followFarther(
    const GrayPyramid& from, const GrayPyramid& to, Landmarks& landmarks, const std::vector<HeadShape>& others);

}} // namespace cv::sanprivacy

#endif // OPENCV_SANPRIVACY_FACE_FLOW_HPP
