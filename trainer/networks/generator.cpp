// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#include "networks/generator.hpp"

namespace sanprivacy { namespace train {

using torch::Tensor;

std::vector<Tensor> Generator::perturb(const Tensor& x, const Tensor& p_same, const std::vector<Tensor>& prototypes)
{
    std::vector<Tensor> outputs = logits(x, p_same, prototypes);
    for (Tensor& output : outputs)
        output = torch::sigmoid(output);
    return outputs;
}

}} // namespace sanprivacy::train
