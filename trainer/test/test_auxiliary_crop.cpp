// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#include "auxiliary_networks.hpp"
#include "networks/auxiliary.hpp"
#include "networks/crops.hpp"

#include <gtest/gtest.h>

using namespace sanprivacy::train;
typedef std::vector<int64_t> Ints;

namespace {

TEST(Auxiliary, crop_is_that_of_alignFace)
{
    const double meanTolerance = .003, maxTolerance = .03; // of black to white; the pyramids start at different pixels
    for (double factor : { .5, 1., 1.7, 2.5, 4. })         // eyes 18 to 141 px apart; 90 in the canonical crop
    {
        SCOPED_TRACE(factor);
        const int side = cvRound(112 * factor);
        SmallGraph g;
        ModelDescription d = passThrough(g, side);
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
    ModelDescription d = passThrough(g, 64);
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

TEST(Auxiliary, square_beyond_the_crop_is_that_of_FaceNetwork_if_the_surroundings_are_known)
{
    SmallGraph g;
    ModelDescription d = passThrough(g, 64);
    d.square = 372. / 266;
    // The typical face box, where the canonical crop is the middle of an image twice as wide and high.
    const int margin = CROP / 2;
    cv::Mat face = cv::Mat::zeros(1, 15, CV_32F);
    cv::Mat(cv::Matx14f(margin + 111 - 105, margin + 98 - 133, 210, 266)).copyTo(face.colRange(0, 4));

    cv::Mat image, expected;
    cv::GaussianBlur(texture(4, 2 * CROP), image, cv::Size(), 8);
    cv::normalize(image, image, 0, 255, cv::NORM_MINMAX, CV_8U);
    cv::sanprivacy::FaceNetwork::create(d)->crop(image, face, expected);
    const Tensor whole = toTensor(image), reference = toTensor(expected),
                 crop = whole.narrow(2, margin, CROP).narrow(3, margin, CROP), wide = torch::avg_pool2d(whole, 2);
    const Auxiliary narrow(d), withSurroundings(d, torch::kFloat, torch::kCPU, true);
    ASSERT_FALSE(narrow.seesSurroundings());
    ASSERT_TRUE(withSurroundings.seesSurroundings());
    const double difference = meanDifference(withSurroundings.crop(wide), reference);
    EXPECT_LE(difference, .01);
    EXPECT_GE(meanDifference(narrow.crop(crop), reference), 5 * difference) << "the crop's border repeats";
    const Tensor six = torch::tensor({ { 1.f, 0.f, 6.f, 0.f } }); // pixels of the canonical crop: one of the network's
    EXPECT_LE(meanDifference(withSurroundings.crop(wide, six).narrow(3, 0, 63), reference.narrow(3, 1, 63)), .015);

    // What is added to the crop is added at its place.
    const Tensor added = torch::zeros({ 1, 1, CROP, CROP });
    added.narrow(2, 80, 40).narrow(3, 60, 40).fill_(.5);
    const Tensor changed = withinSurroundings(wide, added) - wide;
    EXPECT_TRUE(torch::allclose(changed.narrow(2, 96, 20).narrow(3, 86, 20), torch::tensor(.5), 0, 1e-5));
    EXPECT_NEAR(changed.sum().item<double>(), added.sum().item<double>() / 4, 1e-2);
}

TEST(Auxiliary, surroundings_are_for_coarse_views_that_reach_beyond_the_crop)
{
    SmallGraph small, large;
    ModelDescription d = passThrough(small, 64);
    const auto sees = [&d] { return Auxiliary(d, torch::kFloat, torch::kCPU, true).seesSurroundings(); };
    d.square = .85; // 226 pixels of the canonical crop
    EXPECT_FALSE(sees());
    d.square = 1.4;
    EXPECT_TRUE(sees());
    d = passThrough(large, 200);
    d.square = 1.4;
    EXPECT_FALSE(sees()) << "it would miss details";
    d.square = 0;
    d.landmark_template = scaledTemplate(200. / 112);
    EXPECT_FALSE(sees());
}

TEST(Auxiliary, jitter_moves_the_crop)
{
    SmallGraph g;
    ModelDescription d = passThrough(g, CROP);
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
    EXPECT_LE(
        meanDifference(classifierCrop(x, shape, quarter), torch::rot90(classifierCrop(x, shape), 1, { 2, 3 })), 1e-4);
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

} // namespace
