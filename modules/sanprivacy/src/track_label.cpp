// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#include "precomp.hpp"
#include "track_label.hpp"

namespace cv { namespace sanprivacy {

namespace {

const int VOTES = 9;           // of the attribute classifiers on a track's label
const double VOTE_MARGIN = .1; // around 1/2, to change a label once it is given

} // namespace

bool TrackLabel::vote(Perturber& perturber, const Mat& image, const std::vector<Point2f>& landmarks)
{
    if (voters_ >= VOTES)
        return true;
    std::vector<double> votes(perturber.getAttributes().size(), 0.);
    try
    {
        for (size_t k = 0; k < votes.size(); ++k)
            votes[k] = perturber.predictFace(image, Mat(landmarks).reshape(1), int(k));
    }
    catch (const cv::Exception& e)
    {
        if (e.code != Error::StsOutOfRange)
            throw;
        return false;
    }
    const bool first = label_ == LABEL_PREDICT;
    votes_.resize(votes.size(), 0.);
    ++voters_;
    int label = 0;
    for (size_t k = 0; k < votes.size(); ++k)
    {
        votes_[k] += votes[k];
        const double probability = votes_[k] / voters_;
        const bool clear = first || std::abs(probability - .5) > VOTE_MARGIN;
        label |= (clear ? int(probability >= .5) : label_ >> k & 1) << k;
    }
    label_ = label;
    return true;
}

void TrackLabel::draw(size_t attributes, std::random_device& generator)
{
    if (label_ == LABEL_PREDICT)
        label_ = int(generator() & ((1u << attributes) - 1));
}

}} // namespace cv::sanprivacy
