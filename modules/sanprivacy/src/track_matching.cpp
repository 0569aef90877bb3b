// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#include "precomp.hpp"
#include "orientation.hpp"
#include "track_matching.hpp"

#include <algorithm>

namespace cv { namespace sanprivacy {

namespace {

// Lengths are in inter-ocular distances of the track, times in seconds.
const double DRIFT_WHILE_LOST = 2.5; // of a detection from its track, added for each second that the track was lost
const double FARTHEST = 3;
const double MOST_GROWTH = 1.7;      // of a detection, against its track
const double ROTATED_DISTANCE = 1.5; // of a face that is not upright, from known ones: heads are no nearer
const float ROTATED_SCORE = .9f;     // of such a face, at least
const double JUMP = .25;             // a detection farther off is taken as it is
const double CORRECTION = .3;        // otherwise, share of the flow's drift that a detection takes away
const double MOVES_FORGOTTEN = .4;   // after which a lost face may go any way

bool haveOneSize(const Landmarks& a, const Landmarks& b)
{
    return std::abs(std::log(eyeDistance(a) / eyeDistance(b))) <= std::log(MOST_GROWTH);
}

/** Where another face has just been found, as large and less than half a head away, this one would be hidden:
the detector takes hair or two halves for a face. */
bool hidden(const FrameDetection& detection, const std::vector<Track>& tracks)
{
    return std::any_of(tracks.begin(), tracks.end(),
        [&](const Track& track)
        {
            return track.state == FACE_FOUND && haveOneSize(track.landmarks, detection.landmarks)
                   && HeadShape(track.landmarks).contains(centreOf(detection.landmarks));
        });
}

//! In the three further orientations there are more false detections, often in an upright face.
bool isCredible(const FrameDetection& rotated, const std::vector<Track>& tracks, float min_score)
{
    return rotated.face.score >= std::max(min_score, ROTATED_SCORE)
           && std::none_of(tracks.begin(), tracks.end(),
               [&](const Track& track) {
                   return track.state != FACE_HELD
                          && centreDistance(track.landmarks, rotated.landmarks) < ROTATED_DISTANCE;
               });
}

void update(Track& track, const FrameDetection& detection)
{
    track.fresh = track.lost_frames > 0;
    double error = 0;
    for (size_t k = 0; k < track.landmarks.size(); ++k)
        error += std::abs(detection.landmarks[k] - track.landmarks[k]) / double(track.landmarks.size());
    const double gain = track.lost_frames > 0 || error > JUMP * eyeDistance(track.landmarks) ? 1 : CORRECTION;
    if (track.lost > MOVES_FORGOTTEN)
        track.moves.clear();
    if (track.lost_frames > 0)
        track.velocity = track.usualMove();
    for (size_t k = 0; k < track.landmarks.size(); ++k)
        track.landmarks[k] += gain * (detection.landmarks[k] - track.landmarks[k]);
    track.state = FACE_FOUND;
    track.unseen = track.lost = 0;
    track.lost_frames = 0;
    track.settled = true;
    track.abandoned = false;
    track.score = std::max(track.score, detection.face.score);
}

struct Pairing
{
    double distance;
    size_t track, detection;
};

//! Tracks and detections that may be one face, nearest first.
std::vector<Pairing> pairingsOf(const std::vector<Track>& tracks, const std::vector<FrameDetection>& detections)
{
    std::vector<Pairing> pairings;
    for (size_t t = 0; t < tracks.size(); ++t)
        for (size_t d = 0; d < detections.size(); ++d)
        {
            const Track& track = tracks[t];
            const double distance = centreDistance(track.landmarks, detections[d].landmarks);
            const double reach = std::min(NEAR_FACE + DRIFT_WHILE_LOST * track.lost, FARTHEST);
            const bool contradicts =
                detections[d].face.score < ROTATED_SCORE && haveOtherRolls(detections[d].landmarks, track.landmarks);
            // A face that was followed up to here comes before one that went missing.
            const Pairing pairing = { distance + (track.lost_frames > 0 ? FARTHEST : 0), t, d };
            if (distance <= reach && haveOneSize(track.landmarks, detections[d].landmarks) && !contradicts)
                pairings.push_back(pairing);
        }
    std::sort(
        pairings.begin(), pairings.end(), [](const Pairing& a, const Pairing& b) { return a.distance < b.distance; });
    return pairings;
}

//! The place where a track was: it stays covered.
Track placeOf(const Track& track)
{
    Track place = track;
    place.abandoned = true;
    place.state = FACE_HELD;
    if (place.lost_frames == 0)
        place.velocity = place.usualMove();
    place.lost_frames = std::max(place.lost_frames, 1);
    place.recognitions = 0;
    return place;
}

//! A track that was not found and ended up on another one's face has lost its own.
void giveUpOverlapping(std::vector<Track>& tracks, const std::vector<bool>& found)
{
    for (size_t t = 0; t < tracks.size(); ++t)
        for (size_t other = 0; other < tracks.size(); ++other)
            if (!found[t] && found[other] && tracks[t].state != FACE_HELD
                && areOneFace(tracks[t].landmarks, tracks[other].landmarks))
            {
                tracks[t].state = FACE_HELD;
                ++tracks[t].lost_frames;
            }
}

//! Whether a detection shows a face that is tracked.
bool isTracked(const FrameDetection& detection, const std::vector<Track>& tracks, bool trusted)
{
    return std::any_of(tracks.begin(), tracks.end(),
        [&](const Track& track)
        {
            const double farthest = haveOtherRolls(detection.landmarks, track.landmarks) ? NEAR_FACE : SAME_FACE;
            return track.state != FACE_HELD && centreDistance(track.landmarks, detection.landmarks) < farthest
                   && (!trusted || haveOneSize(track.landmarks, detection.landmarks));
        });
}

} // namespace

std::vector<TrackMatch> matchTracks(std::vector<Track>& tracks, const std::vector<FrameDetection>& detections,
    bool trusted, float min_score, int& next_id)
{
    std::vector<TrackMatch> matches;
    std::vector<bool> matched(detections.size(), false), found(tracks.size(), false);
    std::vector<Track> abandoned;
    for (const Pairing& pairing : pairingsOf(tracks, detections))
    {
        Track& track = tracks[pairing.track];
        const FrameDetection& detection = detections[pairing.detection];
        if (matched[pairing.detection] || found[pairing.track]
            || (!trusted && track.lost_frames > 0 && hidden(detection, tracks)))
            continue;
        matched[pairing.detection] = found[pairing.track] = true;
        const bool jumps = !areOneFace(track.landmarks, detection.landmarks);
        if (jumps) // it may have been another face that was found
            abandoned.push_back(placeOf(track));
        update(track, detection);
        track.jumped = jumps && !track.fresh;
        track.fresh = track.fresh || jumps;
        matches.push_back({ track.id, pairing.detection });
    }
    giveUpOverlapping(tracks, found);

    for (size_t d = 0; d < detections.size(); ++d)
    {
        if (matched[d] || isTracked(detections[d], tracks, trusted) || (!trusted && hidden(detections[d], tracks)))
            continue;
        if (!trusted && orientationOf(detections[d].landmarks) != 0 && !isCredible(detections[d], tracks, min_score))
            continue;
        tracks.push_back(Track(next_id++, detections[d].landmarks));
        update(tracks.back(), detections[d]);
        tracks.back().fresh = true;
        matches.push_back({ tracks.back().id, d });
    }

    for (Track& track : abandoned)
    {
        track.id = next_id++;
        tracks.push_back(track);
    }
    return matches;
}

}} // namespace cv::sanprivacy
