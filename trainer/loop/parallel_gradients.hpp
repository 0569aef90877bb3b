// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#ifndef SANPRIVACY_TRAIN_LOOP_PARALLEL_GRADIENTS_HPP
#define SANPRIVACY_TRAIN_LOOP_PARALLEL_GRADIENTS_HPP

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include <torch/torch.h>

#include "data/batches.hpp"
#include "data/draws.hpp"
#include "loop/training_curve.hpp"

namespace sanprivacy { namespace train {

//! Named scalars, means over the faces; the first is what training minimizes, the others are told.
using Losses = std::vector<std::pair<std::string, torch::Tensor>>;

//! Losses of a share of a batch; called from several threads at a time.
using LossFunction = std::function<Losses(const Batch&, Draws&)>;

/** @brief Sets the gradients of one step and gives the values of all losses.

The batch is shared by threads with one ATen thread each, which is faster than one pass with several. The gradient of
the whole is the mean of the shares', weighted by size, and summed in fixed order. A parameter that this step's loss
does not depend on has no gradient afterwards, so that the optimizer leaves it alone.
@param seed of what is drawn in this step: the same for any number of workers
@param workers number of threads */
Figures setGradients(const LossFunction& losses, const Batch& batch, const std::vector<torch::Tensor>& parameters,
    int64_t workers, uint64_t seed);

}} // namespace sanprivacy::train

#endif // SANPRIVACY_TRAIN_LOOP_PARALLEL_GRADIENTS_HPP
