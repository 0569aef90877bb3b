// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#ifndef OPENCV_SANPRIVACY_TEMPORAL_SMOOTHING_HPP
#define OPENCV_SANPRIVACY_TEMPORAL_SMOOTHING_HPP

#include "face_geometry.hpp"

#include "opencv2/sanprivacy/perturber.hpp"

namespace cv { namespace sanprivacy {

// Against flicker: what is too small to be motion of the face is not passed on.

/** @brief Landmarks with hysteresis: they stay while the face moves by less than the slack, and lag by no more than it.
*/
class SteadyLandmarks
{
public:
    const Landmarks& update(const Landmarks& landmarks);

private:
    Landmarks landmarks_;
};

/** @brief What the network changes in a face, kept from frame to frame: where the face has not changed, its last
perturbation stays. */
class SteadyPerturbation
{
public:
    SteadyPerturbation() : time_(0), label_(LABEL_PREDICT) {}

    /** @brief Whether the network has to perturb the face of this frame; if so, update() follows.
    @param face canonical crop, CV_32FC1, 0..1.
    @param label that the network is to be given.
    @param time of the frame, seconds.
    @param refresh_interval seconds from which on even a still face is perturbed anew. */
    bool isDue(const Mat& face, int label, double time, double refresh_interval);

    //! Blends a new perturbation in. @param perturbed output of the network; empty: it has none.
    void update(const Mat& face, const Mat& perturbed);

    Mat apply(const Mat& face) const; //!< the perturbed face; empty where there is no perturbation

private:
    double difference(const Mat& face) const;

    Mat face_, change_; // last crop that passed the network, and what that changed
    double time_;       // of that frame
    int label_;         // that the network was given
};

}} // namespace cv::sanprivacy

#endif // OPENCV_SANPRIVACY_TEMPORAL_SMOOTHING_HPP
