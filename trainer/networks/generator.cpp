// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#include "networks/generator.hpp"

#include <opencv2/core.hpp>

#include "networks/san2018.hpp"

namespace sanprivacy { namespace train {

using torch::Tensor;

std::vector<Tensor> Generator::perturb(const Tensor& x, const Tensor& p_same, const std::vector<Tensor>& prototypes)
{
    std::vector<Tensor> outputs = logits(x, p_same, prototypes);
    for (Tensor& output : outputs)
        output = torch::sigmoid(output);
    return outputs;
}

std::vector<std::string> generatorKinds()
{
    return { SAN2018_KIND, SAN2018_COMBINER3_KIND };
}

std::shared_ptr<Generator> makeGenerator(const std::string& kind)
{
    San2018Options options;
    if (kind == SAN2018_KIND)
        options.combiner_kernel = 1;
    else if (kind == SAN2018_COMBINER3_KIND)
        options.combiner_kernel = 3;
    else
        CV_Error(cv::Error::StsBadArg, "'" + kind + "' is not a network that perturbs");
    return std::make_shared<San2018>(options);
}

}} // namespace sanprivacy::train
