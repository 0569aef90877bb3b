// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#ifndef SANPRIVACY_TRAIN_NETWORKS_RESIDUAL_U_NET_HPP
#define SANPRIVACY_TRAIN_NETWORKS_RESIDUAL_U_NET_HPP

#include <array>
#include <vector>

#include "networks/generator.hpp"

namespace sanprivacy { namespace train {

/** A stronger generator than the paper's, for the same proto-combination: it sees the target prototype from its first
layer on, and only changes the face instead of drawing it anew.

It is not told the face's own label: no P_SM. X' = clamp(X + e w tanh(r), 0, 1), where r is a U-Net's answer to X, the
target prototype P and P - P_NT, w fades to zero at the border, and e bounds the change. r has half the size of X and is
upsampled bilinearly, as the maps inside are upsampled (nearest) before a convolution: no line patterns. */
struct ResidualUNet : Generator
{
    /** @param neutral P_NT, [3,224,224] RGB 0..1; kept with the weights, as is the bound
    @param bound e, the largest change of a pixel, 0..1 */
    explicit ResidualUNet(
        const torch::Tensor& neutral = torch::full({ 3, CROP_SIZE, CROP_SIZE }, .5), double bound = .15);

    //! Inverse sigmoid of perturb(); finite at 0 and 1.
    std::vector<torch::Tensor> logits(
        const torch::Tensor& x, const torch::Tensor& p_same, const std::vector<torch::Tensor>& prototypes) override;
    //! Arguments as in Generator, 224x224; p_same is not used. The outputs are in fp32 even if x is not.
    std::vector<torch::Tensor> perturb(
        const torch::Tensor& x, const torch::Tensor& p_same, const std::vector<torch::Tensor>& prototypes) override;

    //! Channels at 112, 56, 28, 14 and 7 pixels.
    static constexpr std::array<int64_t, 5> CHANNELS = { 16, 32, 64, 64, 64 };
    //! Prototypes differ by about an eighth of what pixels do.
    static constexpr double CONTRAST = 8;
    static constexpr int64_t FEATHER = 28; //!< width of the fading border, pixels

    //! At each size one convolution that halves it and one that keeps it; then, upwards, one after each concatenation.
    std::vector<torch::nn::Conv2d> down, keep, up;
    torch::nn::Conv2d residual { nullptr };
    torch::Tensor neutral; //!< P_NT, [3,224,224]
    torch::Tensor limit;   //!< e w, [1,224,224]
};

}} // namespace sanprivacy::train

#endif // SANPRIVACY_TRAIN_NETWORKS_RESIDUAL_U_NET_HPP
