// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#include "networks/gender_classifier.hpp"
#include "networks/landmark_network.hpp"
#include "networks/residual_u_net.hpp"
#include "networks/san2018.hpp"

#include <gtest/gtest.h>

#include <sstream>

namespace {

using namespace sanprivacy::train;
using torch::Tensor;

int64_t countWeights(const torch::nn::Module& network)
{
    int64_t count = 0;
    for (const Tensor& parameter : network.parameters())
        count += parameter.numel();
    return count;
}

double relativeDifference(const Tensor& a, const Tensor& b)
{
    return ((a - b).abs().max() / b.abs().max()).item<double>();
}

struct Faces
{
    explicit Faces(int64_t n, int64_t side = CROP_SIZE)
        : x(torch::rand({ n, 1, side, side })), same(torch::rand({ n, 3, side, side })),
          opposite(torch::rand({ 1, 3, side, side }))
    {
    }
    Tensor x, same, opposite;
};

TEST(PhaseKernels, equal_nearest_upsampling_and_convolution)
{
    torch::manual_seed(1);
    const Tensor x = torch::randn({ 2, 5, 6, 7 }), weight = torch::randn({ 3, 5, 3, 3 }), bias = torch::randn({ 3 });
    const Tensor plain =
        torch::conv2d(torch::upsample_nearest2d(x, torch::nullopt, std::vector<double> { 2., 2. }), weight, bias, 1, 1);
    const Tensor fast = interleavePhases(convolvePhases(x, weight, bias));
    ASSERT_EQ(fast.sizes(), plain.sizes());
    EXPECT_LE(relativeDifference(fast, plain), 1e-6);
}

TEST(San2018, plain_and_fast_agree_forward_and_backward)
{
    torch::manual_seed(2);
    San2018 network;
    for (const Tensor& bias : { network.decoder2->bias, network.combiner->bias })
        torch::nn::init::normal_(bias, 0., .5);
    const Faces faces(2, 64);
    std::vector<Tensor> outputs[2], gradients[2];
    for (bool fast : { false, true })
    {
        network.fast = fast;
        network.zero_grad();
        outputs[fast] = network.perturb(faces.x, faces.same, { faces.same, faces.opposite });
        (outputs[fast][0] * faces.x + outputs[fast][1].square()).sum().backward();
        for (const Tensor& parameter : network.parameters())
            gradients[fast].push_back(parameter.grad().clone());
    }
    for (int k = 0; k < 2; ++k)
    {
        ASSERT_EQ(outputs[0][k].sizes(), faces.x.sizes());
        EXPECT_LE((outputs[0][k] - outputs[1][k]).abs().max().item<double>(), 1e-5);
    }
    EXPECT_GT((outputs[1][0] - outputs[1][1]).abs().max().item<double>(), 1e-2); // the prototype matters
    ASSERT_EQ(gradients[0].size(), 10u);
    for (size_t i = 0; i < gradients[0].size(); ++i)
        EXPECT_LE(relativeDifference(gradients[1][i], gradients[0][i]), 1e-4) << network.named_parameters()[i].key();
}

TEST(San2018, layers_are_those_of_the_paper)
{
    San2018 network;
    const int64_t expected = (4 * 9 + 1) * 8 + (8 * 9 + 1) * 12 + (12 * 9 + 1) * 256 + (256 * 9 + 1) * 128 + 131 + 1;
    EXPECT_EQ(countWeights(network), expected);
    const Faces faces(2);
    const Tensor code = network.encode(faces.x, faces.same);
    EXPECT_EQ(code.sizes(), torch::IntArrayRef({ 2, 12, 56, 56 }));
    EXPECT_EQ(network.decode(code).sizes(), torch::IntArrayRef({ 2, 128, 224, 224 }));
}

TEST(San2018, computes_in_bf16_with_fp32_gradients)
{
    torch::manual_seed(3);
    San2018 network;
    const Faces faces(2, 64);
    const Tensor exact = network.perturb(faces.x, faces.same, { faces.opposite })[0];
    const Tensor half = network.perturb(faces.x.to(torch::kBFloat16), faces.same, { faces.opposite })[0];
    EXPECT_EQ(half.scalar_type(), torch::kBFloat16);
    EXPECT_LE((half.to(torch::kFloat) - exact).abs().max().item<double>(), .05);
    half.sum().backward();
    for (const Tensor& parameter : network.parameters())
        EXPECT_EQ(parameter.grad().scalar_type(), torch::kFloat);
}

TEST(ResidualUNet, changes_are_bounded_and_fade_at_the_rim)
{
    torch::manual_seed(8);
    const double bound = .2;
    ResidualUNet network(torch::rand({ 3, CROP_SIZE, CROP_SIZE }), bound);
    EXPECT_GT(countWeights(network), 300000);
    EXPECT_LT(countWeights(network), 500000);
    torch::NoGradGuard no_gradients;
    network.residual->bias.fill_(10); // tanh = 1
    const Tensor x = torch::full({ 2, 1, CROP_SIZE, CROP_SIZE }, .5f), p = torch::rand({ 1, 3, CROP_SIZE, CROP_SIZE });
    const Tensor change = network.perturb(x, Tensor(), { p })[0] - x;
    EXPECT_NEAR(change.max().item<float>(), bound, 1e-6);
    EXPECT_NEAR(change[0][0][112][112].item<float>(), bound, 1e-6);
    EXPECT_LT(change.select(2, 0).abs().max().item<float>(), 1e-3);
    EXPECT_LT(change.select(3, CROP_SIZE - 1).abs().max().item<float>(), 1e-3);
    EXPECT_EQ(network.perturb(torch::ones_like(x), Tensor(), { p })[0].max().item<float>(), 1.f);
}

TEST(ResidualUNet, changes_the_face_and_not_what_lies_beside_the_jaw)
{
    const double bound = .1;
    const Tensor limit = ResidualUNet(torch::rand({ 3, CROP_SIZE, CROP_SIZE }), bound).limit[0];
    const auto at = [&](int64_t y, int64_t x) { return limit[y][x].item<double>(); };
    for (const auto& [x, y] : { std::pair(66, 68), { 157, 68 }, { 111, 120 }, { 72, 160 }, { 150, 160 } })
        EXPECT_NEAR(bound, at(y, x), bound / 20) << "landmark at " << x << ", " << y;
    for (int64_t x : { 18, 205 })
        EXPECT_EQ(0, at(174, x));
}

TEST(ResidualUNet, starts_near_the_face_and_sees_the_target_but_not_the_own_label)
{
    torch::manual_seed(9);
    ResidualUNet network;
    torch::NoGradGuard no_gradients;
    const Faces faces(2);
    const Tensor other = torch::rand({ 2, 3, CROP_SIZE, CROP_SIZE });
    const std::vector<Tensor> outputs = network.perturb(faces.x, faces.same, { faces.same, faces.opposite });
    ASSERT_EQ(outputs.size(), 2u);
    EXPECT_EQ(outputs[1].sizes(), faces.x.sizes());
    EXPECT_LT((outputs[0] - faces.x).abs().max().item<float>(), .02);
    EXPECT_TRUE(torch::equal(
        network.perturb(faces.x, other, { faces.same })[0], network.perturb(faces.x, faces.same, { faces.same })[0]));
    EXPECT_FALSE(torch::equal(outputs[0], outputs[1]));
    EXPECT_LE((outputs[1] - network.perturb(faces.x, Tensor(), { faces.opposite })[0]).abs().max().item<float>(), 1e-6);
}

TEST(ResidualUNet, learns_different_changes_for_different_targets)
{
    torch::manual_seed(10);
    ResidualUNet network;
    const Tensor x = torch::full({ 1, 1, CROP_SIZE, CROP_SIZE }, .5f);
    const Tensor dark = torch::full({ 1, 3, CROP_SIZE, CROP_SIZE }, .45f),
                 light = torch::full({ 1, 3, CROP_SIZE, CROP_SIZE }, .55f);
    torch::optim::Adam optimizer(network.parameters(), torch::optim::AdamOptions(1e-3));
    const auto gap = [&]
    {
        const std::vector<Tensor> outputs = network.perturb(x, Tensor(), { dark, light });
        return (outputs[1] - outputs[0]).mean();
    };
    const double before = gap().item<double>();
    for (int i = 0; i < 25; ++i)
    {
        optimizer.zero_grad();
        (-gap()).backward();
        optimizer.step();
    }
    EXPECT_GT(gap().item<double>(), before + .05);
}

TEST(ResidualUNet, bound_and_neutral_prototype_are_saved_with_the_weights)
{
    const auto saved = std::make_shared<ResidualUNet>(torch::rand({ 3, CROP_SIZE, CROP_SIZE }), .1),
               loaded = std::make_shared<ResidualUNet>();
    std::stringstream stream;
    torch::save(saved, stream);
    auto holder = loaded;
    torch::load(holder, stream);
    const Faces faces(1);
    EXPECT_TRUE(torch::equal(loaded->perturb(faces.x, Tensor(), { faces.opposite })[0],
        saved->perturb(faces.x, Tensor(), { faces.opposite })[0]));
}

TEST(GenderClassifier, shape_size_and_dropout_in_training_only)
{
    torch::manual_seed(4);
    GenderClassifier network;
    EXPECT_LT(countWeights(network) * sizeof(float), 2500000u);
    const Tensor x = torch::rand({ 2, 1, CROP_SIZE, CROP_SIZE });
    Draws draws(1, 2);
    EXPECT_FALSE(torch::equal(network.forward(x, &draws), network.forward(x, &draws)));
    EXPECT_THROW(network.forward(x), c10::Error) << "training needs random numbers";
    network.eval();
    const Tensor logits = network.forward(x);
    EXPECT_EQ(logits.sizes(), torch::IntArrayRef({ 2, 1 }));
    EXPECT_TRUE(torch::equal(logits, network.forward(x)));
    EXPECT_THROW(network.forward(torch::rand({ 1, 1, 96, 96 })), c10::Error);
}

TEST(LandmarkNetwork, shape_and_size)
{
    LandmarkNetwork network;
    EXPECT_GT(countWeights(network), 100000);
    EXPECT_LT(countWeights(network), 400000);
    EXPECT_EQ(network.forward(torch::rand({ 3, 1, 96, 96 })).sizes(), torch::IntArrayRef({ 3, 11 }));
    EXPECT_THROW(network.forward(torch::rand({ 1, 1, 64, 64 })), c10::Error);
}

TEST(LandmarkNetwork, heat_in_one_place_is_a_landmark_there)
{
    LandmarkNetwork network;
    network.eval();
    const int64_t side = 12, row = 3, column = 7; // 12x12 maps
    const Tensor output = torch::matmul(
        torch::one_hot(torch::tensor({ row * side + column }), side * side).to(torch::kFloat), network.grid);
    EXPECT_NEAR(output[0][0].item<float>(), (column + .5) / side, 1e-6); // x
    EXPECT_NEAR(output[0][1].item<float>(), (row + .5) / side, 1e-6);    // y
}

TEST(LandmarkNetwork, gathered_statistics_make_evaluation_agree_with_training)
{
    torch::manual_seed(7);
    LandmarkNetwork network;
    const Tensor x = torch::rand({ 64, 1, 96, 96 });
    const Tensor training = network.forward(x);
    network.eval();
    EXPECT_GT((network.forward(x) - training).abs().max().item<float>(), .02f);
    network.gatherStatistics({ x, x });
    EXPECT_FALSE(network.is_training());
    EXPECT_LT((network.forward(x) - training).abs().max().item<float>(),
        .02f); // variances are unbiased there, biased here
}

// A network that cannot fit two images has a broken path from weights to loss.
template <class Network>
double lossAfterTraining(Network& network, const Tensor& x, const Tensor& target, int steps)
{
    torch::optim::Adam optimizer(network.parameters(), torch::optim::AdamOptions(1e-3));
    double loss = 0;
    for (int i = 0; i < steps; ++i)
    {
        optimizer.zero_grad();
        const Tensor cost = torch::mse_loss(network.forward(x), target);
        cost.backward();
        optimizer.step();
        loss = cost.template item<double>();
    }
    return loss;
}

TEST(GenderClassifier, fits_two_images)
{
    torch::manual_seed(5);
    GenderClassifier network;
    network.eval();
    EXPECT_LT(lossAfterTraining(
                  network, torch::rand({ 2, 1, CROP_SIZE, CROP_SIZE }), torch::tensor({ { -1.f }, { 1.f } }), 40),
        .05);
}

TEST(LandmarkNetwork, fits_two_images)
{
    torch::manual_seed(6);
    LandmarkNetwork network;
    EXPECT_LT(lossAfterTraining(network, torch::rand({ 2, 1, 96, 96 }), torch::rand({ 2, 11 }), 60), .01);
}

} // namespace
