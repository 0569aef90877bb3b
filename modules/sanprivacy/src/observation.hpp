// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#ifndef OPENCV_SANPRIVACY_OBSERVATION_HPP
#define OPENCV_SANPRIVACY_OBSERVATION_HPP

#include "face_geometry.hpp"

namespace cv { namespace sanprivacy {

//! Where a track is in a frame.
struct Observation
{
    int track;
    int state;      //!< FaceState
    bool confident; //!< a clear face, seen not long ago
    bool exempt;
    float score;
    double growth; //!< of the head that is covered, where its place is not certain; else 1
    Landmarks landmarks;
};

// Growth of the head that is covered.
const double HELD_GROWTH = 1.15;     // where it is not seen
const double UNSETTLED_GROWTH = 1.4; // that was not to be seen whole when it was found

double growthWhileHeld(double seconds); //!< where it has not been seen for so long

//! Heads that are seen in a frame, of all tracks but one.
std::vector<HeadShape> seenHeads(const std::vector<Observation>& observations, int except);

//! Whether nothing of a head is inside the frame.
bool isOutside(const Landmarks& landmarks, const Size& frame);

//! Whether a head is inside the frame and away from all others, with their hair and shoulders.
bool showsWhole(const Landmarks& landmarks, int track, const std::vector<Observation>& observations, const Size& frame);

}} // namespace cv::sanprivacy

#endif // OPENCV_SANPRIVACY_OBSERVATION_HPP
