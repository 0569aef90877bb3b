// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#ifndef SANPRIVACY_TRAIN_NETWORKS_SMALL_CLASSIFIER_HPP
#define SANPRIVACY_TRAIN_NETWORKS_SMALL_CLASSIFIER_HPP

#include <vector>

#include "networks/layers.hpp"

namespace sanprivacy { namespace train {

//! What distinguishes one SmallClassifier from another.
struct SmallClassifierShape
{
    enum Halving
    {
        MAX_POOL,
        AVERAGE_POOL,
        STRIDE
    };

    int64_t side; //!< of its input, pixels
    double zoom;  //!< side of what it sees, as a share of the canonical crop; above 1 the crop's border repeats
    int64_t stem; //!< kernel of the first convolution
    std::vector<int64_t>
        channels; //!< of each stage; every stage ends with a convolution that changes their number, and halves the size
    int64_t depth; //!< convolutions of each stage after the first: those before the last are residual
    Halving halving;
    bool normalized; //!< group normalization after each convolution
    bool separable;  //!< every convolution but the first is one of each channel, then one across channels
    bool flattened;  //!< a fully connected layer sees the last map whole, not only its mean
};

/** An attribute classifier of some shape: one of an ensemble, since what deceives one network seldom deceives another.

Its input is the part of the canonical crop that it wants, see classifierCrop(). */
struct SmallClassifier : torch::nn::Module
{
    /** @param descriptorSize D of the descriptors, 0: none
    @param attributes A, the number of labels */
    explicit SmallClassifier(const SmallClassifierShape& shape, int64_t descriptorSize = 0, int64_t attributes = 1);

    struct Output
    {
        torch::Tensor logit;      //!< [N,A] of label 1 of each attribute
        torch::Tensor descriptor; //!< [N,D], or undefined: what the same features tell of a matcher's descriptors
        std::vector<torch::Tensor> stages; //!< features after each stage, [N,9C]: means over 3x3 parts of the crop
    };

    /** @param crop [N,3,side,side] RGB, 0..1
    @param frozen no gradient reaches the weights, only the faces */
    Output predict(const torch::Tensor& crop, bool frozen = false);

    //! The logit of predict().
    torch::Tensor forward(const torch::Tensor& crop, bool frozen = false) { return predict(crop, frozen).logit; }

    SmallClassifierShape shape;
    std::vector<torch::nn::Conv2d> convolutions;
    std::vector<torch::nn::Conv2d> depthwise;                     //!< before each convolution but the first, or none
    std::vector<torch::nn::GroupNorm> normalizations;             //!< one per convolution, or none
    torch::nn::Linear output { nullptr }, descriptor { nullptr }; //!< the latter may be empty
};

}} // namespace sanprivacy::train

#endif // SANPRIVACY_TRAIN_NETWORKS_SMALL_CLASSIFIER_HPP
