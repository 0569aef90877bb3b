// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#include "losses.hpp"

#include <gtest/gtest.h>

#include <cmath>

namespace {

using namespace sanprivacy::train;
using torch::Tensor;

const double PRECISION = 1e-6;

double sigmoid(double logit)
{
    return 1 / (1 + std::exp(-logit));
}
double entropy(double q, double p)
{
    return -q * std::log(p) - (1 - q) * std::log(1 - p);
}
Tensor column(std::vector<float> values)
{
    return torch::tensor(values).unsqueeze(1);
}

TEST(Losses, reconstruction_is_the_mean_pixelwise_cross_entropy)
{
    const Tensor logits = torch::tensor({ -1.f, 0.f, 2.f, 3.f }).view({ 1, 1, 2, 2 });
    const Tensor x = torch::tensor({ .1f, .5f, .9f, 1.f }).view({ 1, 1, 2, 2 });
    const double expected =
        (entropy(.1, sigmoid(-1)) + entropy(.5, sigmoid(0)) + entropy(.9, sigmoid(2)) - std::log(sigmoid(3))) / 4;
    EXPECT_NEAR(reconstructionLoss(logits, x).item<double>(), expected, PRECISION);
}

TEST(Losses, reconstruction_is_least_at_the_image_itself)
{
    const Tensor x = torch::full({ 1, 1, 2, 2 }, .3f), best = torch::logit(x);
    EXPECT_LT(reconstructionLoss(best, x).item<double>(), reconstructionLoss(best + .1, x).item<double>());
    EXPECT_LT(reconstructionLoss(best, x).item<double>(), reconstructionLoss(best - .1, x).item<double>());
}

TEST(Losses, gender_keeps_the_label_of_same_and_flips_that_of_opposite)
{
    const Tensor labels = column({ 1, 0 }), same = column({ 2, -1 }), opposite = column({ -3, .5 });
    const double expected = (-std::log(sigmoid(2)) - std::log(1 - sigmoid(-1))) / 2     // S(y, f(X'_SM))
                            + (-std::log(1 - sigmoid(-3)) - std::log(sigmoid(.5))) / 2; // S(1-y, f(X'_OP))
    EXPECT_NEAR(genderLoss(labels, same, opposite).item<double>(), expected, PRECISION);
}

TEST(Losses, matching_is_the_squared_distance_per_face)
{
    const Tensor original = torch::tensor({ { 1.f, 2.f }, { 0.f, 0.f } }),
                 perturbed = torch::tensor({ { 2.f, 4.f }, { 3.f, 0.f } });
    EXPECT_NEAR(matchingLoss(perturbed, original).item<double>(), (1 + 4 + 9) / 2., PRECISION);
    EXPECT_EQ(matchingLoss(original, original).item<double>(), 0);
}

TEST(Losses, total_weighs_its_terms)
{
    const Tensor gender = torch::tensor(2.f), matching = torch::tensor(5.f);
    EXPECT_NEAR(totalLoss(gender, matching).item<double>(), 7, PRECISION);
    EXPECT_NEAR(totalLoss(gender, matching, .5, 3).item<double>(), 16, PRECISION);
}

TEST(Losses, target_asks_for_a_margin)
{
    const Tensor targets = column({ 1, 0 }), logits = column({ 2, 1 });
    const double expected = (std::log1p(std::exp(3. - 2)) + std::log1p(std::exp(3. + 1))) / 2;
    EXPECT_NEAR(targetLoss(targets, logits, 3).item<double>(), expected, PRECISION);
    const double undecided = (std::log1p(std::exp(4.)) + std::log1p(std::exp(-4.))) / 4;
    EXPECT_NEAR(targetLoss(column({ 1, .5 }), logits, 3).item<double>(), (std::log1p(std::exp(3. - 2)) + undecided) / 2,
        PRECISION);
}

TEST(Losses, confusion_is_least_where_nothing_is_known)
{
    const Tensor logits = column({ 2, -1 }), original = column({ -5, 3 });
    const double expected = (std::log1p(std::exp(2.)) - 1 + std::log1p(std::exp(1.)) - .5) / 2;
    EXPECT_NEAR(confusionLoss(logits).item<double>(), expected, PRECISION);
    EXPECT_NEAR(confusionLoss(column({ 0, 0 })).item<double>(), std::log(2.), PRECISION);
    EXPECT_NEAR(confusionLoss(logits, column({ 1, 1 }), original).item<double>(), expected, PRECISION);
    EXPECT_NEAR(confusionLoss(logits, column({ 0, 0 }), logits).item<double>(),
        crossEntropy(torch::sigmoid(logits), logits).item<double>(), PRECISION);
}

TEST(Losses, attributes_that_are_not_hidden_stay_as_they_are)
{
    const Tensor targets = torch::tensor({ { 1.f, 0.f } }), logits = torch::tensor({ { 2.f, 1.f } }),
                 original = torch::tensor({ { -5.f, 3.f } });
    const double stay = 1 / (1 + std::exp(-3.)),
                 kept = stay * std::log1p(std::exp(-1.)) + (1 - stay) * std::log1p(std::exp(1.));
    const double expected = (std::log1p(std::exp(3. - 2)) + kept) / 2;
    EXPECT_NEAR(
        targetLoss(targets, logits, 3, torch::tensor({ { 1.f, 0.f } }), original).item<double>(), expected, PRECISION);
    EXPECT_NEAR(targetLoss(targets, logits, 3, torch::ones({ 1, 2 }), original).item<double>(),
        targetLoss(targets, logits, 3).item<double>(), PRECISION);
}

TEST(Losses, cosine_is_mean_and_root_mean_square_of_distances)
{
    const Tensor original = torch::tensor({ { 1.f, 0.f }, { 1.f, 0.f } }),
                 perturbed = torch::tensor({ { .8f, .6f }, { 0.f, 1.f } });
    EXPECT_NEAR(cosineLoss(perturbed, original).item<double>(), (.2 + 1) / 2 + std::sqrt((.04 + 1) / 2), PRECISION);
    const Tensor same = original.clone().set_requires_grad(true);
    cosineLoss(same, original).backward();
    EXPECT_TRUE(torch::isfinite(same.grad()).all().item<bool>());
}

TEST(Losses, neutral_target_may_lie_on_the_other_side)
{
    const double least = 2 * std::log(2.) / 4;
    EXPECT_NEAR(
        targetLoss(column({ .5 }), column({ -1.5 }), 3, {}, {}, column({ -1.5 })).item<double>(), least, PRECISION);
    EXPECT_NEAR(targetLoss(column({ 1 }), column({ 2 }), 3, {}, {}, column({ -1.5 })).item<double>(),
        targetLoss(column({ 1 }), column({ 2 }), 3).item<double>(), PRECISION)
        << "other targets are as they were";
}

TEST(Losses, target_cost_weighs_faces)
{
    const Tensor targets = column({ 1, 0 }), logits = column({ 2, 1 });
    const double expected = (.5 * std::log1p(std::exp(3. - 2)) + 1.5 * std::log1p(std::exp(3. + 1))) / 2;
    EXPECT_NEAR(targetLoss(targets, logits, 3, {}, {}, {}, column({ .5, 1.5 })).item<double>(), expected, PRECISION);
}

TEST(Losses, order_compares_pairs_with_strangers)
{
    // Two photographs of person 7 and one of a stranger.
    const Tensor original = torch::tensor({ { 1.f, 0.f }, { .8f, .6f }, { 0.f, 1.f } }),
                 persons = torch::tensor({ 7, 7, 2 }).unsqueeze(1);
    const double t = .1, strangers = 2 * std::exp(0.) + 2 * std::exp(.6 / t),
                 pair = -t * std::log(std::exp(.8 / t) / (std::exp(.8 / t) + strangers));
    EXPECT_NEAR(orderLoss(original, original, persons, t).item<double>(), 2 * pair / 3, PRECISION);
    EXPECT_EQ(orderLoss(original, original, torch::tensor({ 0, 1, 2 }).unsqueeze(1), t).item<double>(), 0)
        << "nobody is there twice";

    // Away from the other photograph costs, towards it gains, to the stranger costs.
    const auto costOf = [&](float x, float y)
    {
        Tensor perturbed = original.clone();
        perturbed[0][0] = x;
        perturbed[0][1] = y;
        return orderLoss(perturbed, original, persons, t).item<double>();
    };
    EXPECT_GT(costOf(.8f, -.6f), costOf(1, 0));
    EXPECT_LT(costOf(.96f, .28f), costOf(1, 0));
    EXPECT_GT(costOf(0, 1), costOf(.96f, .28f));

    const Tensor alone = original.clone().set_requires_grad(true);
    orderLoss(alone, original, torch::full({ 3, 1 }, 7), t).backward();
    EXPECT_TRUE((alone.grad() == 0).all().item<bool>()) << "there is no stranger";
}

TEST(Losses, penalties_of_a_change)
{
    const Tensor change = torch::tensor({ .1f, .3f, .1f, -.1f }).view({ 1, 1, 2, 2 });
    EXPECT_NEAR(changePenalty(change).item<double>(), (.01 + .09 + .01 + .01) / 4, PRECISION);
    EXPECT_NEAR(roughnessPenalty(change).item<double>(), (0 + .16) / 2 + (.04 + .04) / 2, PRECISION);
    EXPECT_NEAR(asymmetryPenalty(change).item<double>(), (.04 + .04 + .04 + .04) / 4, PRECISION);
    // The same energy, spread and at one place.
    torch::Tensor spread = torch::full({ 1, 1, 64, 64 }, .1f), patch = torch::zeros({ 1, 1, 64, 64 });
    patch.slice(2, 0, 32).slice(3, 0, 32).fill_(.2f);
    EXPECT_NEAR(changePenalty(spread).item<double>(), changePenalty(patch).item<double>(), PRECISION);
    EXPECT_NEAR(patchPenalty(spread).item<double>(), .01, PRECISION);
    EXPECT_GT(patchPenalty(patch).item<double>(), 1.4 * patchPenalty(spread).item<double>());
}

TEST(Losses, are_computed_in_fp32)
{
    const Tensor labels = column({ 1 }), logit = column({ 2.f }).to(torch::kBFloat16);
    EXPECT_EQ(crossEntropy(labels, logit).scalar_type(), torch::kFloat);
    EXPECT_EQ(matchingLoss(logit, logit).scalar_type(), torch::kFloat);
}

TEST(Losses, cross_entropy_weighs_faces)
{
    const torch::Tensor labels = torch::tensor({ { 1.f }, { 0.f } }), logits = torch::tensor({ { 2.f }, { 1.f } });
    const double first = std::log1p(std::exp(-2.)), second = std::log1p(std::exp(1.));
    EXPECT_NEAR((first + second) / 2, crossEntropy(labels, logits).item<double>(), 1e-6);
    EXPECT_NEAR((.5 * first + 2 * second) / 2,
        crossEntropy(labels, logits, torch::tensor({ { .5f }, { 2.f } })).item<double>(), 1e-6);
}

TEST(Losses, refuse_shapes_that_would_broadcast)
{
    EXPECT_THROW(crossEntropy(torch::ones({ 2 }), torch::ones({ 2, 1 })), c10::Error);
    EXPECT_THROW(matchingLoss(torch::ones({ 2, 3 }), torch::ones({ 1, 3 })), c10::Error);
    EXPECT_THROW(targetLoss(torch::ones({ 2 }), torch::ones({ 2, 1 }), 1), c10::Error);
    EXPECT_THROW(cosineLoss(torch::ones({ 2, 3 }), torch::ones({ 1, 3 })), c10::Error);
    EXPECT_THROW(orderLoss(torch::ones({ 2, 3 }), torch::ones({ 1, 3 }), torch::ones({ 2, 1 }), 1), c10::Error);
}

} // namespace
