// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#include "precomp.hpp"
#include "face_flow.hpp"
#include "track_following.hpp"

#include <algorithm>

namespace cv { namespace sanprivacy {

namespace {

const double VELOCITY_RENEWED = .5; // with each frame, of a track that is followed
const double VELOCITY_KEPT = .28;   // after a second, of a track that is lost
const double CLEARLY_OTHER = .25;   // motion from one frame to the next, inter-ocular distances of the track

//! Whether a face seems to move like another one that passes in front of it, and not as before.
bool isCarriedAway(const Track& track, const Point2c& move, double seconds, const std::vector<Track>& tracks)
{
    const double eyes = eyeDistance(track.landmarks);
    const Point2c usual = track.usualMove() * seconds;
    return std::any_of(tracks.begin(), tracks.end(),
        [&](const Track& other)
        {
            const Point2c others = other.usualMove() * seconds;
            return other.id != track.id && other.state != FACE_HELD && areNear(other, track)
                   && std::abs(others - usual) > CLEARLY_OTHER * eyes
                   && std::abs(move - others) < std::abs(move - usual);
        });
}

void hold(Track& track, double seconds)
{
    track.state = FACE_HELD;
    if (track.lost_frames++ == 0)
        track.velocity = track.usualMove();
    track.lost += seconds;
    for (Point2c& z : track.landmarks)
        z += extrapolatedMove(track.velocity, seconds);
    track.velocity *= std::pow(VELOCITY_KEPT, seconds);
}

void moveTo(Track& track, const Landmarks& landmarks, double seconds)
{
    const Point2c move = (centreOf(landmarks) - centreOf(track.landmarks)) / seconds;
    track.landmarks = landmarks;
    track.state = FACE_TRACKED;
    track.velocity += VELOCITY_RENEWED * (move - track.velocity);
    track.addMove(move);
    track.lost = 0;
    track.lost_frames = 0;
}

} // namespace

void followTracks(std::vector<Track>& tracks, const GrayPyramid& from, const GrayPyramid& to,
    const std::vector<Observation>& observations, double seconds)
{
    const std::vector<Track> before = tracks;
    parallel_for_(Range(0, (int)tracks.size()),
        [&](const Range& range)
        {
            for (int i = range.start; i < range.end; ++i)
            {
                Track& track = tracks[size_t(i)];
                const std::vector<HeadShape> others = seenHeads(observations, track.id);
                Landmarks landmarks = track.landmarks;
                track.unseen += seconds;
                if (track.state == FACE_HELD
                    || !(followFace(from, to, landmarks, extrapolatedMove(track.velocity, seconds), others)
                         || (track.moves.empty() && followFarther(from, to, landmarks, others)))
                    || isCarriedAway(
                        before[size_t(i)], centreOf(landmarks) - centreOf(track.landmarks), seconds, before))
                    hold(track, seconds);
                else
                    moveTo(track, landmarks, seconds);
            }
        });
}

}} // namespace cv::sanprivacy
