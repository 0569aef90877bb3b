// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#include "networks/attackers.hpp"

#include <string>

namespace sanprivacy { namespace train {

namespace {

//! Chosen to differ: input size, crop, receptive field, pooling, normalization, head.
std::vector<SmallClassifierShape> shapes()
{
    using Shape = SmallClassifierShape;
    return {
        { 48, .80, 3, { 16, 32, 64, 96 }, 2, Shape::MAX_POOL, false, false, true },
        { 64, 1.08, 5, { 16, 32, 64, 96 }, 1, Shape::STRIDE, true, false, false },
        { 80, .90, 3, { 16, 32, 48, 64, 96 }, 1, Shape::AVERAGE_POOL, true, false, true },
        { 64, .66, 3, { 16, 32, 64, 96 }, 2, Shape::AVERAGE_POOL, false, false, false },
        { 96, 1., 7, { 16, 32, 48, 64, 96 }, 2, Shape::STRIDE, true, false, true },
        { 80, 1.08, 5, { 16, 32, 48, 96 }, 1, Shape::MAX_POOL, true, false, false },
        { 112, 1., 3, { 16, 32, 64, 128 }, 2, Shape::MAX_POOL, true, true, false },
        { 112, 1.08, 3, { 16, 32, 64, 96, 128 }, 2, Shape::STRIDE, true, true, false },
        { 160, 1.2, 5, { 16, 32, 64, 96, 128 }, 2, Shape::STRIDE, true, true, false },
        { 224, 1.3, 3, { 16, 24, 48, 80, 128, 192 }, 2, Shape::STRIDE, true, true, false },
    };
}

std::string nameOf(size_t i)
{
    return "attacker" + std::to_string(i + 1);
}

} // namespace

Attackers::Attackers(int64_t descriptorSize, int64_t attributes)
{
    for (const SmallClassifierShape& shape : shapes())
    {
        const auto member = std::make_shared<SmallClassifier>(shape, descriptorSize, attributes);
        members.push_back(register_module(nameOf(members.size()), member));
    }
}

void Attackers::load(torch::serialize::InputArchive& archive)
{
    size_t held = 0;
    for (torch::serialize::InputArchive member; archive.try_read(nameOf(held), member);)
        held++;
    TORCH_CHECK(held == members.size(), "it holds ", held, " attackers, ", members.size(), " are expected");
    Module::load(archive);
}

GeneratorAndAttackers::GeneratorAndAttackers(std::shared_ptr<ResidualUNet> g, std::shared_ptr<Attackers> a)
    : generator(register_module("generator", std::move(g))), attackers(std::move(a))
{
    if (attackers)
        register_module("attackers", attackers);
}

}} // namespace sanprivacy::train
