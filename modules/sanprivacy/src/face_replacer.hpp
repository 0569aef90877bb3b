// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#ifndef OPENCV_SANPRIVACY_FACE_REPLACER_HPP
#define OPENCV_SANPRIVACY_FACE_REPLACER_HPP

#include "aligned_face.hpp"
#include "temporal_smoothing.hpp"
#include "track_label.hpp"
#include "tracked_frame.hpp"

#include "opencv2/sanprivacy/perturber.hpp"

#include <map>
#include <random>

namespace cv { namespace sanprivacy {

//! What the protection of a track's next face depends on.
struct TrackHistory
{
    SteadyLandmarks landmarks;
    SteadyPerturbation perturbation;
    TrackLabel label;
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
    //! A face that the network changes.
    struct NetworkFace
    {
        size_t number;       //!< in the record
        AlignedFace aligned; //!< cut out as the frame shows it, 0..1
        Mat gray;            //!< ... in gray, for the network
        HeadShape head;
        Mat perturbed; //!< empty where a network gives no numbers
    };

    struct CoveredHead
    {
        HeadShape shape;
        int cover; //!< FaceReplacement
    };

    //! What is to be done with the faces of a frame.
    struct Plan
    {
        std::vector<NetworkFace> faces;
        std::vector<CoveredHead> covered;
    };

    Mat replaceFaces(const TrackedFrame& frame, StreamRecord& record);
    Plan planFor(const TrackedFrame& frame, StreamRecord& record);
    void cover(StreamFace& face, const HeadShape& head, bool leave, StreamRecord& record, Plan& plan) const;
    StreamFace describe(const Observation& observation);
    void perturb(const TrackedFrame& frame, Plan& plan, StreamRecord& record);
    std::vector<Mat> perturbEach(const std::vector<Mat>& faces, const std::vector<int>& labels);
    void coverFailures(const TrackedFrame& frame, Plan& plan, StreamRecord& record) const;
    Mat render(const Mat& image, const Plan& plan, const StreamRecord& record) const;
    bool random() const { return params_.prototype == PROTOTYPE_RANDOM; }
    bool labelOf(TrackLabel& track, const Mat& image, const std::vector<Point2f>& landmarks, int& label);
    void forgetOthers(const TrackedFrame& frame);

    const Ptr<Perturber> perturber_;
    const StreamParams params_;
    std::map<int, TrackHistory> tracks_;
    std::random_device secure_; // the system's generator
};

}} // namespace cv::sanprivacy

#endif // OPENCV_SANPRIVACY_FACE_REPLACER_HPP
