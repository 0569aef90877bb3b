// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#include "auxiliary_networks.hpp"
#include "networks/auxiliary.hpp"
#include "networks/crops.hpp"

#include <cmath>

#include <gtest/gtest.h>

using namespace sanprivacy::train;
typedef std::vector<int64_t> Ints;

namespace {

TEST(Auxiliary, scales_and_subtracts)
{
    SmallGraph g;
    ModelDescription d = passThrough(g, 2);
    d.landmark_template = scaledTemplate(2. / 112);
    d.mean = cv::Scalar(129.1863, 104.7624, 93.5940);
    d.scale = .5;
    const Tensor row = Auxiliary(d).forward(torch::full({ 1, 1, CROP, CROP }, .6))[0];
    for (int64_t i = 0; i < row.numel(); ++i)
        EXPECT_NEAR(row[i].item<double>(), (153 - d.mean[(int)i / 4]) * .5, 1e-3);
}

TEST(Auxiliary, gray_plane_thrice_equals_summed_filters)
{
    torch::manual_seed(5);
    const Tensor kernels = torch::randn({ 6, 3, 3, 3 });
    SmallGraph color, gray;
    color.input("image", { 1, 3, 32, 32 });
    color.node("Flatten", { color.node("Conv", { "image", color.weights("w", kernels) }, { "c" }) }, { "row" });
    color.output("row");
    gray.input("image", { 1, 1, 32, 32 });
    gray.node(
        "Flatten", { gray.node("Conv", { "image", gray.weights("w", kernels.sum(1, true)) }, { "c" }) }, { "row" });
    gray.output("row");

    ModelDescription three = describe(cv::sanprivacy::NETWORK_MATCHER, 32, 32),
                     one = describe(cv::sanprivacy::NETWORK_MATCHER, 32, 32, "gray");
    three.file = color.write();
    one.file = gray.write();
    three.landmark_template = one.landmark_template = scaledTemplate(32. / 112);
    const Tensor x = toTensor(texture(4)), expected = Auxiliary(one).forward(x);
    EXPECT_LE(((Auxiliary(three).forward(x) - expected).abs().max() / expected.abs().max()).item<double>(), 1e-5);
}

TEST(Auxiliary, color_goes_to_the_channels_of_the_network)
{
    const Tensor r = toTensor(texture(4)), g = toTensor(texture(5)), b = toTensor(texture(6)),
                 rgb = torch::cat({ r, g, b }, 1);
    const auto forward = [&](const char* color, const Tensor& faces)
    {
        SmallGraph graph;
        ModelDescription d = passThrough(graph, 16, color);
        d.landmark_template = scaledTemplate(16. / 112);
        return Auxiliary(d).forward(faces).reshape({ faces.size(0), -1, 16, 16 });
    };
    const auto same = [](const Tensor& found, const Tensor& expected)
    { return torch::allclose(found, expected, 0, 1e-5); };
    EXPECT_TRUE(same(forward("rgb", rgb)[0][1], forward("gray", g)[0][0]));
    EXPECT_TRUE(same(forward("bgr", rgb)[0][2], forward("gray", r)[0][0]));
    EXPECT_TRUE(same(forward("gray", rgb), forward("gray", .299 * r + .587 * g + .114 * b)));
}

//! Two convolutions and the softmax of three values.
void buildClassifier(SmallGraph& g, double gain = 1)
{
    torch::manual_seed(6);
    g.input("image", { 1, 3, 24, 24 });
    g.node("Conv", { "image", g.weights("w", torch::randn({ 4, 3, 3, 3 })) }, { "c" });
    g.node("Sigmoid", { "c" }, { "s" });
    g.node("Flatten", { g.node("GlobalAveragePool", { "s" }, { "p" }) }, { "f" });
    g.node("Gemm", { "f", g.weights("v", torch::randn({ 4, 3 }) * gain), g.weights("b", torch::randn({ 3 }) * gain) },
        { "z" });
    g.node("Softmax", { "z" }, { "probability" });
    g.output("z");
    g.output("probability");
}

ModelDescription describeClassifier(const SmallGraph& g)
{
    ModelDescription d = describe(cv::sanprivacy::NETWORK_CLASSIFIER, 24, 24);
    d.file = g.write();
    d.landmark_template = scaledTemplate(24. / 112);
    d.output = "probability";
    d.index = { 1, 2 };
    return d;
}

TEST(Auxiliary, classifier_gives_the_logit_of_its_elements)
{
    SmallGraph g;
    buildClassifier(g);
    const ModelDescription d = describeClassifier(g);
    const Auxiliary auxiliary(d);
    const Tensor x = torch::cat({ toTensor(texture(5)), toTensor(texture(6)) }, 0), logit = auxiliary.forward(x);
    ASSERT_EQ(logit.sizes(), Ints({ 2, 1 }));
    const Tensor input = auxiliary.crop(x).expand({ 2, 3, 24, 24 });
    const Tensor probability = OnnxGraph(d.file).forward({ input }, { "probability" })[0].narrow(1, 1, 2).sum(1);
    EXPECT_LE((logit.select(1, 0).sigmoid() - probability).abs().max().item<double>(), 1e-5);
}

TEST(Auxiliary, certainty_stays_finite)
{
    SmallGraph g;
    buildClassifier(g, 1000);
    ModelDescription d = describeClassifier(g);
    for (int index = 0; index < 3; ++index)
    {
        d.index = { index };
        Tensor x = toTensor(texture(5)).set_requires_grad(true);
        const Tensor logit = Auxiliary(d).forward(x);
        EXPECT_GT(logit.abs().item<double>(), 10);
        EXPECT_TRUE(logit.isfinite().all().item<bool>());
        EXPECT_TRUE(torch::autograd::grad({ logit }, { x })[0].isfinite().all().item<bool>());
    }
}

TEST(Auxiliary, gradient_reaches_the_crop)
{
    SmallGraph g;
    buildClassifier(g);
    const Auxiliary auxiliary(describeClassifier(g), torch::kDouble);
    Tensor x = toTensor(texture(7)).to(torch::kDouble).set_requires_grad(true);
    Draws draws(1);
    const Tensor jitter = drawJitter(draws, .05, 4);
    const Tensor gradient = torch::autograd::grad({ auxiliary.forward(x, jitter) }, { x })[0];

    torch::NoGradGuard noGrad;
    const double step = 1e-6;
    for (int i = 0; i < 4; ++i)
    {
        const Tensor direction = torch::randn_like(x) + gradient / gradient.abs().max();
        const double expected = (gradient * direction).sum().item<double>();
        const double found =
            (auxiliary.forward(x + step * direction, jitter) - auxiliary.forward(x - step * direction, jitter))
                .item<double>()
            / (2 * step);
        EXPECT_NEAR(found, expected, 1e-5 * std::abs(expected));
    }
    // Every pixel of the face counts, although the network's input is nine times smaller.
    const Tensor face = gradient.slice(2, 60, 170).slice(3, 60, 165);
    EXPECT_EQ((face != 0).sum().item<int64_t>(), face.numel());
}

TEST(Auxiliary, descriptors)
{
    SmallGraph g;
    ModelDescription d = passThrough(g, 8);
    d.landmark_template = scaledTemplate(8. / 112);
    const Tensor x = torch::cat({ toTensor(texture(8)), toTensor(texture(9)) }, 0);
    const Tensor plain = Auxiliary(d).forward(x);
    d.distance = cv::sanprivacy::DISTANCE_COSINE;
    const Tensor unit = Auxiliary(d).forward(x);
    ASSERT_EQ(plain.sizes(), Ints({ 2, 192 }));
    EXPECT_LE((unit.norm(2, 1) - 1).abs().max().item<double>(), 1e-5);
    EXPECT_LE((unit * plain.norm(2, 1, true) - plain).abs().max().item<double>(), 1e-5);
    EXPECT_GT((plain.norm(2, 1) - 1).abs().min().item<double>(), .1);

    const Tensor half = Auxiliary(d, torch::kBFloat16).forward(x.to(torch::kBFloat16));
    EXPECT_EQ(half.scalar_type(), torch::kFloat);
    EXPECT_GT((half * unit).sum(1).min().item<double>(), .9999);
}

TEST(Auxiliary, wrong_descriptions)
{
    SmallGraph g;
    buildClassifier(g);
    const ModelDescription good = describeClassifier(g);
    EXPECT_NO_THROW(Auxiliary { good });

    ModelDescription bad = good;
    bad.index = { 0, 3 };
    EXPECT_THROW(Auxiliary { bad }, cv::Exception);
    bad = good;
    bad.output = "age";
    EXPECT_THROW(Auxiliary { bad }, cv::Exception);
    bad = good;
    bad.output.clear(); // there are two
    EXPECT_THROW(Auxiliary { bad }, cv::Exception);
    bad = good;
    bad.landmark_template.clear();
    EXPECT_THROW(Auxiliary { bad }, cv::Exception);
    bad = good;
    bad.size.width = 25;
    EXPECT_THROW(Auxiliary { bad }, cv::Exception);
    bad = good;
    bad.color = "gray";
    EXPECT_THROW(Auxiliary { bad }, cv::Exception);
    bad = good;
    bad.file += ".absent";
    EXPECT_THROW(Auxiliary { bad }, cv::Exception);
}

} // namespace
