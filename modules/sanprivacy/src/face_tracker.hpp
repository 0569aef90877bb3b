// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#ifndef OPENCV_SANPRIVACY_FACE_TRACKER_HPP
#define OPENCV_SANPRIVACY_FACE_TRACKER_HPP

#include "exempt_person.hpp"
#include "frame_change.hpp"
#include "observation.hpp"
#include "frame_detector.hpp"
#include "track_matching.hpp"

#include "opencv2/sanprivacy/stream_anonymizer.hpp"

#include <deque>

namespace cv { namespace sanprivacy {

//! A frame with what is known of its faces.
struct TrackedFrame
{
    Mat image;
    Mat thumbnail;         //!< to tell a new scene
    Ptr<GrayPyramid> gray; //!< that faces are followed in, where it is needed
    double time;           //!< seconds
    bool cut;              //!< a new scene begins here
    bool released;         //!< nothing can be changed any more
    std::vector<Observation> observations;
    StreamRecord record; //!< number, detection and error
};

/** @brief Finds and tracks faces, and keeps the last frames back to track new faces to where they came from. */
class FaceTracker
{
public:
    //! @param detector may be empty where all frames come with their faces.
    FaceTracker(const Ptr<FaceDetector>& detector, const StreamParams& params);

    void addExemptPerson(const ExemptPerson& person) { exempt_.push_back(person); }
    void requestDetection() { detect_next_ = true; }
    void reportLostFrames() { lost_ = true; }
    const FrameDetector& detector() const { return detector_; }

    /** @brief Takes the next frame.
    @param time seconds; negative: as StreamParams::frame_rate says after the last one.
    @param given the faces of the frame; null: the frame is searched if a search is due.
    @param released receives the frames that nothing will change any more. */
    void next(
        const Mat& image, double time, const std::vector<FrameDetection>* given, std::deque<TrackedFrame>& released);

    //! Releases the frames kept back.
    void finish(std::deque<TrackedFrame>& released);

private:
    bool reliable(const Track& track) const { return track.score >= params_.min_score; }
    double timeOf(double given) const;
    void release(double kept, std::deque<TrackedFrame>& released);
    void follow(TrackedFrame& last, TrackedFrame& frame);
    void hold(Track& track, double seconds) const;
    static bool carriedAway(const Track& track, const Point2c& move, double seconds, const std::vector<Track>& tracks);
    bool faceIsMissing() const;
    bool detectionDue(const TrackedFrame& frame) const;
    void closeScene();
    void detect(TrackedFrame& frame, SearchScope scope, const std::vector<FrameDetection>* given = 0);
    void observe(TrackedFrame& frame);
    void recognise(
        const std::vector<TrackMatch>& matches, const std::vector<FrameDetection>& detections, const Mat& image);
    void revokeExemption(Track& track);
    bool crowded(const Track& track) const;
    void dropGone(const Size& frame);
    void backtrack(const Track& track);

    FrameDetector detector_;
    const StreamParams params_;
    std::vector<ExemptPerson> exempt_;
    FrameChange change_;
    std::vector<Rect2d> places_;      // that the next search must cover
    std::deque<TrackedFrame> window_; // newest last
    std::vector<Track> tracks_;
    int64 frames_;
    double time_, detected_; // of the newest frame and of the last search
    int next_id_;
    bool detect_next_;
    bool lost_;     // frames before the next one
    bool complete_; // the last search was
};

}} // namespace cv::sanprivacy

#endif // OPENCV_SANPRIVACY_FACE_TRACKER_HPP
