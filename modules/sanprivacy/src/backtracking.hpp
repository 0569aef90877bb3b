// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#ifndef OPENCV_SANPRIVACY_BACKTRACKING_HPP
#define OPENCV_SANPRIVACY_BACKTRACKING_HPP

#include "track.hpp"
#include "tracked_frame.hpp"

namespace cv { namespace sanprivacy {

/** @brief Tracks a face that was just found back to where it came from, or to where its track was lost.
Before that it stays covered for as long as the detector may have missed it.
@param track of the newest frame.
@param confident whether it is a clear face.
@param overlooked seconds for which the detector may have missed it.
@param window frames that are kept back, the newest last; those before it receive observations. */
void backtrack(const Track& track, bool confident, double overlooked, std::deque<TrackedFrame>& window);

}} // namespace cv::sanprivacy

#endif // OPENCV_SANPRIVACY_BACKTRACKING_HPP
