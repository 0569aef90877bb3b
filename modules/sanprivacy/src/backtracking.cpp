// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#include "precomp.hpp"
#include "backtracking.hpp"
#include "face_flow.hpp"
#include "frame_detector.hpp" // NEAR_FACE, SAME_FACE

#include <algorithm>

namespace cv { namespace sanprivacy {

namespace {

//! Whether the face is seen in a frame: it is protected there and before.
bool isSeen(const Track& track, const Landmarks& landmarks, const std::vector<Observation>& observations)
{
    return std::any_of(observations.begin(), observations.end(),
        [&](const Observation& observation)
        {
            const bool follows = observation.track == track.id && !track.jumped;
            return observation.state != FACE_HELD
                   && centreDistance(observation.landmarks, landmarks) < (follows ? NEAR_FACE : SAME_FACE);
        });
}

//! The latest observation of a track in a frame, or null.
Observation* observationOf(int track, std::vector<Observation>& observations)
{
    const auto found = std::find_if(
        observations.rbegin(), observations.rend(), [&](const Observation& one) { return one.track == track; });
    return found == observations.rend() ? 0 : &*found;
}

} // namespace

void backtrack(const Track& track, bool confident, double overlooked, std::deque<TrackedFrame>& window)
{
    Landmarks landmarks = track.landmarks;
    Point2c velocity = -track.velocity;
    bool lost = false;
    double held = 0;
    for (size_t i = window.size() - 1;
         i-- > 0 && !window[i + 1].cut && !window[i].released && held < overlooked - TIME_TOLERANCE;)
    {
        TrackedFrame &frame = window[i], &later = window[i + 1];
        const Size size = frame.image.size();
        const Point2c before = centreOf(landmarks);
        const double seconds = later.time - frame.time;
        const std::vector<HeadShape> others = seenHeads(later.observations, track.id);
        lost = lost
               || !(followFace(later.grayPyramid(), frame.grayPyramid(), landmarks, extrapolatedMove(velocity, seconds),
                        others)
                    || (velocity == 0. && followFarther(later.grayPyramid(), frame.grayPyramid(), landmarks, others)));
        if (lost)
            held += seconds;
        else
            velocity = (centreOf(landmarks) - before) / seconds;
        if (isOutside(landmarks, size) || isSeen(track, landmarks, frame.observations))
            return;

        const bool settled = track.settled && showsWhole(landmarks, track.id, frame.observations, size);
        const double growth = lost ? growthWhileHeld(held) : settled ? 1 : UNSETTLED_GROWTH;
        const Observation found = { track.id, lost ? FACE_HELD : FACE_BACKTRACKED, confident, false, track.score,
            growth, landmarks };
        Observation* const own = observationOf(track.id, frame.observations);
        if (!own || !areOneFace(own->landmarks, landmarks)) // where it was held stays covered
            frame.observations.push_back(found);
        else if (lost)
            return; // it is held there already
        else
            *own = found;
    }
}

}} // namespace cv::sanprivacy
