// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#include "precomp.hpp"
#include "temporal_smoothing.hpp"
#include "track.hpp" // TIME_TOLERANCE

#include <algorithm>

namespace cv { namespace sanprivacy {

namespace {

const double SLACK = .004;      // of landmarks, inter-ocular distances
const double STILL = .02;       // mean absolute difference of two crops of one face, of 1
const double LEAST_WEIGHT = .3; // share of the new perturbation on a still face; the rest is the last one

} // namespace

const Landmarks& SteadyLandmarks::update(const Landmarks& landmarks)
{
    if (landmarks_.empty())
        landmarks_ = landmarks;
    double distance = 0;
    for (size_t k = 0; k < landmarks.size(); ++k)
        distance += std::norm(landmarks[k] - landmarks_[k]) / landmarks.size();
    distance = std::sqrt(distance);
    const double slack = SLACK * eyeDistance(landmarks);
    if (distance > slack)
        for (size_t k = 0; k < landmarks.size(); ++k)
            landmarks_[k] += (1 - slack / distance) * (landmarks[k] - landmarks_[k]);
    return landmarks_;
}

bool SteadyPerturbation::isDue(const Mat& face, int label, double time, double refresh_interval)
{
    if (!change_.empty() && label == label_ && time - time_ < refresh_interval - TIME_TOLERANCE
        && difference(face) <= STILL)
        return false;
    time_ = time;
    label_ = label;
    return true;
}

void SteadyPerturbation::update(const Mat& face, const Mat& perturbed)
{
    if (perturbed.empty())
    {
        change_.release(); // an earlier one would be that of another face
        return;
    }
    const Mat change = perturbed - face;
    if (change_.empty())
        change.copyTo(change_);
    else
    {
        const double weight = std::min(std::max(difference(face) / STILL, LEAST_WEIGHT), 1.);
        addWeighted(change, weight, change_, 1 - weight, 0, change_);
    }
    face_ = face;
}

Mat SteadyPerturbation::apply(const Mat& face) const
{
    return change_.empty() ? Mat() : Mat(face + change_);
}

//! Mean absolute difference from the last crop that passed the network.
double SteadyPerturbation::difference(const Mat& face) const
{
    return norm(face, face_, NORM_L1) / face.total();
}

}} // namespace cv::sanprivacy
