// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#ifndef SANPRIVACY_TRAIN_LOOP_FIGURE_SUMS_HPP
#define SANPRIVACY_TRAIN_LOOP_FIGURE_SUMS_HPP

#include <map>
#include <string>
#include <vector>

#include <torch/torch.h>

#include "loop/training_curve.hpp"

namespace sanprivacy { namespace train {

//! Sums of named figures, in the order in which the names come.
class FigureSums
{
public:
    void add(const std::string& name, double value);
    //! The error of each attribute that a classifier knows, with its name where there are several.
    void addErrors(const std::string& name, const std::vector<std::string>& attributes, const torch::Tensor& labels,
        const torch::Tensor& logits, double weight);
    Figures dividedBy(double n) const;

private:
    std::map<std::string, double> sums_;
    std::vector<std::string> names_;
};

}} // namespace sanprivacy::train

#endif // SANPRIVACY_TRAIN_LOOP_FIGURE_SUMS_HPP
