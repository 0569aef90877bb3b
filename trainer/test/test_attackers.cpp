// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#include "data/degradation.hpp"
#include "data/targets.hpp"
#include "drawn_faces.hpp"
#include "loop/checkpoint.hpp"
#include "networks/attackers.hpp"
#include "networks/linear_probe.hpp"
#include "networks/crops.hpp"

#include <gtest/gtest.h>

namespace {

using namespace sanprivacy::train;
using torch::Tensor;

const int64_t DESCRIPTOR = 5;

//! Brightness grows from left to right, [2,3,224,224].
Tensor ramp()
{
    return ((torch::arange(CROP_SIZE, torch::kFloat) + .5) / CROP_SIZE)
        .expand({ 2, 3, CROP_SIZE, CROP_SIZE })
        .contiguous();
}

TEST(Attackers, each_has_its_own_crop)
{
    const Attackers attackers(DESCRIPTOR);
    for (const auto& member : attackers.members)
    {
        const SmallClassifier::Output seen = member->predict(classifierCrop(ramp(), member->shape));
        EXPECT_EQ(seen.logit.sizes(), torch::IntArrayRef({ 2, 1 }));
        EXPECT_EQ(seen.descriptor.sizes(), torch::IntArrayRef({ 2, DESCRIPTOR }));
    }
}

TEST(Attackers, show_the_features_of_each_stage)
{
    const Attackers attackers(DESCRIPTOR);
    for (const auto& member : attackers.members)
    {
        const std::vector<Tensor> stages = member->predict(classifierCrop(ramp(), member->shape)).stages;
        ASSERT_EQ(stages.size(), member->shape.channels.size());
        for (size_t i = 0; i < stages.size(); i++)
            EXPECT_EQ(stages[i].sizes(), torch::IntArrayRef({ 2, 9 * member->shape.channels[i] }));
    }
}

TEST(Attackers, tell_several_attributes)
{
    const Attackers attackers(DESCRIPTOR, 3);
    for (const auto& member : attackers.members)
        EXPECT_EQ(member->forward(classifierCrop(ramp(), member->shape)).sizes(), torch::IntArrayRef({ 2, 3 }));
}

TEST(Attackers, frozen_classifiers_pass_gradients_to_the_face_only)
{
    const Attackers attackers(DESCRIPTOR);
    for (const auto& member : attackers.members)
    {
        const int64_t side = member->shape.side;
        Tensor face = torch::rand({ 2, 3, side, side }, torch::requires_grad());
        const auto both = [&](bool frozen)
        {
            const SmallClassifier::Output seen = member->predict(face, frozen);
            return seen.logit.sum() + seen.descriptor.sum();
        };
        both(true).backward();
        EXPECT_GT(face.grad().abs().sum().item<double>(), 0);
        for (const Tensor& parameter : member->parameters())
            EXPECT_FALSE(parameter.grad().defined());
        both(false).backward();
        for (const Tensor& parameter : member->parameters())
            EXPECT_TRUE(parameter.grad().defined()) << parameter.sizes();
    }
}

TEST(Attackers, its_crop_is_zoomed_and_displaced)
{
    SmallClassifierShape shape = { 48, .75, 3, { 8 }, 1, SmallClassifierShape::STRIDE, false, false, false };
    // Of a ramp, the columns of its crop are their own places in it.
    const Tensor columns = .5 + .75 * ((torch::arange(48, torch::kFloat) + .5) / 48 - .5);
    EXPECT_TRUE(torch::allclose(classifierCrop(ramp(), shape)[1][0][20], columns, 0, 1e-4));
    const Tensor jitter =
        torch::tensor({ { 1.f, 0.f, 0.f, 0.f }, { .9f, 0.f, 11.2f, 0.f } }); // 11.2 pixels are a twentieth of the crop
    const Tensor moved = .5 + .75 * .9 * ((torch::arange(48, torch::kFloat) + .5) / 48 - .5) + .05;
    EXPECT_TRUE(torch::allclose(classifierCrop(ramp(), shape, jitter)[1][0][20], moved, 0, 1e-4));
}

TEST(Attackers, another_number_in_a_checkpoint_is_told)
{
    const test::TemporaryFolder folder;
    const std::filesystem::path file = folder / "checkpoint.pt";
    Attackers attackers(DESCRIPTOR);
    torch::nn::Module eight;
    for (int i = 0; i < 8; ++i)
        eight.register_module("attacker" + std::to_string(i + 1), attackers.members[size_t(i)]);
    saveCheckpoint(file, ATTACKERS_KIND, eight, torch::optim::SGD(eight.parameters(), .1), TrainingState());
    try
    {
        loadNetwork(file, ATTACKERS_KIND, attackers);
        ADD_FAILURE();
    }
    catch (const cv::Exception& error)
    {
        EXPECT_EQ(file.string() + " does not hold what was expected: it holds 8 attackers, 10 are expected", error.err);
    }
}

TEST(Attackers, those_of_more_than_half_the_pixels_see_all_of_them)
{
    SmallClassifierShape shape = { CROP_SIZE, 1, 3, { 8 }, 1, SmallClassifierShape::STRIDE, false, false, false };
    const Tensor face = torch::rand({ 1, 3, CROP_SIZE, CROP_SIZE });
    EXPECT_TRUE(torch::allclose(classifierCrop(face, shape), face, 0, 1e-4));
    shape.side = CROP_SIZE / 2;
    EXPECT_TRUE(torch::allclose(classifierCrop(face, shape), torch::avg_pool2d(face, 2), 0, 1e-4));
}

TEST(Attackers, every_second_face_is_smaller)
{
    const Tensor faces = torch::rand({ 4, 3, CROP_SIZE, CROP_SIZE });
    for (uint64_t seed = 0; seed < 8; ++seed)
    {
        Draws draws(seed, 4), same(seed, 4), share(seed, 4, 1, 3);
        const Tensor seen = someSmaller(faces, draws);
        EXPECT_TRUE(torch::equal(seen, someSmaller(faces, same))) << seed;
        EXPECT_TRUE(torch::equal(seen.slice(0, 1, 3), someSmaller(faces.slice(0, 1, 3), share))) << seed;
        for (int64_t i = 0; i < faces.size(0); ++i)
        {
            EXPECT_EQ(torch::equal(seen[i], faces[i]), i % 2 == 0) << i;
            EXPECT_NEAR(seen[i].mean().item<double>(), faces[i].mean().item<double>(), .01);
        }
        EXPECT_LT(seen[1].std().item<double>(), .7 * faces[1].std().item<double>()) << "fine noise averages out";
    }
}

TEST(Attackers, opposite_targets_may_be_the_likelier_ones_but_count_as_one_half)
{
    const int64_t n = 20000;
    const torch::Tensor labels = (torch::rand({ n, 2 }) < .3).to(torch::kFloat);
    Draws draws(1, n);
    for (const double share : { .5, .8 })
    {
        const auto [targets, weights] = drawTargets(labels, share, 0, draws);
        const torch::Tensor opposite = (targets != labels).to(torch::kFloat);
        EXPECT_TRUE(((targets == 0) | (targets == 1)).all().item<bool>());
        EXPECT_NEAR(share, opposite.mean().item<double>(), .02);
        EXPECT_NEAR(.5, (weights * opposite).mean().item<double>(), .02);
        EXPECT_NEAR(1, weights.mean().item<double>(), .02);
    }
}

TEST(Attackers, neutral_targets_are_a_share_of_all_and_count_as_one)
{
    const int64_t n = 20000;
    const torch::Tensor labels = (torch::rand({ n, 1 }) < .3).to(torch::kFloat);
    Draws draws(1, n);
    const auto [targets, weights] = drawTargets(labels, .8, .25, draws);
    const torch::Tensor neutral = targets == NEUTRAL_TARGET;
    EXPECT_NEAR(.25, neutral.to(torch::kFloat).mean().item<double>(), .02);
    EXPECT_TRUE((weights.masked_select(neutral) == 1).all().item<bool>());
    EXPECT_NEAR(
        .8, (targets == 1 - labels).masked_select(neutral.logical_not()).to(torch::kFloat).mean().item<double>(), .02);
}

TEST(Attackers, degrading_treats_all_alike)
{
    const Tensor face = torch::rand({ 3, 3, CROP_SIZE, CROP_SIZE });
    for (uint64_t seed = 0; seed < 8; ++seed)
    {
        Draws draws(seed, 3), same(seed, 3), share(seed, 3, 1, 3);
        const std::vector<Tensor> seen = degrade({ face, face.clone() }, draws);
        EXPECT_TRUE(torch::equal(seen[0], seen[1])) << seed;
        EXPECT_TRUE(torch::equal(seen[0], degrade({ face }, same)[0])) << seed;
        EXPECT_TRUE(torch::equal(seen[0].slice(0, 1), degrade({ face.slice(0, 1) }, share)[0])) << seed;
        EXPECT_EQ(seen[0].sizes(), face.sizes());
        EXPECT_NEAR(seen[0].mean().item<double>(), face.mean().item<double>(), .15) << "a face is still there";
    }
}

TEST(Attackers, bending_moves_and_shades_half_of_the_faces_a_little)
{
    // Two channels that tell each pixel's own place, one of light.
    const int64_t n = 64;
    const Tensor ramp = torch::arange(CROP_SIZE, torch::kFloat).expand({ n, 1, CROP_SIZE, CROP_SIZE });
    const Tensor faces = torch::cat({ ramp, ramp.transpose(2, 3), torch::ones_like(ramp) }, 1);
    Draws draws(5, n);
    const Tensor seen = bend({ faces }, draws)[0], light = seen.narrow(1, 2, 1);
    const Tensor moved = (seen / light - faces).narrow(1, 0, 2).abs().amax({ 1, 2, 3 });
    const Tensor shaded = (light - 1).abs().amax({ 1, 2, 3 });
    const double most_pixels = 1.3 * .04 * CROP_SIZE, most_shade = 1.3 * .25; // cubic surfaces overshoot their points
    EXPECT_LT(moved.max().item<double>(), most_pixels);
    EXPECT_GT(moved.max().item<double>(), .02 * CROP_SIZE);
    EXPECT_LT(shaded.max().item<double>(), most_shade);
    EXPECT_GT(shaded.max().item<double>(), .12);
    EXPECT_NEAR((moved > .5).to(torch::kFloat).mean().item<double>(), .5, .2);
    EXPECT_NEAR((shaded > .01).to(torch::kFloat).mean().item<double>(), .5, .2);
}

TEST(LinearProbe, gives_the_log_odds_of_gaussians)
{
    // Means m and -m, covariance diag(1, 4), a tenth of the way to diag(2.5, 2.5): the log-odds are 2 m' diag(1 / 1.15,
    // 1 / 3.85) x.
    torch::manual_seed(3);
    const int64_t n = 40000;
    const Tensor labels = torch::arange(n).remainder(2).to(torch::kFloat).unsqueeze(1);
    const Tensor mean = torch::tensor({ { 1.f, -1.f } }), deviation = torch::tensor({ { 1.f, 2.f } });
    const LinearProbe probe((2 * labels - 1) * mean + torch::randn({ n, 2 }) * deviation, labels);
    const Tensor x = torch::randn({ 20, 2 }), expected = 2 * x.matmul((mean / torch::tensor({ { 1.15f, 3.85f } })).t());
    EXPECT_LE((probe.forward(x) - expected).abs().max().item<double>(), .1);
}

TEST(LinearProbe, reads_each_attribute_for_itself)
{
    torch::manual_seed(5);
    const Tensor descriptors = torch::randn({ 200, 4 });
    const Tensor labels = (descriptors.narrow(1, 1, 2) > 0).to(torch::kFloat), x = torch::randn({ 20, 4 });
    const Tensor both = LinearProbe(descriptors, labels).forward(x);
    ASSERT_EQ(both.sizes(), torch::IntArrayRef({ 20, 2 }));
    for (int64_t a = 0; a < 2; ++a)
        EXPECT_TRUE(torch::allclose(
            both.narrow(1, a, 1), LinearProbe(descriptors, labels.narrow(1, a, 1)).forward(x), 1e-4, 1e-4));
}

TEST(LinearProbe, learns_from_fewer_faces_than_dimensions)
{
    torch::manual_seed(4);
    const Tensor labels = torch::arange(40).remainder(2).to(torch::kFloat).unsqueeze(1),
                 axis = torch::randn({ 1, 128 });
    const auto draw = [&] { return torch::randn({ 40, 128 }) + (labels - .5) * axis; };
    const LinearProbe probe(draw(), labels);
    const Tensor right = (probe.forward(draw()) > 0) == (labels > .5);
    EXPECT_GE(right.to(torch::kFloat).mean().item<double>(), .9);
    EXPECT_THROW(LinearProbe(draw(), torch::ones({ 40, 1 })), c10::Error);
}

} // namespace
