// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#include "precomp.hpp"
#include "observation.hpp"

#include "opencv2/sanprivacy/stream_anonymizer.hpp"

#include <algorithm>

namespace cv { namespace sanprivacy {

namespace {

const double GROWTH_WHILE_HELD = .5; // added for each second
const double MOST_HELD_GROWTH = 2;
const double LEAST_WHOLE = .9; // share of a head's box inside the frame, and clear of any other one's

} // namespace

double growthWhileHeld(double seconds)
{
    return std::min(HELD_GROWTH + GROWTH_WHILE_HELD * seconds, MOST_HELD_GROWTH);
}

std::vector<HeadShape> seenHeads(const std::vector<Observation>& observations, int except)
{
    std::vector<HeadShape> heads;
    for (const Observation& observation : observations)
        if (observation.track != except && observation.state != FACE_HELD)
            heads.push_back(HeadShape(observation.landmarks));
    return heads;
}

bool isOutside(const Landmarks& landmarks, const Size& frame)
{
    const Rect2d box = HeadShape(landmarks, HELD_GROWTH).box();
    return (box & Rect2d(0, 0, frame.width, frame.height)).empty();
}

bool showsWhole(const Landmarks& landmarks, int track, const std::vector<Observation>& observations, const Size& frame)
{
    const Rect2d box = HeadShape(landmarks).box();
    const double least = LEAST_WHOLE * box.area();
    return (box & Rect2d(0, 0, frame.width, frame.height)).area() >= least
           && std::all_of(observations.begin(), observations.end(),
               [&](const Observation& other)
               {
                   return other.track == track
                          || (box & HeadShape(other.landmarks, UNSETTLED_GROWTH).box()).area() <= box.area() - least;
               });
}

}} // namespace cv::sanprivacy
