// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#ifndef OPENCV_SANPRIVACY_TRACK_FOLLOWING_HPP
#define OPENCV_SANPRIVACY_TRACK_FOLLOWING_HPP

#include "gray_pyramid.hpp"
#include "observation.hpp"
#include "track.hpp"

namespace cv { namespace sanprivacy {

/** @brief Takes tracks from one frame to the next by optical flow. A face that cannot be followed is held: its motion
goes on, slower and slower.
@param tracks changed in place.
@param from,to two frames of one size.
@param observations of the first one.
@param seconds between them. */
void followTracks(std::vector<Track>& tracks, const GrayPyramid& from, const GrayPyramid& to,
    const std::vector<Observation>& observations, double seconds);

}} // namespace cv::sanprivacy

#endif // OPENCV_SANPRIVACY_TRACK_FOLLOWING_HPP
