// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#ifndef SANPRIVACY_TRAIN_NETWORKS_GENDER_CLASSIFIER_HPP
#define SANPRIVACY_TRAIN_NETWORKS_GENDER_CLASSIFIER_HPP

#include <array>
#include <vector>

#include "data/draws.hpp"
#include "networks/layers.hpp"

namespace sanprivacy { namespace train {

const char* const CLASSIFIER_KIND = "classifier"; //!< of a GenderClassifier's checkpoint

/** Auxiliary attribute classifier f of the paper: six convolutions, each with leaky ReLU and 2x2 max pooling, to
4x4x256, then two fully connected layers with dropout 0.5 before each in training mode. */
struct GenderClassifier : torch::nn::Module
{
    GenderClassifier();

    /** @param x [N,1,224,224] gray faces, 0..1
    @param draws of N faces, for the dropout: needed in training mode
    @return [N,1] logit of label 1 */
    torch::Tensor forward(const torch::Tensor& x, Draws* draws = nullptr);

    static constexpr std::array<int64_t, 6> CHANNELS = { 8, 16, 32, 64, 128, 256 };
    static constexpr int64_t FEATURE_SIDE = 4; //!< of the last map
    static constexpr int64_t HIDDEN = 48;      //!< outputs of the first fully connected layer
    static constexpr double DROPOUT = 0.5;

    std::vector<torch::nn::Conv2d> convolutions;
    torch::nn::Linear hidden { nullptr }, output { nullptr };
};

}} // namespace sanprivacy::train

#endif // SANPRIVACY_TRAIN_NETWORKS_GENDER_CLASSIFIER_HPP
