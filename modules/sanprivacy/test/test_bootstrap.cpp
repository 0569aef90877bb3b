// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#include "test_roc_common.hpp"

#include <cmath>

namespace opencv_test { namespace {

TEST(SanPrivacy_Bootstrap, interval_is_as_wide_as_the_number_of_people_says)
{
    // An error rate of p among n people: standard error sqrt(p (1 - p) / n), however many equal faces each has.
    const int people = 400;
    const double p = .25;
    for (int faces : { 1, 4 })
    {
        std::vector<float> errors;
        std::vector<int> identities;
        for (int person = 0; person < people; ++person)
            for (int face = 0; face < faces; ++face)
            {
                errors.push_back(person < p * people);
                identities.push_back(1000 - person);
            }
        Mat1d means, again;
        bootstrapMean(errors, identities, means, 4000, 3);
        bootstrapMean(errors, identities, again, 4000, 3);
        EXPECT_EQ(cvtest::norm(means, again, NORM_INF), 0);
        double lower = 0, upper = 0;
        confidenceInterval(means, lower, upper);
        const double half = normalQuantile(.975) * std::sqrt(p * (1 - p) / people);
        EXPECT_NEAR(lower, p - half, .1 * half);
        EXPECT_NEAR(upper, p + half, .1 * half);
    }
    Mat1d means;
    EXPECT_EQ(Error::StsOutOfRange,
        errorOf([&] { bootstrapMean(std::vector<double>(2, 1e308), std::vector<int>(2, 0), means, 5); }).code);
    EXPECT_TRUE(means.empty());
    double lower = 0, upper = 0;
    confidenceInterval(std::vector<double> { 5, 1, 3, 2, 4 }, lower, upper, .5);
    EXPECT_EQ(lower, 2);
    EXPECT_EQ(upper, 4);
}

}} // namespace
