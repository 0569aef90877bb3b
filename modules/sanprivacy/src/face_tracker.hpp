// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#ifndef OPENCV_SANPRIVACY_FACE_TRACKER_HPP
#define OPENCV_SANPRIVACY_FACE_TRACKER_HPP

#include "face_flow.hpp"

#include "opencv2/sanprivacy/stream_anonymizer.hpp"

#include <deque>

namespace cv { namespace sanprivacy {

//! Where a track is in a frame.
struct Observation
{
    int track;
    int state;            //!< FaceState
    bool sure;            //!< a clear face, seen not long ago
    bool exempt;
    float score;
    double growth;        //!< of the head that is covered, where its place is not certain; else 1
    Landmarks landmarks;
};

//! A frame with what is known of its faces.
struct TrackedFrame
{
    Mat image;
    Mat thumbnail;       //!< to tell a new scene
    bool cut;            //!< a new scene begins here
    bool released;       //!< nothing can be changed any more
    std::vector<Observation> observations;
    StreamRecord record; //!< number, detection and error
};

//! The person who is left as they are.
struct ExemptPerson
{
    Ptr<FaceNetwork> matcher;
    Mat descriptor;
    double leastScore;

    bool recognised(const Mat& image, const Mat& face) const;
};

/** @brief Finds faces, follows them, and keeps the last frames back to follow new ones to where they came from. */
class FaceTracker
{
public:
    FaceTracker(const Ptr<FaceDetector>& detector, const StreamParams& params);

    void setExemptPerson(const ExemptPerson& person) { exempt_ = person; }
    void requestDetection() { detectNext_ = true; }

    //! Takes the next frame. @param released receives the frames that nothing will change any more.
    void next(const Mat& image, std::deque<TrackedFrame>& released);

    //! Releases the frames kept back.
    void finish(std::deque<TrackedFrame>& released);

private:
    struct Track
    {
        int id;
        Landmarks landmarks;
        Point2c velocity;   // pixels per frame
        std::deque<Point2c> moves; // ... of the last frames it was followed in
        int state;
        int unseen;         // frames since the detector last found it
        int lost;           // frames since it was last followed
        float score;
        int recognitions;   // of the exempt person, in a row
        bool fresh;         // new, or found again, in this frame
        bool settled;       // found where it was to be seen whole, and nothing came near since
        bool left;          // only a place that a face may still be at
    };

    struct Detection
    {
        Mat face; // row of the detector
        Landmarks landmarks;
        float score;
        int turn; // of the view it was seen in, quarters
    };

    bool sure(const Track& track) const { return track.score >= params_.sure_score; }
    void release(int kept, std::deque<TrackedFrame>& released);
    void follow(const TrackedFrame& last, const TrackedFrame& frame);
    static bool carriedAway(const Track& track, const Point2c& move, const std::vector<Track>& tracks);
    bool detectionDue(const TrackedFrame& frame) const;
    void closeScene();
    void look(TrackedFrame& frame, bool newScene);
    void see(TrackedFrame& frame);
    std::vector<Detection> detect(const Mat& image, bool newScene);
    void detectTurned(const Mat& image, int quarterTurns, double scale, bool quick, std::vector<Detection>& detections);
    bool clearer(const Detection& detection, const Detection& known) const;
    void match(const std::vector<Detection>& detections, const Mat& image);
    bool credible(const Detection& turned) const;
    bool hidden(const Detection& detection) const;
    void take(Track& track, const Detection& detection, const Mat& image);
    void recognise(Track& track, const Mat& image, const Mat& face);
    void revokeExemption(int track);
    bool crowded(const Track& track) const;
    void dropGone(const Size& frame);
    void backtrack(const Track& track);

    Ptr<FaceDetector> detector_;
    const StreamParams params_;
    ExemptPerson exempt_;
    std::deque<TrackedFrame> window_; // newest last
    std::vector<Track> tracks_;
    int64 frames_;
    int sinceDetection_, turn_, nextId_;
    bool detectNext_;
};

}} // namespace cv::sanprivacy

#endif // OPENCV_SANPRIVACY_FACE_TRACKER_HPP
