// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#include "precomp.hpp"
#include "dnn_net.hpp" // reasonOf()
#include "face_tracker.hpp"
#include "orientation.hpp"

#include <algorithm>

namespace cv { namespace sanprivacy {

namespace {

const int LANDMARKS = 5, FIRST_LANDMARK = 4, SCORE = 14; // of the rows of FaceDetector

// Lengths are in eye distances of the track, times in frames.
const double NEAR = .8;            // of a detection from its track
const double DRIFT_WHILE_LOST = .1; // added for each frame that the track was lost
const double FARTHEST = 3;
const double MOST_GROWTH = 1.7;    // of a detection, against its track
const double SAME_FACE = .5;       // of two tracks or two detections
const double MOST_TURN = .5;       // of a detection that is not sure, against its track, radians: the flow sees a face roll
const double CROWDED = 3;          // of two people; the matcher may then mistake them
const double TURNED_DISTANCE = 1.5; // of a face that lies otherwise, from known ones: heads are no nearer
const float TURNED_SCORE = .9f;    // of the detector, at least
const double JUMP = .25;           // a detection farther off is taken as it is
const double CORRECTION = .3;      // otherwise, share of the flow's drift that a detection takes away
const double VELOCITY_RENEWED = .5; // per frame, of a track that is followed
const double CLEARLY_OTHER = .25;  // motion per frame, inter-ocular distances
const size_t MOVES = 10;           // frames whose motion tells where a face goes that is hidden: the last few may be the other's
const double VELOCITY_KEPT = .95;  // per frame, of a track that is lost
const double HELD_GROWTH = 1.15;   // of the head, where it is not seen
const double GROWTH_WHILE_HELD = .02; // added for each frame
const double UNSETTLED_GROWTH = 1.4; // of a head that was not to be seen whole when it was found
const double LEAST_WHOLE = .9;     // share of a head's box inside the frame, and clear of any other one's
const double TURNED_CLEARER = .25; // of the scores of two views, to give up how a known face lay
const int MOST_HOLDS_UNSEEN = 5;   // hold times that a face is followed for without being found
const int TURNS = 4;               // quarters of a circle
const int LOST_INTERVAL = 3;       // of detections while a track is lost
const int RECOGNITIONS = 2;        // in a row, of the exempt person
const double LEAST_EYES = 2;       // pixels; no landmarks are nearer

const Size THUMBNAIL(48, 27);
const double NEW_SCENE = 40; // mean absolute difference of thumbnails, gray levels

Mat thumbnailOf(const Mat& image)
{
    Mat small, gray;
    resize(image, small, THUMBNAIL, 0, 0, INTER_LINEAR);
    if (small.channels() == 1)
        return small;
    cvtColor(small, gray, COLOR_BGR2GRAY);
    return gray;
}

bool differ(const TrackedFrame& a, const TrackedFrame& b)
{
    return a.image.size() != b.image.size() || a.image.type() != b.image.type()
           || norm(a.thumbnail, b.thumbnail, NORM_L1) > NEW_SCENE * THUMBNAIL.area();
}

double distanceOf(const Landmarks& a, const Landmarks& b)
{
    return std::abs(centreOf(a) - centreOf(b)) / std::max(eyeDistance(a), eyeDistance(b));
}

bool showSameFace(const Landmarks& a, const Landmarks& b)
{
    return distanceOf(a, b) < SAME_FACE;
}

//! Whether the face is rolled otherwise. Seen upside down, its centre is another, too.
bool liesOtherwise(const Landmarks& a, const Landmarks& b)
{
    return std::abs(std::arg(cropToImage(a).a / cropToImage(b).a)) > MOST_TURN;
}

//! Median along both axes.
Point2c usualMove(const std::deque<Point2c>& moves)
{
    if (moves.empty())
        return 0.;
    std::vector<double> x, y;
    for (const Point2c& move : moves)
    {
        x.push_back(move.real());
        y.push_back(move.imag());
    }
    const size_t middle = moves.size() / 2;
    std::nth_element(x.begin(), x.begin() + middle, x.end());
    std::nth_element(y.begin(), y.begin() + middle, y.end());
    return Point2c(x[middle], y[middle]);
}

bool gone(const Landmarks& landmarks, const Size& frame)
{
    const Rect2d box = HeadShape(landmarks, HELD_GROWTH).box();
    return (box & Rect2d(0, 0, frame.width, frame.height)).empty();
}

//! The landmarks of a detection; where they are no face's, those that a face in its box would have.
Landmarks landmarksOf(const Mat& face)
{
    Landmarks landmarks;
    bool finite = true;
    for (int k = 0; k < LANDMARKS; ++k)
    {
        const Point2f point(face.at<float>(FIRST_LANDMARK + 2 * k), face.at<float>(FIRST_LANDMARK + 2 * k + 1));
        finite = finite && std::isfinite(point.x) && std::isfinite(point.y);
        landmarks.push_back(Point2c(point.x, point.y));
    }
    double spread = 0;
    for (const Point2c& z : landmarks)
        spread = std::max(spread, std::abs(z - landmarks[0]));
    if (finite && spread > LEAST_EYES && eyeDistance(landmarks) > LEAST_EYES)
        return landmarks;

    const double share = 224. / 188; // of the canonical crop's side in the width of its head
    const double side = share * std::max(face.at<float>(2), 1.f);
    Mat_<float> canonical;
    getCanonicalLandmarks(canonical, Size(cvCeil(side), cvCeil(side)));
    const Point2c corner(face.at<float>(0) + face.at<float>(2) / 2 - side / 2, face.at<float>(1) + face.at<float>(3) / 2 - side / 2);
    for (int k = 0; k < LANDMARKS; ++k)
        landmarks[k] = corner + Point2c(canonical(k, 0), canonical(k, 1));
    return landmarks;
}

//! Heads of a frame that are seen there, of all tracks but one.
std::vector<HeadShape> seenHeads(const TrackedFrame& frame, int except)
{
    std::vector<HeadShape> heads;
    for (const Observation& observation : frame.observations)
        if (observation.track != except && observation.state != FACE_HELD)
            heads.push_back(HeadShape(observation.landmarks));
    return heads;
}

//! Whether a head is inside the frame and away from all others, with their hair and shoulders.
bool showsWhole(const Landmarks& landmarks, int track, const std::vector<Observation>& observations, const Size& frame)
{
    const Rect2d box = HeadShape(landmarks).box();
    const double least = LEAST_WHOLE * box.area();
    return (box & Rect2d(0, 0, frame.width, frame.height)).area() >= least
           && std::all_of(observations.begin(), observations.end(), [&](const Observation& other)
                  { return other.track == track || (box & HeadShape(other.landmarks, UNSETTLED_GROWTH).box()).area() <= box.area() - least; });
}

double growthWhileHeld(int frames)
{
    return HELD_GROWTH + GROWTH_WHILE_HELD * frames;
}

const char UNTRACKED[] = "The frame could not be tracked";

//! Quarter turns, clockwise, that bring a face upright.
int turnsToUpright(const Landmarks& landmarks)
{
    return (4 - cvRound(std::arg(cropToImage(landmarks).a) / (CV_PI / 2))) % 4;
}

} // namespace

bool ExemptPerson::recognised(const Mat& image, const Mat& face) const
{
    Mat crop, seen;
    matcher->crop(image, face, crop);
    matcher->forward(std::vector<Mat>(1, crop), seen);
    return matcher->match(descriptor, seen) >= leastScore; // false where it is NaN
}

FaceTracker::FaceTracker(const Ptr<FaceDetector>& detector, const StreamParams& params)
    : detector_(detector), params_(params), frames_(0), sinceDetection_(0), turn_(0), nextId_(0), detectNext_(true)
{
}

void FaceTracker::next(const Mat& image, std::deque<TrackedFrame>& released)
{
    TrackedFrame newest;
    image.copyTo(newest.image);
    newest.thumbnail = thumbnailOf(image);
    newest.record.frame = frames_++;
    newest.record.error = UNTRACKED; // an exception must not let it pass as it is
    newest.released = false;
    newest.cut = !window_.empty() && differ(window_.back(), newest);
    if (newest.cut)
        closeScene();
    window_.push_back(newest);
    TrackedFrame& frame = window_.back();
    const TrackedFrame* const last = window_.size() > 1 ? &window_[window_.size() - 2] : 0;

    TickMeter timer;
    timer.start();
    if (last)
        follow(*last, frame);
    if (frame.cut)
        for (Track& track : tracks_) // its place stays covered, but who comes there is somebody else
        {
            track.id = nextId_++;
            track.recognitions = 0;
        }
    timer.stop();
    frame.record.track_ms = timer.getTimeMilli();

    ++sinceDetection_;
    if (detectionDue(frame))
        look(frame, !last || frame.cut);
    dropGone(image.size());
    see(frame);
    if (frame.record.error == UNTRACKED)
        frame.record.error.clear();
    release(params_.look_ahead, released);
}

//! The last frame of a scene is looked at, so that no face comes in unseen after the last look.
void FaceTracker::closeScene()
{
    if (!window_.empty() && !window_.back().released && sinceDetection_ > 0)
    {
        look(window_.back(), true);
        see(window_.back());
    }
}

void FaceTracker::finish(std::deque<TrackedFrame>& released)
{
    closeScene();
    release(0, released);
    window_.clear();
    tracks_.clear();
    detectNext_ = true;
}

//! Lets the detector look at the newest frame.
void FaceTracker::look(TrackedFrame& frame, bool newScene)
{
    TickMeter timer;
    timer.start();
    try
    {
        match(detect(frame.image, newScene), frame.image);
        frame.record.detected = true;
        sinceDetection_ = 0;
        detectNext_ = false;
    }
    catch (const std::exception& e)
    {
        const cv::Exception* const fromOpenCV = dynamic_cast<const cv::Exception*>(&e);
        frame.record.error = fromOpenCV ? reasonOf(*fromOpenCV) : String(e.what());
        detectNext_ = true;
    }
    timer.stop();
    frame.record.detect_ms += timer.getTimeMilli();
}

//! Puts down where the faces of the newest frame are, and follows new ones back.
void FaceTracker::see(TrackedFrame& frame)
{
    frame.observations.clear();
    for (const Track& track : tracks_)
    {
        const Observation observation = { track.id, track.state, sure(track) && track.unseen <= std::max(params_.hold, params_.detect_interval),
                                    track.recognitions >= RECOGNITIONS && !crowded(track),
                                    track.score, 1, track.landmarks };
        frame.observations.push_back(observation);
    }
    for (size_t i = 0; i < tracks_.size(); ++i)
    {
        Track& track = tracks_[i];
        track.settled = track.settled && showsWhole(track.landmarks, track.id, frame.observations, frame.image.size());
        frame.observations[i].growth = track.state == FACE_HELD ? growthWhileHeld(track.lost) : track.settled ? 1 : UNSETTLED_GROWTH;
    }
    for (Track& track : tracks_)
    {
        if (track.fresh)
            backtrack(track);
        track.fresh = false;
    }
}

//! All but the newest `kept` frames go. The newest one itself stays here too: the next one is compared with it.
void FaceTracker::release(int kept, std::deque<TrackedFrame>& released)
{
    for (size_t i = 0; i + size_t(kept) < window_.size(); ++i)
        if (!window_[i].released)
        {
            released.push_back(window_[i]);
            window_[i].released = true;
        }
    while (window_.size() > 1 && window_.front().released)
        window_.pop_front();
}

void FaceTracker::follow(const TrackedFrame& last, const TrackedFrame& frame)
{
    const bool comparable = last.image.size() == frame.image.size() && last.image.type() == frame.image.type();
    if (!comparable)
        tracks_.clear(); // places in another image mean nothing in this one
    const std::vector<Track> before = tracks_;
    parallel_for_(Range(0, (int)tracks_.size()), [&](const Range& range)
    {
        for (int i = range.start; i < range.end; ++i)
        {
            Track& track = tracks_[i];
            Landmarks landmarks = track.landmarks;
            ++track.unseen;
            if (track.state != FACE_HELD
                && followFace(last.image, frame.image, landmarks, track.velocity, seenHeads(last, track.id))
                && !carriedAway(before[i], centreOf(landmarks) - centreOf(track.landmarks), before))
            {
                const Point2c move = centreOf(landmarks) - centreOf(track.landmarks);
                track.landmarks = landmarks;
                track.state = FACE_TRACKED;
                track.velocity += VELOCITY_RENEWED * (move - track.velocity);
                track.moves.push_back(move);
                if (track.moves.size() > MOVES)
                    track.moves.pop_front();
                track.lost = 0;
                continue;
            }
            track.state = FACE_HELD;
            if (track.lost++ == 0)
                track.velocity = usualMove(track.moves);
            for (Point2c& z : track.landmarks)
                z += track.velocity;
            track.velocity *= VELOCITY_KEPT;
        }
    });
}

//! Whether a face seems to move as another one does that passes in front of it, and not as it did before.
bool FaceTracker::carriedAway(const Track& track, const Point2c& move, const std::vector<Track>& tracks)
{
    const double eyes = eyeDistance(track.landmarks);
    const Point2c usual = usualMove(track.moves);
    return std::any_of(tracks.begin(), tracks.end(), [&](const Track& other)
    {
        const Point2c others = usualMove(other.moves);
        return other.id != track.id && other.state != FACE_HELD && distanceOf(other.landmarks, track.landmarks) < CROWDED
               && std::abs(others - usual) > CLEARLY_OTHER * eyes && std::abs(move - others) < std::abs(move - usual);
    });
}

bool FaceTracker::detectionDue(const TrackedFrame& frame) const
{
    if (detectNext_ || frame.cut || sinceDetection_ >= params_.detect_interval)
        return true;
    return std::any_of(tracks_.begin(), tracks_.end(), [](const Track& track)
        { return !track.left && track.lost > 0 && track.lost % LOST_INTERVAL == 1; });
}

/** Upright, and turned as the known faces lie; half the size has to do every second time, unless a face
went missing or would have gone by before the next full look. In turn, a costlier look:
a thorough one upright, and one at each further turn, always at half the size. A new scene gets all of them at once. */
std::vector<FaceTracker::Detection> FaceTracker::detect(const Mat& image, bool newScene)
{
    const double side = std::max(image.cols, image.rows);
    const double scale = params_.detect_side > 0 ? std::min(1., params_.detect_side / side) : 1;
    const int extra = turn_++ % TURNS;
    const bool thorough = newScene || extra == 0;
    const bool coarse = !newScene && extra % 2 == 1 && params_.look_ahead >= 2 * params_.detect_interval
        && std::none_of(tracks_.begin(), tracks_.end(), [](const Track& track) { return !track.left && track.lost > 0; });

    std::vector<Detection> detections;
    for (int turn = 0; turn < TURNS; ++turn)
    {
        const bool known = turn == 0 || std::any_of(tracks_.begin(), tracks_.end(), [&](const Track& track)
            { return turnsToUpright(track.landmarks) == turn; });
        if (known || (params_.any_roll && newScene))
            detectTurned(image, turn, coarse ? scale / 2 : scale, turn > 0 || !thorough, detections);
        else if (params_.any_roll && turn == extra)
            detectTurned(image, turn, scale / 2, true, detections);
    }
    return detections;
}

void FaceTracker::detectTurned(const Mat& image, int quarterTurns, double scale, bool quick, std::vector<Detection>& detections)
{
    Mat view = image, faces;
    if (scale < 1)
        resize(image, view, Size(), scale, scale, INTER_AREA);
    detector_->detect(turnedClockwise(view, quarterTurns), faces, quick);
    for (int i = 0; i < faces.rows; ++i)
    {
        FaceRow face(faces, i);
        turnBack(face, quarterTurns, view.size());
        Detection detection = { face.toMat(), Landmarks(), face.score, quarterTurns };
        detection.face.colRange(0, SCORE) *= float(image.cols) / float(view.cols);
        detection.landmarks = landmarksOf(detection.face);

        // A face seen in two turns is the one that was seen more clearly.
        Detection* known = 0;
        for (Detection& other : detections)
            if (distanceOf(other.landmarks, detection.landmarks) < NEAR) // upside down its centre is another
                known = &other;
        if (!known)
            detections.push_back(detection);
        else if (clearer(detection, *known))
            *known = detection;
    }
}

//! Which of two views shows a face as it is. The detector is as sure of many an upright face that it sees upside down.
bool FaceTracker::clearer(const Detection& detection, const Detection& known) const
{
    double advantage = 0; // of the view that the track was found in
    for (const Track& track : tracks_)
        if (distanceOf(track.landmarks, known.landmarks) < NEAR)
            advantage = turnsToUpright(track.landmarks) == known.turn ? TURNED_CLEARER
                        : turnsToUpright(track.landmarks) == detection.turn ? -TURNED_CLEARER : 0;
    return detection.score > known.score + advantage;
}

void FaceTracker::match(const std::vector<Detection>& detections, const Mat& image)
{
    struct Pairing
    {
        double distance;
        size_t track, detection;
    };
    std::vector<Pairing> pairings;
    for (size_t t = 0; t < tracks_.size(); ++t)
        for (size_t d = 0; d < detections.size(); ++d)
        {
            const Track& track = tracks_[t];
            const double distance = distanceOf(track.landmarks, detections[d].landmarks);
            const double growth = std::abs(std::log(eyeDistance(detections[d].landmarks) / eyeDistance(track.landmarks)));
            const double reach = std::min(NEAR + DRIFT_WHILE_LOST * track.lost, FARTHEST);
            const bool contradicts = detections[d].score < TURNED_SCORE && liesOtherwise(detections[d].landmarks, track.landmarks);
            // A face that was followed up to here comes before one that went missing.
            const Pairing pairing = { distance + (track.lost > 0 ? FARTHEST : 0), t, d };
            if (distance <= reach && growth <= std::log(MOST_GROWTH) && !contradicts)
                pairings.push_back(pairing);
        }
    std::sort(pairings.begin(), pairings.end(), [](const Pairing& a, const Pairing& b) { return a.distance < b.distance; });

    std::vector<bool> matched(detections.size(), false);
    std::vector<bool> seen(tracks_.size(), false);
    std::vector<Track> left;
    for (const Pairing& pairing : pairings)
        if (!matched[pairing.detection] && !seen[pairing.track]
            && !(tracks_[pairing.track].lost > 0 && hidden(detections[pairing.detection])))
        {
            matched[pairing.detection] = seen[pairing.track] = true;
            Track& track = tracks_[pairing.track];
            if (!showSameFace(track.landmarks, detections[pairing.detection].landmarks))
            {
                left.push_back(track); // it may have been another face that was found
                left.back().left = true;
            }
            take(track, detections[pairing.detection], image);
        }

    // A track that ended up on another one's face has lost its own.
    for (size_t t = 0; t < seen.size(); ++t)
    {
        if (seen[t])
            continue;
        for (size_t other = 0; other < seen.size(); ++other)
            if (seen[other] && tracks_[t].state != FACE_HELD && showSameFace(tracks_[t].landmarks, tracks_[other].landmarks))
            {
                tracks_[t].state = FACE_HELD;
                ++tracks_[t].lost;
            }
        if (tracks_[t].recognitions > 0) // nobody confirms the exempt person
        {
            tracks_[t].recognitions = 0;
            revokeExemption(tracks_[t].id);
        }
    }

    for (size_t d = 0; d < detections.size(); ++d)
    {
        const bool known = matched[d] || std::any_of(tracks_.begin(), tracks_.end(), [&](const Track& track)
            {
                const double farthest = liesOtherwise(detections[d].landmarks, track.landmarks) ? NEAR : SAME_FACE;
                return track.state != FACE_HELD && distanceOf(track.landmarks, detections[d].landmarks) < farthest;
            });
        if (known || hidden(detections[d]))
            continue;
        if (turnsToUpright(detections[d].landmarks) != 0 && !credible(detections[d]))
            continue;
        Track track = { nextId_++, detections[d].landmarks, Point2c(), std::deque<Point2c>(), FACE_FOUND, 0, 0, 0.f, 0, true, true, false };
        take(track, detections[d], image);
        track.fresh = true;
        tracks_.push_back(track);
    }

    for (Track& track : left)
    {
        track.id = nextId_++;
        track.state = FACE_HELD;
        track.velocity = track.lost > 0 ? track.velocity : usualMove(track.moves);
        track.lost = std::max(track.lost, 1);
        track.recognitions = 0;
        tracks_.push_back(track);
    }
}

//! Three more views show more faces where there are none, often in an upright face.
bool FaceTracker::credible(const Detection& turned) const
{
    return turned.score >= std::max(params_.sure_score, TURNED_SCORE)
           && std::none_of(tracks_.begin(), tracks_.end(), [&](const Track& track)
                  { return track.state != FACE_HELD && distanceOf(track.landmarks, turned.landmarks) < TURNED_DISTANCE; });
}

/** Where another face has just been found, as large and less than half a head away, this one would hardly be seen:
the detector takes hair or two halves for a face. */
bool FaceTracker::hidden(const Detection& detection) const
{
    return std::any_of(tracks_.begin(), tracks_.end(), [&](const Track& track)
    {
        const double growth = std::abs(std::log(eyeDistance(detection.landmarks) / eyeDistance(track.landmarks)));
        return track.state == FACE_FOUND && growth <= std::log(MOST_GROWTH)
               && HeadShape(track.landmarks).contains(centreOf(detection.landmarks));
    });
}

void FaceTracker::take(Track& track, const Detection& detection, const Mat& image)
{
    track.fresh = track.lost > 0;
    double error = 0;
    for (int k = 0; k < LANDMARKS; ++k)
        error += std::abs(detection.landmarks[k] - track.landmarks[k]) / LANDMARKS;
    const double gain = track.lost > 0 || error > JUMP * eyeDistance(track.landmarks) ? 1 : CORRECTION;
    if (track.lost > int(MOVES))
        track.moves.clear();
    if (track.lost > 0)
        track.velocity = usualMove(track.moves);
    for (int k = 0; k < LANDMARKS; ++k)
        track.landmarks[k] += gain * (detection.landmarks[k] - track.landmarks[k]);
    track.state = FACE_FOUND;
    track.unseen = track.lost = 0;
    track.settled = true;
    track.left = false;
    track.score = std::max(track.score, detection.score);
    recognise(track, image, detection.face);
}

void FaceTracker::recognise(Track& track, const Mat& image, const Mat& face)
{
    if (!exempt_.matcher)
        return;
    bool recognised = false;
    try
    {
        recognised = exempt_.recognised(image, face);
    }
    catch (const cv::Exception& e)
    {
        CV_LOG_WARNING(NULL, "sanprivacy: the matcher failed, the face is protected: " << reasonOf(e));
    }
    if (!recognised && track.recognitions > 0)
        revokeExemption(track.id);
    track.recognitions = recognised ? track.recognitions + 1 : 0;
}

//! The person may have been another since the last look.
void FaceTracker::revokeExemption(int track)
{
    for (size_t i = window_.size(); i-- > 0; )
    {
        for (Observation& observation : window_[i].observations)
            if (observation.track == track)
                observation.exempt = false;
        if (window_[i].record.detected)
            break;
    }
}

bool FaceTracker::crowded(const Track& track) const
{
    return std::any_of(tracks_.begin(), tracks_.end(), [&](const Track& other)
        { return other.id != track.id && distanceOf(other.landmarks, track.landmarks) < CROWDED; });
}

void FaceTracker::dropGone(const Size& frame)
{
    tracks_.erase(std::remove_if(tracks_.begin(), tracks_.end(), [&](const Track& track)
    {
        // Followed but long unconfirmed, it is held; an unsure one was a mistake of the detector.
        const int patience = sure(track) ? params_.hold : params_.detect_interval;
        const int followed = sure(track) ? std::max(MOST_HOLDS_UNSEEN * params_.hold, 2 * params_.detect_interval) : 2 * params_.detect_interval;
        return gone(track.landmarks, frame) || track.lost > patience || track.unseen > followed;
    }), tracks_.end());
}

/** Follows a face that was just found to where it came from, or to where its track was lost.
Beyond the end it stays covered for as long as the detector may have overlooked it. */
void FaceTracker::backtrack(const Track& track)
{
    Landmarks landmarks = track.landmarks;
    Point2c velocity = -track.velocity;
    bool lost = false;
    int held = 0;
    for (size_t i = window_.size() - 1; i-- > 0 && !window_[i + 1].cut && !window_[i].released && held < params_.detect_interval; )
    {
        TrackedFrame& frame = window_[i];
        const Point2c before = centreOf(landmarks);
        lost = lost || !followFace(window_[i + 1].image, frame.image, landmarks, velocity, seenHeads(window_[i + 1], track.id));
        if (lost)
            ++held;
        else
            velocity = centreOf(landmarks) - before;
        if (gone(landmarks, frame.image.size()))
            return;

        Observation* own = 0;
        for (Observation& observation : frame.observations)
        {
            const bool seen = observation.state != FACE_HELD;
            if (seen && distanceOf(observation.landmarks, landmarks) < (observation.track == track.id ? NEAR : SAME_FACE))
                return; // protected from here on
            if (observation.track == track.id)
                own = &observation;
        }
        const bool settled = track.settled && showsWhole(landmarks, track.id, frame.observations, frame.image.size());
        const Observation found = { track.id, lost ? FACE_HELD : FACE_BACKTRACKED, sure(track), false, track.score,
                                 lost ? growthWhileHeld(held) : settled ? 1 : UNSETTLED_GROWTH, landmarks };
        if (own && lost && showSameFace(own->landmarks, landmarks))
            return; // it is held there already
        if (own && showSameFace(own->landmarks, landmarks))
            *own = found;
        else // where it was held stays covered
            frame.observations.push_back(found);
    }
}

}} // namespace cv::sanprivacy
