// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#include "data/draws.hpp"

#include <algorithm>

#include <ATen/CPUGeneratorImpl.h>

namespace sanprivacy { namespace train {

using torch::Tensor;

uint64_t mixSeed(uint64_t seed, uint64_t count)
{
    uint64_t z = seed * 0xD1B54A32D192ED03 + (count + 1) * 0x9E3779B97F4A7C15;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
    return z ^ (z >> 31);
}

Draws::Draws(uint64_t seed, int64_t faces, int64_t begin, int64_t end, const torch::Device& device)
    : generator_(at::make_generator<at::CPUGeneratorImpl>(seed)), faces_(faces), begin_(begin), end_(end),
      device_(device)
{
}

std::vector<int64_t> Draws::whole(torch::IntArrayRef sizes) const
{
    std::vector<int64_t> all = { faces_ };
    all.insert(all.end(), sizes.begin(), sizes.end());
    return all;
}

Tensor Draws::uniform(torch::IntArrayRef sizes)
{
    return own(torch::rand(whole(sizes), generator_));
}

Tensor Draws::normal(torch::IntArrayRef sizes)
{
    return own(torch::randn(whole(sizes), generator_));
}

Tensor Draws::integers(int64_t least, int64_t end, torch::IntArrayRef sizes)
{
    return own(torch::randint(least, end, whole(sizes), generator_, torch::kLong));
}

int64_t Draws::integer(int64_t least, int64_t end)
{
    return torch::randint(least, end, { 1 }, generator_, torch::kLong).item<int64_t>();
}

std::vector<int64_t> Draws::sample(int64_t count, int64_t size)
{
    const Tensor order = torch::randperm(size, generator_, torch::kLong);
    return { order.data_ptr<int64_t>(), order.data_ptr<int64_t>() + std::min(count, size) };
}

}} // namespace sanprivacy::train
