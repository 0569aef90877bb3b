// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#ifndef SANPRIVACY_TRAIN_NETWORKS_LAYERS_HPP
#define SANPRIVACY_TRAIN_NETWORKS_LAYERS_HPP

#include <torch/torch.h>

namespace sanprivacy { namespace train {

// What all networks here are made of. They keep their weights in fp32 and compute in the type of their input: bf16
// images make the convolutions run in bf16, and the gradients arrive in fp32. Weights start from He's normal
// distribution for leaky ReLU (fan-in), biases from zero.

constexpr int64_t CROP_SIZE = 224;    //!< side of the canonical crop, pixels
constexpr int64_t IMAGE_CHANNELS = 1; //!< of a face that a generator sees: gray
constexpr int64_t COLOR_CHANNELS = 3; //!< of a face that a classifier sees
constexpr int64_t PROTOTYPE_CHANNELS = 3;
constexpr double LEAKY_SLOPE = 0.01; //!< of every leaky ReLU; as in the authors' graph

//! Where a network's weights are.
torch::Device deviceOf(const torch::nn::Module& network);

//! Gray of color faces, as grayFace() has it: [N,3,H,W] to [N,1,H,W]; gray ones stay.
torch::Tensor luma(const torch::Tensor& faces);

//! A layer's fp32 weights, where it has them, follow the type of what they are applied to.
torch::Tensor like(const torch::Tensor& parameter, const torch::Tensor& x);

torch::Tensor convolve(const torch::nn::Conv2d& layer, const torch::Tensor& x);
torch::Tensor multiply(const torch::nn::Linear& layer, const torch::Tensor& x);
torch::Tensor leakyRelu(const torch::Tensor& x);
torch::Tensor upsample(const torch::Tensor& x); //!< nearest, twice the size

//! Weights and biases as above; `leaky`: a leaky ReLU follows.
template <class Layer>
Layer initialized(Layer layer, bool leaky = true)
{
    namespace init = torch::nn::init;
    if (leaky)
        init::kaiming_normal_(layer->weight, LEAKY_SLOPE, torch::kFanIn, torch::kLeakyReLU);
    else
        init::kaiming_normal_(layer->weight, 0, torch::kFanIn, torch::kLinear);
    if (layer->bias.defined())
        init::zeros_(layer->bias);
    return layer;
}

//! Keeps the size of its input at stride 1: padding is half the kernel.
torch::nn::Conv2d convolution(int64_t in, int64_t out, int64_t kernel = 3, int64_t stride = 1, bool leaky = true);

torch::nn::Linear fullyConnected(int64_t in, int64_t out, bool leaky);

}} // namespace sanprivacy::train

#endif // SANPRIVACY_TRAIN_NETWORKS_LAYERS_HPP
