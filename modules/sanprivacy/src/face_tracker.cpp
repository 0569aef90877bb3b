// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#include "precomp.hpp"
#include "color_conversion.hpp"
#include "dnn_net.hpp" // reasonOf()
#include "face_flow.hpp"
#include "face_tracker.hpp"

#include <algorithm>
#include <cfloat>

namespace cv { namespace sanprivacy {

namespace {

// Lengths are in eye distances of the track, times in seconds.
const double CROWDED = 3;           // between two people whom the matcher may mistake for each other
const double VELOCITY_RENEWED = .5; // with each frame, of a track that is followed
const double CLEARLY_OTHER = .25;   // motion from one frame to the next
const double VELOCITY_KEPT = .28;   // after a second, of a track that is lost
const int MOST_HOLDS_UNSEEN = 5;    // hold times for which a face is tracked without being found
const double UNRELIABLE_HOLD = .32; // hold time of a face that never reached the score, a likely false detection
const int LEAST_HELD = 3;           // frames of a face that is held at all, however far apart they are
const double LOST_INTERVAL = .12;   // between searches while a track is lost
const int RECOGNITIONS = 2;         // in a row, of an exempt person
const double TOLERANCE = 1e-3;      // of times, which are rounded
const double MOST_FORESEEN = .5;    // for which the motion of a lost face is extrapolated

const Size THUMBNAIL(48, 27);
const double NEW_SCENE = 40; // mean absolute difference of thumbnails, gray levels

Mat thumbnailOf(const Mat& image)
{
    Mat small;
    resize(image, small, THUMBNAIL, 0, 0, INTER_LINEAR);
    return toGray(small);
}

bool differ(const TrackedFrame& a, const TrackedFrame& b)
{
    return a.image.size() != b.image.size() || a.image.type() != b.image.type()
           || norm(a.thumbnail, b.thumbnail, NORM_L1) > NEW_SCENE * THUMBNAIL.area();
}

const GrayPyramid& grayOf(TrackedFrame& frame)
{
    if (!frame.gray)
        frame.gray = makePtr<GrayPyramid>(frame.image);
    return *frame.gray;
}

bool gone(const Landmarks& landmarks, const Size& frame)
{
    const Rect2d box = HeadShape(landmarks, HELD_GROWTH).box();
    return (box & Rect2d(0, 0, frame.width, frame.height)).empty();
}

const char UNTRACKED[] = "The frame could not be tracked";

} // namespace

FaceTracker::FaceTracker(const Ptr<FaceDetector>& detector, const StreamParams& params)
    : detector_(detector, params), params_(params), frames_(0), time_(0), detected_(-DBL_MAX), next_id_(0),
      detect_next_(true), lost_(false), complete_(false)
{
}

//! A time that does not grow is ignored: some sources give 0 for all their frames.
double FaceTracker::timeOf(double given) const
{
    const double usual = frames_ == 0 ? 0 : time_ + 1 / params_.frame_rate;
    return given >= 0 && (window_.empty() || given > time_) ? given : usual;
}

void FaceTracker::next(
    const Mat& image, double time, const std::vector<FrameDetection>* given, std::deque<TrackedFrame>& released)
{
    TrackedFrame newest;
    image.copyTo(newest.image);
    newest.thumbnail = thumbnailOf(image);
    newest.time = timeOf(time);
    newest.record.frame = frames_++;
    newest.record.time = newest.time;
    newest.record.error = UNTRACKED; // an exception must not let it pass as it is
    newest.released = false;
    newest.cut = !window_.empty() && differ(window_.back(), newest);
    if (newest.cut)
        closeScene();
    window_.push_back(newest);
    TrackedFrame& frame = window_.back();
    TrackedFrame* const last = window_.size() > 1 ? &window_[window_.size() - 2] : 0;
    time_ = frame.time;

    TickMeter timer;
    timer.start();
    if (last)
        follow(*last, frame);
    if (frame.cut)
        for (Track& track : tracks_) // its place stays covered, but a face that comes there is another one
        {
            track.id = next_id_++;
            track.recognitions = 0;
        }
    std::vector<MovingHead> heads;
    for (const Track& track : tracks_)
        if (track.state != FACE_HELD)
            heads.push_back({ HeadShape(track.landmarks), track.moves.back() * (frame.time - last->time) });
    Rect2d where;
    const bool appears = !given && change_.appears(frame.image, heads, where);
    timer.stop();
    frame.record.track_ms = timer.getTimeMilli();

    // Where frames are as far apart as searches, every frame is searched completely; but not where this would cost the
    // next frames, since those between were lost.
    const double gap = last ? frame.time - last->time : 0;
    const bool tooSlow = lost_ && (complete_ || gap < params_.hold);
    const bool alone = !last || frame.cut || (gap >= params_.detect_interval - TOLERANCE && !tooSlow);
    lost_ = false;
    if (appears)
        places_.push_back(where);
    if (given)
        detect(frame, SEARCH_ROUTINE, given);
    else if (appears || alone || detectionDue(frame))
        detect(frame, alone ? SEARCH_COMPLETE : appears ? SEARCH_CHANGE : SEARCH_ROUTINE);
    dropGone(image.size());
    observe(frame);
    if (frame.record.error == UNTRACKED)
        frame.record.error.clear();
    release(params_.look_ahead, released);
}

//! The last frame of a scene is searched, so that no face comes in unnoticed after the last search.
void FaceTracker::closeScene()
{
    if (!window_.empty() && !window_.back().released && detected_ < window_.back().time && !detector_.empty())
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
    places_.clear();
    change_ = FrameChange();
    detected_ = -DBL_MAX;
    detect_next_ = true;
}

//! Searches the newest frame, or takes the faces that are given.
void FaceTracker::detect(TrackedFrame& frame, SearchScope scope, const std::vector<FrameDetection>* given)
{
    TickMeter timer;
    timer.start();
    try
    {
        std::vector<FrameDetection> detections;
        if (given)
            detections = *given;
        else
        {
            if (detector_.empty())
                CV_Error(Error::StsNullPtr, "This frame came without its faces, and there is no FaceDetector");
            std::vector<Landmarks> known;
            for (const Track& track : tracks_)
            {
                known.push_back(track.landmarks);
                if (track.lost_frames > 0 && !track.abandoned)
                    places_.push_back(HeadShape(track.landmarks, HELD_GROWTH).box());
            }
            detections = detector_.detect(frame.image, scope, known, faceIsMissing(), places_);
        }
        const std::vector<TrackMatch> matches =
            matchTracks(tracks_, detections, given != 0, params_.min_score, next_id_);
        recognise(matches, detections, frame.image);
        frame.record.detected = true;
        detected_ = frame.time;
        detect_next_ = false;
        complete_ = scope == SEARCH_COMPLETE;
        places_.clear();
    }
    catch (const std::exception& e)
    {
        frame.record.error = reasonOf(e);
        detect_next_ = true;
    }
    timer.stop();
    frame.record.detect_ms += timer.getTimeMilli();
}

//! Records where the faces of the newest frame are, and tracks new ones back.
void FaceTracker::observe(TrackedFrame& frame)
{
    frame.observations.clear();
    for (const Track& track : tracks_)
    {
        const bool recent = track.unseen <= std::max(params_.hold, params_.detect_interval) + TOLERANCE;
        const Observation observation = { track.id, track.state, reliable(track) && recent,
            track.recognitions >= RECOGNITIONS && !crowded(track), track.score, 1, track.landmarks };
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
            backtrack(track);
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
        if (!frame.released && time_ - frame.time >= kept - TOLERANCE)
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
    const bool comparable = last.image.size() == frame.image.size() && last.image.type() == frame.image.type();
    if (!comparable)
        tracks_.clear(); // positions in a frame of another size are meaningless in this one
    if (tracks_.empty())
        return;
    const double seconds = frame.time - last.time;
    const std::vector<Track> before = tracks_;
    const GrayPyramid &from = grayOf(last), &to = grayOf(frame);
    parallel_for_(Range(0, (int)tracks_.size()),
        [&](const Range& range)
        {
            for (int i = range.start; i < range.end; ++i)
            {
                Track& track = tracks_[size_t(i)];
                Landmarks landmarks = track.landmarks;
                track.unseen += seconds;
                if (track.state == FACE_HELD
                    || !followFace(from, to, landmarks, track.velocity * std::min(seconds, MOST_FORESEEN),
                        seenHeads(last.observations, track.id))
                    || carriedAway(before[size_t(i)], centreOf(landmarks) - centreOf(track.landmarks), seconds, before))
                {
                    hold(track, seconds);
                    continue;
                }
                const Point2c move = (centreOf(landmarks) - centreOf(track.landmarks)) / seconds;
                track.landmarks = landmarks;
                track.state = FACE_TRACKED;
                track.velocity += VELOCITY_RENEWED * (move - track.velocity);
                track.moves.push_back(move);
                if (track.moves.size() > MOST_MOVES)
                    track.moves.pop_front();
                track.lost = 0;
                track.lost_frames = 0;
            }
        });
}

//! Extrapolates the motion of a face that is not found, slower and slower.
void FaceTracker::hold(Track& track, double seconds) const
{
    track.state = FACE_HELD;
    if (track.lost_frames++ == 0)
        track.velocity = usualMove(track.moves);
    track.lost += seconds;
    for (Point2c& z : track.landmarks)
        z += track.velocity * std::min(seconds, MOST_FORESEEN);
    track.velocity *= std::pow(VELOCITY_KEPT, seconds);
}

//! Whether a face seems to move like another one that passes in front of it, and not as before.
bool FaceTracker::carriedAway(const Track& track, const Point2c& move, double seconds, const std::vector<Track>& tracks)
{
    const double eyes = eyeDistance(track.landmarks);
    const Point2c usual = usualMove(track.moves) * seconds;
    return std::any_of(tracks.begin(), tracks.end(),
        [&](const Track& other)
        {
            const Point2c others = usualMove(other.moves) * seconds;
            return other.id != track.id && other.state != FACE_HELD
                   && centreDistance(other.landmarks, track.landmarks) < CROWDED
                   && std::abs(others - usual) > CLEARLY_OTHER * eyes
                   && std::abs(move - others) < std::abs(move - usual);
        });
}

bool FaceTracker::faceIsMissing() const
{
    return std::any_of(
        tracks_.begin(), tracks_.end(), [](const Track& track) { return !track.abandoned && track.lost_frames > 0; });
}

bool FaceTracker::detectionDue(const TrackedFrame& frame) const
{
    const double since = frame.time - detected_;
    if (detect_next_ || since >= params_.detect_interval - TOLERANCE)
        return true;
    return std::any_of(tracks_.begin(), tracks_.end(),
        [&](const Track& track)
        {
            // A face that the last search did not find may be hidden, and another one be tracked in its place.
            const bool hidden = track.unseen > since + TOLERANCE && crowded(track);
            return !track.abandoned
                   && (track.lost_frames == 1
                       || ((track.lost_frames > 0 || hidden) && since >= LOST_INTERVAL - TOLERANCE));
        });
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
            if (track.recognitions > 0) // nobody confirms the exempt person
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

bool FaceTracker::crowded(const Track& track) const
{
    return std::any_of(tracks_.begin(), tracks_.end(),
        [&](const Track& other)
        { return other.id != track.id && centreDistance(other.landmarks, track.landmarks) < CROWDED; });
}

void FaceTracker::dropGone(const Size& frame)
{
    tracks_.erase(
        std::remove_if(tracks_.begin(), tracks_.end(),
            [&](const Track& track)
            {
                // Tracked but not found for long, it is held; an unreliable one was a false detection.
                const bool is = reliable(track);
                const double patience = is ? params_.hold : std::max(UNRELIABLE_HOLD, params_.detect_interval);
                const double followed = is ? std::max(MOST_HOLDS_UNSEEN * params_.hold, 2 * params_.detect_interval)
                                           : 2 * std::max(UNRELIABLE_HOLD, params_.detect_interval);
                const int frames = !is ? 1 : params_.hold > 0 ? LEAST_HELD : 0;
                return gone(track.landmarks, frame) || (track.lost > patience + TOLERANCE && track.lost_frames > frames)
                       || track.unseen > followed + TOLERANCE;
            }),
        tracks_.end());
}

/** Tracks a face that was just found back to where it came from, or to where its track was lost.
Before that it stays covered for as long as the detector may have missed it. */
void FaceTracker::backtrack(const Track& track)
{
    const double overlooked = std::max(UNRELIABLE_HOLD, params_.detect_interval);
    Landmarks landmarks = track.landmarks;
    Point2c velocity = -track.velocity;
    bool lost = false;
    double held = 0;
    for (size_t i = window_.size() - 1;
         i-- > 0 && !window_[i + 1].cut && !window_[i].released && held < overlooked - TOLERANCE;)
    {
        TrackedFrame& frame = window_[i];
        const Point2c before = centreOf(landmarks);
        const double seconds = window_[i + 1].time - frame.time;
        const Point2c foreseen = velocity * std::min(seconds, MOST_FORESEEN);
        lost = lost
               || !followFace(grayOf(window_[i + 1]), grayOf(frame), landmarks, foreseen,
                   seenHeads(window_[i + 1].observations, track.id));
        if (lost)
            held += seconds;
        else
            velocity = (centreOf(landmarks) - before) / seconds;
        if (gone(landmarks, frame.image.size()))
            return;

        Observation* own = 0;
        for (Observation& observation : frame.observations)
        {
            const bool follows = observation.track == track.id && !track.jumped;
            if (observation.state != FACE_HELD
                && centreDistance(observation.landmarks, landmarks) < (follows ? NEAR_FACE : SAME_FACE))
                return; // protected from here on
            if (observation.track == track.id)
                own = &observation;
        }
        const bool settled =
            track.settled && showsWhole(track.landmarks, track.id, frame.observations, frame.image.size());
        const Observation found = { track.id, lost ? FACE_HELD : FACE_BACKTRACKED, reliable(track), false, track.score,
            lost      ? growthWhileHeld(held)
            : settled ? 1
                      : UNSETTLED_GROWTH,
            landmarks };
        if (own && lost && showSameFace(own->landmarks, landmarks))
            return; // it is held there already
        if (own && showSameFace(own->landmarks, landmarks))
            *own = found;
        else // where it was held stays covered
            frame.observations.push_back(found);
    }
}

}} // namespace cv::sanprivacy
