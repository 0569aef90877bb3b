// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#include "test_precomp.hpp"

#include "../src/similarity.hpp"

namespace opencv_test { namespace {

TEST(SanPrivacy_Similarity, composition_inverse_and_matrix)
{
    const Similarity f(Point2c(1.5, -.5), Point2c(7, 3)), g(Point2c(-.2, .9), Point2c(-4, 11));
    const double tolerance = 1e-12;
    for (const Point2c& z : { Point2c(0, 0), Point2c(1, 0), Point2c(-3, 8.5) })
    {
        EXPECT_LT(std::abs((f * g)(z)-f(g(z))), tolerance);
        EXPECT_LT(std::abs(f.inverse()(f(z)) - z), tolerance);
        const Vec2d moved = f.matrix() * Vec3d(z.real(), z.imag(), 1);
        EXPECT_LT(std::abs(Point2c(moved[0], moved[1]) - f(z)), tolerance);
        EXPECT_NEAR(std::abs(f(z) - f(0.)), f.scale() * std::abs(z), tolerance);
    }
    EXPECT_EQ(Similarity()(Point2c(2, 5)), Point2c(2, 5));
}

}} // namespace
