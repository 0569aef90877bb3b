// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#ifndef SANPRIVACY_TRAIN_NETWORKS_LANDMARK_NETWORK_HPP
#define SANPRIVACY_TRAIN_NETWORKS_LANDMARK_NETWORK_HPP

#include <array>
#include <vector>

#include "data/landmark_squares.hpp"
#include "networks/layers.hpp"

namespace sanprivacy { namespace train {

const char* const LANDMARKS_KIND = "landmarks"; //!< of a LandmarkNetwork's checkpoint

/** Places five landmarks in a square cut around a proposed face, and tells whether there is one.

Seven convolutions, each with batch normalization and leaky ReLU, to 12x12x64. A landmark is the center of gravity of a
heat map over them (soft-argmax); two fully connected layers on the 3x3 means of the maps tell a face.

In training mode a batch is normalized by its own statistics. Those of evaluation mode come from gatherStatistics(), so
that threads may share the network in training and its results depend on no order. */
struct LandmarkNetwork : torch::nn::Module
{
    LandmarkNetwork();

    /** @param x [N,1,96,96] gray squares, 0..1
    @return [N,11]: right eye, left eye, nose tip, right and left mouth corner (image left first) as (x,y) in 0..1 of
    the square, then the logit of being a face */
    torch::Tensor forward(const torch::Tensor& x);

    //! Mean statistics of the normalizations over some batches of training squares, [N,1,96,96] each.
    void gatherStatistics(const std::vector<torch::Tensor>& batches);

    static constexpr int64_t INPUT_SIZE = SQUARE_SIZE;
    static constexpr int64_t POINTS = 5;
    static constexpr int64_t OUTPUTS = 2 * POINTS + 1;
    static constexpr int64_t HIDDEN = 32;
    static constexpr int64_t POOLING = 4; //!< side of the areas whose means tell a face
    //! Channels and stride of each 3x3 convolution.
    static constexpr std::array<std::array<int64_t, 2>, 7> LAYERS = { { { 16, 2 }, { 32, 2 }, { 32, 1 }, { 64, 2 },
        { 64, 1 }, { 64, 1 }, { 64, 1 } } };

    std::vector<torch::nn::Conv2d> convolutions;
    std::vector<torch::nn::BatchNorm2d> normalizations;
    torch::nn::Conv2d heat { nullptr }; //!< 1x1, a map for each point
    torch::nn::Linear hidden { nullptr }, face { nullptr };
    torch::Tensor grid; //!< [144,2] centers of the maps' pixels in 0..1 of the square

private:
    double momentum_ = 0; // of the statistics kept for evaluation mode: training leaves them alone
};

}} // namespace sanprivacy::train

#endif // SANPRIVACY_TRAIN_NETWORKS_LANDMARK_NETWORK_HPP
