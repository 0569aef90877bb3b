// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#include "loop/parallel_gradients.hpp"

#include <gtest/gtest.h>

namespace sanprivacy { namespace train { namespace test { namespace {

//! Two weights; the second is used in even steps only, and there by the first face of the batch only.
struct Sometimes
{
    torch::Tensor always = torch::ones({ 1 }, torch::requires_grad()),
                  sometimes = torch::ones({ 1 }, torch::requires_grad());

    Figures step(int64_t step, int64_t workers)
    {
        const LossFunction losses = [&](const Batch& batch, Draws& draws) -> Losses
        {
            torch::Tensor sum = (batch[0] * always).sum();
            if (step % 2 == 0 && draws.begin() == 0)
                sum = sum + 10 * (batch[0][0] * sometimes).sum();
            return { { "mean", sum / double(draws.faces()) } };
        };
        return setGradients(
            losses, { torch::tensor({ 1.f, 2.f, 3.f, 6.f }).unsqueeze(1) }, { always, sometimes }, workers, 1);
    }
};

TEST(Train_ParallelGradients, a_parameter_that_a_step_does_not_use_has_no_gradient)
{
    for (int64_t workers : { 1, 2, 4 })
    {
        SCOPED_TRACE(workers);
        Sometimes weights;
        for (int64_t step : { 0, 1, 2, 3 })
        {
            const Figures values = weights.step(step, workers);
            EXPECT_NEAR(3 + (step % 2 ? 0 : 2.5), values[0].second, 1e-6) << step;
            EXPECT_NEAR(3, weights.always.grad().item<double>(), 1e-6) << step;
            ASSERT_EQ(step % 2 == 0, weights.sometimes.grad().defined()) << step;
            if (step % 2 == 0)
            {
                EXPECT_NEAR(2.5, weights.sometimes.grad().item<double>(), 1e-6) << step << ": of this step alone";
            }
        }
    }
}

TEST(Train_ParallelGradients, adam_leaves_a_parameter_alone_in_steps_without_it)
{
    Sometimes weights;
    torch::optim::Adam optimizer({ weights.always, weights.sometimes }, torch::optim::AdamOptions(.1));
    for (int64_t step = 0; step < 4; ++step)
    {
        const double before = weights.sometimes.item<double>();
        weights.step(step, 2);
        optimizer.step();
        EXPECT_EQ(step % 2 == 1, before == weights.sometimes.item<double>()) << step;
    }
}

TEST(Train_Draws, are_the_same_for_any_share_of_a_batch)
{
    const int64_t n = 6;
    Draws whole(5, n), first(5, n, 0, 2), rest(5, n, 2, n);
    const auto joined = [&](const auto& draw) { return torch::cat({ draw(first), draw(rest) }); };
    const auto same = [&](const auto& draw) { EXPECT_TRUE(torch::equal(draw(whole), joined(draw))); };
    same([](Draws& draws) { return draws.uniform({ 3 }); });
    same([](Draws& draws) { return draws.normal({ 2, 2 }); });
    same([](Draws& draws) { return draws.integers(1, 9, {}); });
    for (Draws* share : { &first, &rest })
    {
        Draws again(5, n);
        for (Draws* draws : { share, &again })
            *draws = Draws(6, n, draws->begin(), draws->begin() + draws->faces());
        EXPECT_EQ(again.integer(0, 1000), share->integer(0, 1000));
        EXPECT_EQ(again.sample(4, 8), share->sample(4, 8));
    }
    Draws other(7, n);
    EXPECT_FALSE(torch::equal(whole.uniform({ 3 }), other.uniform({ 3 })));
}

} // namespace

}}} // namespace sanprivacy::train::test
