// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#include "loop/parallel_gradients.hpp"

#include <algorithm>
#include <future>

namespace sanprivacy { namespace train {

namespace {

//! Gradient of the first loss and the values of all, for one worker's share of a batch.
struct Share
{
    std::vector<torch::Tensor> gradients;
    Figures values;
};

Share differentiate(
    const LossFunction& function, const Batch& batch, const std::vector<torch::Tensor>& parameters, Draws draws)
{
    torch::set_num_threads(1); // of this thread
    const Losses losses = function(batch, draws);
    Share share;
    share.gradients = torch::autograd::grad({ losses.front().second }, parameters, {}, torch::nullopt, false, true);
    for (const auto& loss : losses)
        share.values.emplace_back(loss.first, loss.second.item<double>());
    return share;
}

} // namespace

Figures setGradients(const LossFunction& losses, const Batch& batch, const std::vector<torch::Tensor>& parameters,
    int64_t workers, uint64_t seed)
{
    const int64_t n = batch.front().size(0), parts = std::min(workers, n);
    std::vector<std::future<Share>> shares;
    std::vector<double> weights;
    for (int64_t k = 0; k < parts; ++k)
    {
        const int64_t begin = n * k / parts, end = n * (k + 1) / parts;
        weights.push_back(double(end - begin) / double(n));
        Batch part;
        for (const torch::Tensor& tensor : batch)
            part.push_back(tensor.slice(0, begin, end));
        shares.push_back(std::async(std::launch::async, differentiate, std::cref(losses), part, std::cref(parameters),
            Draws(seed, n, begin, end, batch.front().device())));
    }

    Figures values;
    for (const torch::Tensor& parameter : parameters)
        parameter.mutable_grad().reset();
    for (size_t k = 0; k < shares.size(); ++k)
    {
        const Share share = shares[k].get();
        for (size_t p = 0; p < parameters.size(); ++p)
        {
            torch::Tensor& gradient = parameters[p].mutable_grad();
            if (share.gradients[p].defined())
                gradient = gradient.defined() ? gradient.add_(share.gradients[p], weights[k])
                                              : share.gradients[p] * weights[k];
        }
        for (size_t i = 0; i < share.values.size(); ++i)
        {
            if (k == 0)
                values.emplace_back(share.values[i].first, 0.);
            values[i].second += weights[k] * share.values[i].second;
        }
    }
    return values;
}

}} // namespace sanprivacy::train
