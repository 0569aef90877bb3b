// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#include "data/targets.hpp"

namespace sanprivacy { namespace train {

using torch::Tensor;

std::pair<Tensor, Tensor> drawTargets(const Tensor& labels, double oppositeShare, double neutralShare, Draws& draws)
{
    const Tensor opposite = (draws.uniform({ labels.size(1) }) < oppositeShare).to(torch::kFloat), same = 1 - opposite;
    const Tensor neutral = draws.uniform({ labels.size(1) }) < neutralShare;
    const Tensor targets = opposite * (1 - labels) + same * labels,
                 weights = opposite * (.5 / oppositeShare) + same * (.5 / (1 - oppositeShare));
    return { targets.masked_fill(neutral, NEUTRAL_TARGET), weights.masked_fill(neutral, 1) };
}

Tensor drawHidden(int64_t attributes, Draws& draws)
{
    if (attributes == 1)
        return {};
    const Tensor choice = draws.integers(1, int64_t(1) << attributes, { 1 });
    return choice.bitwise_right_shift(torch::arange(attributes, choice.options())).bitwise_and(1).to(torch::kFloat);
}

}} // namespace sanprivacy::train
