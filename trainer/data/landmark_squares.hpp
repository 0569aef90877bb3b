// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#ifndef SANPRIVACY_TRAIN_DATA_LANDMARK_SQUARES_HPP
#define SANPRIVACY_TRAIN_DATA_LANDMARK_SQUARES_HPP

#include "data/batches.hpp"

namespace sanprivacy { namespace train {

//! Crops with the surroundings that squares are cut from: the eyes are 45 of 224 pixels apart.
const CropTemplate SURROUNDINGS { 224, .5f };

constexpr int64_t SQUARE_SIZE = 96; //!< pixels of a square's side, as the landmark network takes it

/** @brief An upright or rolled square of an image, as the landmark network sees it.

Lengths are in inter-ocular distances (between the eyes' landmarks), positions relative to the mean of the five points.
*/
struct Square
{
    cv::Point2d center;
    double side = 2.8;
    double roll = 0; //!< degrees
};

/** @brief What the landmark network is taught: { squares [N,1,96,96], points [N,10], inter-ocular distance [N,1], is a
face [N,1] }.

Points and distance are in units of the square's side, meaningless where there is no face. */
class SquareBatches
{
public:
    SquareBatches(const Faces& faces, int64_t batch, uint64_t seed);
    Batch operator()(int64_t step) const;

private:
    const Faces& faces_;
    int64_t batch_;
    uint64_t seed_;
    Shuffle shuffle_;
};

//! Squares of the faces begin..end-1, one each, displaced at random by at most the given share of a proposal's
//! displacement.
Batch proposedSquares(const Faces& faces, size_t begin, size_t end, double displacement);

//! Squares that show no face, cut from the faces' surroundings; only the first tensor of the batch.
torch::Tensor faceless(const Faces& faces, size_t begin, size_t end);

}} // namespace sanprivacy::train

#endif // SANPRIVACY_TRAIN_DATA_LANDMARK_SQUARES_HPP
