// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#include "loop/figure_sums.hpp"

#include "losses.hpp"

namespace sanprivacy { namespace train {

void FigureSums::add(const std::string& name, double value)
{
    if (sums_.emplace(name, 0.).second)
        names_.push_back(name);
    sums_[name] += value;
}

void FigureSums::addErrors(const std::string& name, const std::vector<std::string>& attributes,
    const torch::Tensor& labels, const torch::Tensor& logits, double weight)
{
    for (int64_t a = 0; a < logits.size(1); ++a)
        add(attributes.size() == 1 ? name : name + " " + attributes[size_t(a)],
            weight * errorRate(labels.select(1, a), logits.select(1, a)));
}

Figures FigureSums::dividedBy(double n) const
{
    Figures figures;
    for (const std::string& name : names_)
        figures.emplace_back(name, sums_.at(name) / n);
    return figures;
}

}} // namespace sanprivacy::train
