// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#ifndef SANPRIVACY_TRAIN_NETWORKS_GENERATOR_HPP
#define SANPRIVACY_TRAIN_NETWORKS_GENERATOR_HPP

#include <vector>

#include <torch/torch.h>

#include "networks/layers.hpp"

namespace sanprivacy { namespace train {

//! A network that perturbs: X'_k for each given prototype, from one pass where the architecture allows it.
struct Generator : torch::nn::Module
{
    /** Logits of the outputs.
    @param x [N,1,H,W] gray faces, 0..1
    @param p_same [N or 1,3,H,W] prototypes of the faces' own label, RGB 0..1
    @param prototypes k prototypes to combine with, each [N or 1,3,H,W]
    @return k tensors [N,1,H,W] */
    virtual std::vector<torch::Tensor> logits(
        const torch::Tensor& x, const torch::Tensor& p_same, const std::vector<torch::Tensor>& prototypes) = 0;

    //! The outputs, 0..1: sigmoid(logits()) unless the architecture says otherwise. Arguments as in logits().
    virtual std::vector<torch::Tensor> perturb(
        const torch::Tensor& x, const torch::Tensor& p_same, const std::vector<torch::Tensor>& prototypes);
};

}} // namespace sanprivacy::train

#endif // SANPRIVACY_TRAIN_NETWORKS_GENERATOR_HPP
