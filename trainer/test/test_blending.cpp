// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#include "networks/blending.hpp"

#include <gtest/gtest.h>

#include "networks/layers.hpp"

using namespace sanprivacy::train;
using torch::Tensor;

namespace {

//! Skin of one color with red lips and gray teeth, RGB.
Tensor face()
{
    Tensor x = torch::tensor({ .8f, .6f, .5f }).reshape({ 1, 3, 1, 1 }).repeat({ 1, 1, CROP_SIZE, CROP_SIZE });
    const auto paint = [&](int64_t top, const Tensor& color) {
        x.slice(2, top, top + 10).slice(3, 90, 130).copy_(color.reshape({ 1, 3, 1, 1 }));
    };
    paint(150, torch::tensor({ .8f, .3f, .4f }));
    paint(160, torch::tensor({ .7f, .7f, .7f }));
    return x;
}

TEST(Blending, evens_chroma_inside_the_face_and_keeps_luma)
{
    const Tensor x = face(), added = evenedChroma(x, .6);
    const auto pixel = [](const Tensor& t, int64_t row, int64_t column)
    { return t.slice(2, row, row + 1).slice(3, column, column + 1).flatten(); };
    EXPECT_LE(luma(added).abs().max().item<double>(), 1e-6);
    EXPECT_EQ(pixel(added, 0, 0).abs().max().item<double>(), 0) << "outside of the ellipse";
    EXPECT_LE(pixel(added, 165, 110).abs().max().item<double>(), 1e-6) << "teeth have no chroma to even out";

    // Lips: as far as the strength says towards the mean, which is nearly that of the skin.
    const Tensor skin = pixel(x - luma(x), 100, 110), lips = pixel(x - luma(x), 155, 110);
    EXPECT_LE((pixel(added, 155, 110) - .6 * (skin - lips)).abs().max().item<double>(), .01);
    EXPECT_LE(pixel(added, 100, 110).abs().max().item<double>(), .01);
    EXPECT_TRUE(torch::allclose(evenedChroma(x, 1), added / .6, 1e-5, 1e-7));
    EXPECT_EQ(evenedChroma(x, 0).abs().max().item<double>(), 0);
}

TEST(Blending, gray_faces_have_no_chroma)
{
    const Tensor gray = torch::rand({ 2, 1, CROP_SIZE, CROP_SIZE });
    EXPECT_EQ(evenedChroma(gray, 1).abs().max().item<double>(), 0);
    EXPECT_LE(evenedChroma(gray.expand({ -1, 3, -1, -1 }), 1).abs().max().item<double>(), 1e-6);
}

TEST(Blending, each_face_has_its_own_mean_and_no_gradient)
{
    const Tensor one = face(), other = one.flip({ 1 }), both = evenedChroma(torch::cat({ one, other }), .5);
    EXPECT_TRUE(torch::allclose(both.narrow(0, 1, 1), evenedChroma(other, .5), 1e-5, 1e-6));
    EXPECT_FALSE(evenedChroma(one.clone().set_requires_grad(true), .5).requires_grad());
}

} // namespace
