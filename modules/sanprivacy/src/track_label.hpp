// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#ifndef OPENCV_SANPRIVACY_TRACK_LABEL_HPP
#define OPENCV_SANPRIVACY_TRACK_LABEL_HPP

#include "opencv2/sanprivacy/perturber.hpp"

#include <random>

namespace cv { namespace sanprivacy {

/** @brief The label of the person of a track: it stays the same along the track. */
class TrackLabel
{
public:
    TrackLabel() : voters_(0), label_(LABEL_PREDICT) {}

    int get() const { return label_; } //!< LABEL_PREDICT: not known yet

    /** @brief Lets the classifiers of the attributes vote, in the first observations of the track only.
    @param landmarks five, of the face in the image.
    @return false where a classifier gives no probability. */
    bool vote(Perturber& perturber, const Mat& image, const std::vector<Point2f>& landmarks);

    //! Draws it once, whatever the face looks like.
    void draw(size_t attributes, std::random_device& generator);

private:
    std::vector<double> votes_; // sum of the probabilities of label 1, for each attribute
    int voters_, label_;
};

}} // namespace cv::sanprivacy

#endif // OPENCV_SANPRIVACY_TRACK_LABEL_HPP
