// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#ifndef OPENCV_SANPRIVACY_FACE_REPLACER_HPP
#define OPENCV_SANPRIVACY_FACE_REPLACER_HPP

#include "aligned_face.hpp"
#include "face_tracker.hpp"

#include "opencv2/sanprivacy/perturber.hpp"

#include <map>
#include <random>

namespace cv { namespace sanprivacy {

//! What the protection of a track's next face depends on.
struct TrackHistory
{
    Landmarks landmarks;       // as last used
    Mat face, change;          // last crop that passed the network, and what that changed, CV_32F
    double renewed;            // its time
    int shown;                 // the label that the network was given
    std::vector<double> votes; // sum of the probabilities of label 1, for each attribute
    int voters, label;

    TrackHistory() : renewed(0), shown(LABEL_PREDICT), voters(0), label(LABEL_PREDICT) {}
};

/** @brief Replaces the faces of frames that come in order. */
class FaceReplacer
{
public:
    FaceReplacer(const Ptr<Perturber>& perturber, const StreamParams& params) : perturber_(perturber), params_(params)
    {
    }

    //! @return the protected frame, black where it is withheld; fills in the record.
    Mat protect(const TrackedFrame& frame, StreamRecord& record);

private:
    struct Heads
    {
        std::vector<size_t> aligned;      // faces for the network, by their number in the record
        std::vector<Mat> crops;           // ... cut out, gray
        std::vector<AlignedFace> faces;   // ... the same as the frame shows them, 0..1
        std::vector<HeadShape> perturbed; // ... where they are
        std::vector<HeadShape> covered;   // faces that are covered
        std::vector<int> covers;          // ... with which FaceReplacement
    };

    Mat replaceFaces(const TrackedFrame& frame, StreamRecord& record);
    void collect(const TrackedFrame& frame, StreamRecord& record, Heads& heads);
    void cover(StreamFace& face, const HeadShape& head, bool leave, StreamRecord& record, Heads& heads) const;
    StreamFace describe(const Observation& observation);
    std::vector<Mat> perturb(const TrackedFrame& frame, const Heads& heads, StreamRecord& record);
    std::vector<Mat> perturbEach(const std::vector<Mat>& faces, const std::vector<int>& labels);
    bool random() const { return params_.prototype == PROTOTYPE_RANDOM; }
    bool vote(TrackHistory& track, const Mat& image, const std::vector<Point2f>& landmarks);
    bool labelOf(TrackHistory& track, const Mat& image, const std::vector<Point2f>& landmarks, int& label);
    void forgetOthers(const TrackedFrame& frame);

    const Ptr<Perturber> perturber_;
    const StreamParams params_;
    std::map<int, TrackHistory> tracks_;
    std::random_device secure_; // the system's generator
};

}} // namespace cv::sanprivacy

#endif // OPENCV_SANPRIVACY_FACE_REPLACER_HPP
