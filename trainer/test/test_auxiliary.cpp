// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#include "networks/auxiliary.hpp"
#include "networks/views.hpp"
#include "small_graph.hpp"

#include <cmath>

#include <gtest/gtest.h>
#include <opencv2/imgproc.hpp>
#include <opencv2/sanprivacy/alignment.hpp>

using namespace sanprivacy::train;
using cv::sanprivacy::ModelDescription;
using torch::Tensor;
typedef std::vector<int64_t> Ints;

namespace {

const int CROP = 224;
const std::vector<cv::Point2f> ARC112 = { { 38.2946f, 51.6963f }, { 73.5318f, 51.5014f }, { 56.0252f, 71.7366f },
    { 41.5493f, 92.3655f }, { 70.7299f, 92.2041f } };

//! A network's description without its file.
ModelDescription describe(int task, int width, int height, const char* color = "rgb")
{
    ModelDescription d;
    d.name = "tested";
    d.task = task;
    d.size = cv::Size(width, height);
    d.color = color;
    d.scale = 1. / 255;
    if (task == cv::sanprivacy::NETWORK_MATCHER)
        d.distance = cv::sanprivacy::DISTANCE_EUCLIDEAN;
    return d;
}

std::vector<cv::Point2f> scaledTemplate(double factor)
{
    std::vector<cv::Point2f> landmark_template = ARC112;
    for (auto& point : landmark_template)
        point *= factor;
    return landmark_template;
}

//! Gives what it is given, as one row per face.
void buildPassThrough(SmallGraph& g, int64_t channels, int64_t height, int64_t width)
{
    g.input("image", { 1, channels, height, width });
    g.node("Flatten", { "image" }, { "row" });
    g.output("row");
}

//! An image with detail of every size down to a few pixels, 0..1.
cv::Mat texture(uint64_t seed)
{
    cv::RNG rng(seed);
    cv::Mat sum = cv::Mat::zeros(CROP, CROP, CV_32F), noise(CROP, CROP, CV_32F);
    for (double sigma : { 1.5, 4., 12. })
    {
        rng.fill(noise, cv::RNG::NORMAL, 0, 1);
        cv::GaussianBlur(noise, noise, cv::Size(), sigma);
        sum += noise * sigma;
    }
    cv::normalize(sum, sum, 0, 1, cv::NORM_MINMAX);
    return sum;
}

Tensor toTensor(const cv::Mat& gray)
{
    cv::Mat values;
    gray.convertTo(values, CV_32F, gray.depth() == CV_8U ? 1. / 255 : 1.);
    return torch::from_blob(values.data, { 1, 1, values.rows, values.cols }).clone();
}

double meanDifference(const Tensor& a, const Tensor& b)
{
    return (a - b).abs().mean().item<double>();
}

TEST(Auxiliary, crop_is_that_of_alignFace)
{
    const double meanTolerance = .003, maxTolerance = .03; // of black to white; the pyramids start at different pixels
    for (double factor : { .5, 1., 1.7, 2.5, 4. })         // eyes 18 to 141 px apart; 90 in the canonical crop
    {
        SCOPED_TRACE(factor);
        const int side = cvRound(112 * factor);
        SmallGraph g;
        buildPassThrough(g, 3, side, side);
        ModelDescription d = describe(cv::sanprivacy::NETWORK_MATCHER, side, side);
        d.file = g.write();
        d.landmark_template = scaledTemplate(factor);
        const cv::Mat image = texture(1);
        cv::Mat canonical, expected;
        cv::sanprivacy::getCanonicalLandmarks(canonical);
        cv::sanprivacy::alignFace(image, canonical, expected, d.size, cv::Mat(d.landmark_template).reshape(1));

        const Tensor crop = Auxiliary(d).crop(toTensor(image)), reference = toTensor(expected);
        ASSERT_EQ(crop.sizes(), Ints({ 1, 1, side, side }));
        EXPECT_LE(meanDifference(crop, reference), meanTolerance);
        EXPECT_LE((crop - reference).abs().max().item<double>(), maxTolerance);
        EXPECT_GT(reference.std().item<double>(), 10 * meanTolerance);
    }
}

//! A network that answers the canonical crop itself.
ModelDescription wholeCrop(SmallGraph& g)
{
    buildPassThrough(g, 3, CROP, CROP);
    ModelDescription d = describe(cv::sanprivacy::NETWORK_MATCHER, CROP, CROP);
    d.file = g.write();
    cv::Mat canonical;
    cv::sanprivacy::getCanonicalLandmarks(canonical);
    for (int i = 0; i < canonical.rows; ++i)
        d.landmark_template.push_back(cv::Point2f(canonical.at<float>(i, 0), canonical.at<float>(i, 1)));
    return d;
}

TEST(Auxiliary, canonical_template_is_the_identity)
{
    SmallGraph g;
    const ModelDescription d = wholeCrop(g);
    const Tensor gray = toTensor(texture(2));
    EXPECT_LE((Auxiliary(d).crop(gray) - gray).abs().max().item<double>(), 1e-4);
}

TEST(Auxiliary, square_is_that_of_FaceNetwork)
{
    SmallGraph g;
    buildPassThrough(g, 3, 64, 64);
    ModelDescription d = describe(cv::sanprivacy::NETWORK_MATCHER, 64, 64);
    d.file = g.write();
    d.square = 134. / 266; // within the image, and whole pixels of it
    // The typical face box in the canonical crop.
    cv::Mat face = cv::Mat::zeros(1, 15, CV_32F);
    cv::Mat(cv::Matx14f(111 - 105, 98 - 133, 210, 266)).copyTo(face.colRange(0, 4));

    cv::Mat image, expected;
    cv::GaussianBlur(texture(3), image, cv::Size(), 3); // either low-pass leaves that as it is
    cv::normalize(image, image, 0, 255, cv::NORM_MINMAX, CV_8U);
    cv::sanprivacy::FaceNetwork::create(d)->crop(image, face, expected);
    const Auxiliary auxiliary(d);
    const Tensor x = toTensor(image), reference = toTensor(expected);
    const double difference = meanDifference(auxiliary.crop(x), reference);
    EXPECT_LE(difference, .004);
    EXPECT_LE(3 * difference,
        meanDifference(auxiliary.crop(x, torch::tensor({ { 1.f, 0.f, 2.f, 0.f } })), reference)); // off by two
    EXPECT_LE(
        3 * difference, meanDifference(auxiliary.crop(x, torch::tensor({ { 1.04f, 0.f, 0.f, 0.f } })), reference));
}

TEST(Auxiliary, scales_and_subtracts)
{
    SmallGraph g;
    buildPassThrough(g, 3, 2, 2);
    ModelDescription d = describe(cv::sanprivacy::NETWORK_MATCHER, 2, 2);
    d.file = g.write();
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
        buildPassThrough(graph, std::string(color) == "gray" ? 1 : 3, 16, 16);
        ModelDescription d = describe(cv::sanprivacy::NETWORK_MATCHER, 16, 16, color);
        d.file = graph.write();
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
    buildPassThrough(g, 3, 8, 8);
    ModelDescription d = describe(cv::sanprivacy::NETWORK_MATCHER, 8, 8);
    d.file = g.write();
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

TEST(Auxiliary, jitter_moves_the_crop)
{
    SmallGraph g;
    buildPassThrough(g, 3, CROP, CROP);
    ModelDescription d = describe(cv::sanprivacy::NETWORK_MATCHER, CROP, CROP);
    d.file = g.write();
    d.landmark_template = scaledTemplate(2);
    const Auxiliary auxiliary(d);
    const Tensor x = toTensor(texture(10));
    EXPECT_LE(meanDifference(auxiliary.crop(x, torch::tensor({ { 1.f, 0.f, 0.f, 0.f } })), auxiliary.crop(x)), 1e-6);

    // Three pixels to the right and five down show what lies there.
    const Tensor moved = auxiliary.crop(x, torch::tensor({ { 1.f, 0.f, 3.f, 5.f } }));
    const Tensor rolled = auxiliary.crop(torch::roll(x, { -5, -3 }, { 2, 3 }));
    auto inner = [](const Tensor& t) { return t.slice(2, 80, 180).slice(3, 50, 170); }; // clear of the border
    EXPECT_LE(meanDifference(inner(moved), inner(rolled)), 1e-4);
    EXPECT_GT(meanDifference(inner(moved), inner(auxiliary.crop(x))), .01);

    // Each face has its own.
    const Tensor both =
        auxiliary.crop(x.expand({ 2, -1, -1, -1 }), torch::tensor({ { 1.f, 0.f, 3.f, 5.f }, { 1.1f, 0.f, 0.f, 0.f } }));
    EXPECT_LE(meanDifference(both.narrow(0, 0, 1), moved), 1e-6);
    EXPECT_GT(meanDifference(both.narrow(0, 1, 1), moved), .01);
}

TEST(Auxiliary, jitter_rolls_the_crop)
{
    SmallGraph g;
    const ModelDescription d = wholeCrop(g);
    const Tensor x = toTensor(texture(11)), quarter = torch::tensor({ { 0.f, 1.f, 0.f, 0.f } });
    // A pixel to the right of the center shows what lies below the center: the picture turns against the clock.
    EXPECT_LE(meanDifference(Auxiliary(d).crop(x, quarter), torch::rot90(x, 1, { 2, 3 })), 1e-4);
    SmallClassifierShape shape = { 112, 1, 3, { 8 }, 1, SmallClassifierShape::STRIDE, false, false, false };
    EXPECT_LE(meanDifference(viewOf(x, shape, quarter), torch::rot90(viewOf(x, shape), 1, { 2, 3 })), 1e-4);
}

TEST(Auxiliary, crops_are_those_of_a_detector_or_others)
{
    const int64_t n = 4000;
    Draws draws(1, n), share(1, n, 100, 200);
    const Tensor crops = drawCrop(draws), factor = crops.narrow(1, 0, 2).norm(2, 1);
    EXPECT_TRUE(torch::equal(crops.slice(0, 100, 200), drawCrop(share)));
    EXPECT_NEAR(factor.min().item<double>(), .85, .01);
    EXPECT_NEAR(factor.max().item<double>(), 1.35, .01);
    EXPECT_NEAR((crops.select(1, 1) == 0).to(torch::kFloat).mean().item<double>(), .5, .05);
    EXPECT_LE(crops.narrow(1, 2, 2).abs().max().item<double>(), 12);
}

TEST(Auxiliary, jitter_is_uniform_and_repeatable)
{
    auto draw = [](uint64_t seed)
    {
        Draws draws(seed, 5000);
        return drawJitter(draws, .05, 3);
    };
    const Tensor jitter = draw(1), lowest = torch::tensor({ .95f, 0.f, -3.f, -3.f }),
                 highest = torch::tensor({ 1.05f, 0.f, 3.f, 3.f });
    EXPECT_TRUE(((jitter >= lowest) & (jitter <= highest)).all().item<bool>());
    EXPECT_LE((jitter.amin(0) - lowest).max().item<double>(), .01);
    EXPECT_LE((highest - jitter.amax(0)).max().item<double>(), .01);
    EXPECT_TRUE(torch::equal(draw(1), jitter));
    EXPECT_FALSE(torch::equal(draw(2), jitter));
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
