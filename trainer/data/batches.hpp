// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#ifndef SANPRIVACY_TRAIN_DATA_BATCHES_HPP
#define SANPRIVACY_TRAIN_DATA_BATCHES_HPP

#include <mutex>
#include <vector>

#include <torch/torch.h>

#include "data/faces.hpp"

namespace sanprivacy { namespace train {

//! Tensors whose first dimension counts the same faces.
using Batch = std::vector<torch::Tensor>;

Batch onDevice(const Batch& batch, const torch::Device& device);

//! An endless sequence of indices: every n of them are a new permutation of 0..n-1, set by the seed.
class Shuffle
{
public:
    Shuffle(size_t n, uint64_t seed) : n_(n), seed_(seed) {}
    size_t operator()(uint64_t position) const;

private:
    size_t n_;
    uint64_t seed_;
    mutable std::mutex mutex_;
    mutable uint64_t epoch_ = UINT64_MAX;
    mutable std::vector<size_t> order_;
};

//! How much a canonical crop is moved and lit differently each time it is seen; each value is the largest.
struct Jitter
{
    bool flip = true; //!< half the crops are mirrored
    double shift = 4; //!< pixels
    double scale = .03;
    double roll = 3;       //!< degrees
    double contrast = .15; //!< factor 1 +- contrast
    double brightness = .1;

    static Jitter none();
    //! @param face CV_32F, 0..1; the result stays in this range
    //! @param zoom of the face's CropTemplate
    cv::Mat operator()(const cv::Mat& face, cv::RNG& rng, double zoom = 1) const;
};

//! A crop as the networks take it: gray, CV_32F, 0..1.
cv::Mat grayFace(const cv::Mat& bgr);

//! The same in color: RGB, CV_32FC3, 0..1.
cv::Mat colorFace(const cv::Mat& bgr);

//! Stacks CV_32F images of one size to [N,C,H,W].
torch::Tensor stackImages(const std::vector<cv::Mat>& images);

/** Batches that depend on seed and step alone: { faces [N,1,224,224], or [N,3,224,224] in color, labels [N,1], or a
column for each attribute, persons [N,1], and, where the faces have them, surroundings (as faces) }. Photographs of one
person have the same number in `persons`; whoever has no identity counts as somebody else, and so does one in another
folder. */
class FaceBatches
{
public:
    //! @param pairs so many pairs of different photographs of one person come first in each batch; where there are
    //! none, or these are more than half of the batch, cv::Exception
    FaceBatches(
        const Faces& faces, int64_t batch, uint64_t seed, const Jitter& jitter, bool color = false, int64_t pairs = 0);
    Batch operator()(int64_t step) const;

private:
    size_t choose(int64_t step, int64_t k) const;

    const Faces& faces_;
    int64_t batch_, pairs_;
    uint64_t seed_;
    Jitter jitter_;
    bool color_;
    std::vector<int64_t> persons_;                 // of each face
    std::vector<std::vector<size_t>> photographs_; // of each person who has several
    Shuffle shuffle_, personShuffle_;
};

//! The faces begin..end-1 as they are, in order: { faces, labels }, and surroundings where the faces have them.
Batch plainBatch(const Faces& faces, size_t begin, size_t end, bool color = false);

}} // namespace sanprivacy::train

#endif // SANPRIVACY_TRAIN_DATA_BATCHES_HPP
