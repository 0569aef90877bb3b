// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#include "precomp.hpp"
#include "backtracking.hpp"
#include "dnn_net.hpp" // reasonOf()
#include "face_tracker.hpp"
#include "track_following.hpp"

#include <algorithm>

namespace cv { namespace sanprivacy {

namespace {

const int MOST_HOLDS_UNSEEN = 5;    // hold times for which a face is tracked without being found
const double UNRELIABLE_HOLD = .32; // seconds, hold time of a face that never reached the score
const int LEAST_HELD = 3;           // frames of a face that is held at all, however far apart they are
const int RECOGNITIONS = 2;         // in a row, of an exempt person

const char UNTRACKED[] = "The frame could not be tracked";

} // namespace

FaceTracker::FaceTracker(const Ptr<FaceDetector>& detector, const StreamParams& params)
    : detector_(detector, params), params_(params), schedule_(params), frames_(0), time_(0), next_id_(0)
{
}

//! Seconds for which the detector may overlook a face, or see one where none is.
double FaceTracker::overlookedFor() const
{
    return std::max(UNRELIABLE_HOLD, params_.detect_interval);
}

//! A time that does not grow is ignored: some sources give 0 for all their frames.
double FaceTracker::timeOf(double given) const
{
    const double usual = frames_ == 0 ? 0 : time_ + 1 / params_.frame_rate;
    return given >= 0 && (window_.empty() || given > time_) ? given : usual;
}

TrackedFrame& FaceTracker::append(const Mat& image, double time)
{
    TrackedFrame newest(image, timeOf(time));
    newest.record.frame = frames_++;
    newest.record.time = newest.time;
    newest.record.error = UNTRACKED; // an exception must not let it pass as it is
    newest.cut = !window_.empty() && newest.beginsScene(window_.back());
    if (newest.cut)
        closeScene();
    window_.push_back(newest);
    time_ = newest.time;
    return window_.back();
}

void FaceTracker::next(
    const Mat& image, double time, const std::vector<FrameDetection>* given, std::deque<TrackedFrame>& released)
{
    TrackedFrame& frame = append(image, time);
    TrackedFrame* const last = window_.size() > 1 ? &window_[window_.size() - 2] : 0;

    TickMeter timer;
    timer.start();
    if (last)
        follow(*last, frame);
    if (frame.cut)
        renumber();
    const bool appears = !given && schedule_.watch(frame.image, movingHeads(last ? frame.time - last->time : 0));
    timer.stop();
    frame.record.track_ms = timer.getTimeMilli();

    SearchScope scope;
    const bool due = schedule_.isDue(frame, last, tracks_, appears, scope);
    if (given)
        detect(frame, SEARCH_ROUTINE, given);
    else if (due)
        detect(frame, scope);
    tracks_.erase(std::remove_if(tracks_.begin(), tracks_.end(),
                      [&](const Track& track) { return isOutside(track.landmarks, image.size()) || isOver(track); }),
        tracks_.end());
    observe(frame);
    if (frame.record.error == UNTRACKED)
        frame.record.error.clear();
    release(params_.look_ahead, released);
}

//! The last frame of a scene is searched, so that no face comes in unnoticed after the last search.
void FaceTracker::closeScene()
{
    if (!window_.empty() && !window_.back().released && !schedule_.isSearched(window_.back().time)
        && !detector_.empty())
    {
        detect(window_.back(), SEARCH_COMPLETE);
        observe(window_.back());
    }
}

void FaceTracker::finish(std::deque<TrackedFrame>& released)
{
    closeScene();
    release(-1, released);
    window_.clear();
    tracks_.clear();
    schedule_.startAnew();
}

//! Searches the newest frame, or takes the faces that are given.
void FaceTracker::detect(TrackedFrame& frame, SearchScope scope, const std::vector<FrameDetection>* given)
{
    TickMeter timer;
    timer.start();
    try
    {
        const std::vector<FrameDetection> detections = given ? *given : search(frame.image, scope);
        const std::vector<TrackMatch> matches =
            matchTracks(tracks_, detections, given != 0, params_.min_score, next_id_);
        recognise(matches, detections, frame.image);
        frame.record.detected = true;
        schedule_.noteSearch(frame, scope);
    }
    catch (const std::exception& e)
    {
        frame.record.error = reasonOf(e);
        schedule_.requestSearch();
    }
    timer.stop();
    frame.record.detect_ms += timer.getTimeMilli();
}

std::vector<FrameDetection> FaceTracker::search(const Mat& image, SearchScope scope)
{
    if (detector_.empty())
        CV_Error(Error::StsNullPtr, "This frame came without its faces, and there is no FaceDetector");
    std::vector<Landmarks> known;
    bool missing = false;
    for (const Track& track : tracks_)
    {
        known.push_back(track.landmarks);
        if (track.lost_frames > 0 && !track.abandoned)
        {
            missing = true;
            schedule_.addPlace(HeadShape(track.landmarks, HELD_GROWTH).box());
        }
    }
    return detector_.detect(image, scope, known, missing, schedule_.places());
}

//! Records where the faces of the newest frame are, and tracks new ones back.
void FaceTracker::observe(TrackedFrame& frame)
{
    frame.observations.clear();
    for (const Track& track : tracks_)
    {
        const bool recent = track.unseen <= std::max(params_.hold, params_.detect_interval) + TIME_TOLERANCE;
        const Observation observation = { track.id, track.state, reliable(track) && recent,
            track.recognitions >= RECOGNITIONS && !isCrowded(track, tracks_), track.score, 1, track.landmarks };
        frame.observations.push_back(observation);
    }
    for (size_t i = 0; i < tracks_.size(); ++i)
    {
        Track& track = tracks_[i];
        track.settled = track.settled && showsWhole(track.landmarks, track.id, frame.observations, frame.image.size());
        frame.observations[i].growth = track.state == FACE_HELD ? growthWhileHeld(track.lost)
                                       : track.settled          ? 1
                                                                : UNSETTLED_GROWTH;
    }
    for (Track& track : tracks_)
    {
        if (track.fresh)
            backtrack(track, reliable(track), overlookedFor(), window_);
        track.fresh = false;
    }
    for (TrackedFrame& earlier : window_)
        if (&earlier != &window_.back())
            earlier.gray.release();
}

//! Releases all frames but those of the last `kept` seconds. The newest one also stays here: the next one is compared
//! with it.
void FaceTracker::release(double kept, std::deque<TrackedFrame>& released)
{
    for (TrackedFrame& frame : window_)
        if (!frame.released && time_ - frame.time >= kept - TIME_TOLERANCE)
        {
            released.push_back(frame);
            released.back().gray.release();
            frame.released = true;
        }
    while (window_.size() > 1 && window_.front().released)
        window_.pop_front();
}

void FaceTracker::follow(TrackedFrame& last, TrackedFrame& frame)
{
    if (!frame.isComparable(last))
        tracks_.clear(); // positions in a frame of another size are meaningless in this one
    if (!tracks_.empty())
        followTracks(tracks_, last.grayPyramid(), frame.grayPyramid(), last.observations, frame.time - last.time);
}

//! In a new scene the places of faces stay covered, but a face that comes there is another one.
void FaceTracker::renumber()
{
    for (Track& track : tracks_)
    {
        track.id = next_id_++;
        track.recognitions = 0;
    }
}

//! The heads that are followed. @param seconds since the last frame.
std::vector<MovingHead> FaceTracker::movingHeads(double seconds) const
{
    std::vector<MovingHead> heads;
    for (const Track& track : tracks_)
        if (track.state != FACE_HELD)
            heads.push_back({ HeadShape(track.landmarks), track.moves.back() * seconds });
    return heads;
}

void FaceTracker::recognise(
    const std::vector<TrackMatch>& matches, const std::vector<FrameDetection>& detections, const Mat& image)
{
    if (exempt_.empty())
        return;
    for (Track& track : tracks_)
    {
        const auto match =
            std::find_if(matches.begin(), matches.end(), [&](const TrackMatch& one) { return one.track == track.id; });
        if (match == matches.end())
        {
            if (track.recognitions > 0) // not confirmed
                revokeExemption(track);
            continue;
        }
        const int person = sanprivacy::recognise(exempt_, image, detections[match->detection].face.toMat());
        if (track.recognitions > 0 && person != track.person)
            revokeExemption(track);
        track.person = person;
        track.recognitions = person < 0 ? 0 : track.recognitions + 1;
    }
}

//! The face may be another person's since the last search.
void FaceTracker::revokeExemption(Track& track)
{
    track.recognitions = 0;
    for (size_t i = window_.size(); i-- > 0;)
    {
        for (Observation& observation : window_[i].observations)
            if (observation.track == track.id)
                observation.exempt = false;
        if (window_[i].record.detected)
            break;
    }
}

//! Whether a face was held, or tracked without being found, for too long; an unreliable one was a false detection.
bool FaceTracker::isOver(const Track& track) const
{
    const bool known = reliable(track);
    const double patience = known ? params_.hold : overlookedFor();
    const double followed =
        known ? std::max(MOST_HOLDS_UNSEEN * params_.hold, 2 * params_.detect_interval) : 2 * overlookedFor();
    const int frames = !known ? 1 : params_.hold > 0 ? LEAST_HELD : 0;
    return (track.lost > patience + TIME_TOLERANCE && track.lost_frames > frames)
           || track.unseen > followed + TIME_TOLERANCE;
}

}} // namespace cv::sanprivacy
