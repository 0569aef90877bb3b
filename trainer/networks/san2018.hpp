// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#ifndef SANPRIVACY_TRAIN_NETWORKS_SAN2018_HPP
#define SANPRIVACY_TRAIN_NETWORKS_SAN2018_HPP

#include <array>

#include "networks/generator.hpp"

namespace sanprivacy { namespace train {

const char* const SAN2018_KIND = "san2018"; //!< of a checkpoint of a San2018

/** The convolutional autoencoder of the paper (Figure 2).

X and P_SM (4 channels) pass two 3x3 convolutions with 8 and 12 channels, each with leaky ReLU and 2x2 average pooling,
then two with 256 and 128 channels, each with leaky ReLU and nearest x2 upsampling; the proto-combiner, a 1x1
convolution as in the authors' code, joins a prototype. */
struct San2018 : Generator
{
    San2018();

    std::vector<torch::Tensor> logits(
        const torch::Tensor& x, const torch::Tensor& p_same, const std::vector<torch::Tensor>& prototypes) override;

    //! [N,12,H/4,W/4]
    torch::Tensor encode(const torch::Tensor& x, const torch::Tensor& p_same);
    //! Decoder as the paper draws it: [N,128,H,W] of the encoder's output.
    torch::Tensor decode(const torch::Tensor& code);
    /** What all outputs of a face have in common, [N,1,H,W]: the decoder and its share of the proto-combiner,
    rewritten. Exact up to rounding: see convolvePhases(), and a 1x1 convolution commutes with nearest upsampling. */
    torch::Tensor sharedLogits(const torch::Tensor& code);

    //! Computes the same function with 0.45 of the operations, see sharedLogits().
    bool fast = true;
    torch::nn::Conv2d encoder1 { nullptr }, encoder2 { nullptr }, decoder1 { nullptr }, decoder2 { nullptr },
        combiner { nullptr };
};

/** Nearest x2 upsampling followed by a 3x3 convolution, as 2x2 convolutions on the small map: their kernels.

An output pixel of phase (a,b) (row and column parity) sees 2x2 small pixels; each weighs the sum of the taps that fall
on it.
@param weight [O,I,3,3]
@return [4 O,I,2,2]: phases (a,b) = (0,0), (1,0), (0,1), (1,1), O kernels each. On an HxW map with a border of one zero
they give (H+1)x(W+1), where phase (a,b) is the part [a:a+H, b:b+W]. */
torch::Tensor phaseKernels(const torch::Tensor& weight);

/** The phases of an upsampled and convolved map, before they are interleaved.
@param x [N,I,H,W]
@param weight [O,I,3,3]
@param bias [O] or undefined
@return output columns of parity b = 0 and 1, each [N,2 O,H+1,W]: O maps of the even rows, in [0:H], and O of the odd,
in [1:H+1] */
std::array<torch::Tensor, 2> convolvePhases(
    const torch::Tensor& x, const torch::Tensor& weight, const torch::Tensor& bias = torch::Tensor());

//! Interleaves what convolvePhases() gives: [N,O,2H,2W].
torch::Tensor interleavePhases(const std::array<torch::Tensor, 2>& columns);

}} // namespace sanprivacy::train

#endif // SANPRIVACY_TRAIN_NETWORKS_SAN2018_HPP
