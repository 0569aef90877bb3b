// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#ifndef OPENCV_SANPRIVACY_FACE_TRACKER_HPP
#define OPENCV_SANPRIVACY_FACE_TRACKER_HPP

#include "exempt_person.hpp"
#include "search_schedule.hpp"
#include "track_matching.hpp"
#include "tracked_frame.hpp"

#include "opencv2/sanprivacy/stream_anonymizer.hpp"

#include <deque>

namespace cv { namespace sanprivacy {

/** @brief Finds and tracks faces, and keeps the last frames back to track new faces to where they came from. */
class FaceTracker
{
public:
    //! @param detector may be empty where all frames come with their faces.
    FaceTracker(const Ptr<FaceDetector>& detector, const StreamParams& params);

    void addExemptPerson(const ExemptPerson& person) { exempt_.push_back(person); }
    void requestDetection() { schedule_.requestSearch(); }
    void reportLostFrames() { schedule_.reportLostFrames(); }
    const FrameDetector& detector() const { return detector_; }

    /** @brief Takes the next frame.
    @param time seconds; negative: one frame of StreamParams::frame_rate after the last.
    @param given the faces of the frame; null: the frame is searched if a search is due.
    @param released receives the frames that nothing will change any more. */
    void next(
        const Mat& image, double time, const std::vector<FrameDetection>* given, std::deque<TrackedFrame>& released);

    //! Releases the frames kept back.
    void finish(std::deque<TrackedFrame>& released);

private:
    bool reliable(const Track& track) const { return track.score >= params_.min_score; }
    double overlookedFor() const;
    double timeOf(double given) const;
    TrackedFrame& append(const Mat& image, double time);
    void release(double kept, std::deque<TrackedFrame>& released);
    void follow(TrackedFrame& last, TrackedFrame& frame);
    void renumber();
    std::vector<MovingHead> movingHeads(double seconds) const;
    void closeScene();
    void detect(TrackedFrame& frame, SearchScope scope, const std::vector<FrameDetection>* given = 0);
    std::vector<FrameDetection> search(const Mat& image, SearchScope scope);
    void observe(TrackedFrame& frame);
    void recognise(
        const std::vector<TrackMatch>& matches, const std::vector<FrameDetection>& detections, const Mat& image);
    void revokeExemption(Track& track);
    bool isOver(const Track& track) const;

    FrameDetector detector_;
    const StreamParams params_;
    std::vector<ExemptPerson> exempt_;
    SearchSchedule schedule_;
    std::deque<TrackedFrame> window_; // newest last
    std::vector<Track> tracks_;
    int64 frames_;
    double time_; // of the newest frame
    int next_id_;
};

}} // namespace cv::sanprivacy

#endif // OPENCV_SANPRIVACY_FACE_TRACKER_HPP
