// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#include "test_roc_common.hpp"

#include <cmath>
#include <cstdio>
#include <fstream>
#include <functional>
#include <limits>
#include <sstream>

namespace opencv_test { namespace {

//! n scores of each label at the quantiles (i + 1/2) / n of two distributions: no sampling error, only 1/n of rounding.
Roc rocOfQuantiles(
    int n, const std::function<double(double)>& quantile0, const std::function<double(double)>& quantile1)
{
    std::vector<double> scores;
    std::vector<int> labels;
    for (int i = 0; i < n; ++i)
    {
        scores.push_back(quantile0((i + 0.5) / n));
        labels.push_back(0);
        scores.push_back(quantile1((i + 0.5) / n));
        labels.push_back(1);
    }
    return Roc(scores, labels);
}

TEST(SanPrivacy_Roc, gaussians_have_their_closed_form)
{
    const double distance = 1.5;
    const int n = 20000;
    const Roc roc = rocOfQuantiles(n, normalQuantile, [&](double q) { return normalQuantile(q) + distance; });
    EXPECT_NEAR(roc.area(), normalShare(distance / std::sqrt(2.)), 1e-4);
    EXPECT_NEAR(roc.eer(), normalShare(-distance / 2), 1e-4);
    EXPECT_NEAR(roc.eerThreshold(), distance / 2, 1e-3);
    for (double rate : { 0.1, 0.01, 0.001 })
        EXPECT_NEAR(roc.tprAt(rate), normalShare(distance - normalQuantile(1 - rate)), 2e-3);
}

TEST(SanPrivacy_Roc, exponentials_have_their_closed_form)
{
    // Rates 1 and 1/2: tpr = sqrt(fpr).
    const Roc roc = rocOfQuantiles(
        20000, [](double q) { return -std::log(1 - q); }, [](double q) { return -2 * std::log(1 - q); });
    EXPECT_NEAR(roc.area(), 2. / 3, 1e-4);
    EXPECT_NEAR(roc.eer(), (3 - std::sqrt(5.)) / 2, 1e-4);
    for (double rate : { 0.25, 0.01, 0.001 })
        EXPECT_NEAR(roc.tprAt(rate), std::sqrt(rate), 1e-3);
}

TEST(SanPrivacy_Roc, perfect_reversed_and_constant_scores)
{
    const std::vector<int> labels = { 0, 1, 0, 1, 1 };
    const Roc perfect(std::vector<float> { .1f, .8f, .2f, .7f, .9f }, labels);
    EXPECT_EQ(perfect.area(), 1);
    EXPECT_EQ(perfect.eer(), 0);
    EXPECT_EQ(perfect.eerThreshold(), (double).7f);

    const Roc reversed(std::vector<float> { .8f, .1f, .9f, .2f, .3f }, labels);
    EXPECT_EQ(reversed.area(), 0);
    EXPECT_EQ(reversed.eer(), 1);

    const Roc constant(std::vector<float>(5, .5f), labels);
    EXPECT_EQ(constant.area(), .5);
    EXPECT_EQ(constant.eer(), .5);
    ASSERT_EQ(constant.fpr.rows, 2);
    EXPECT_EQ(constant.thresholds(0), std::numeric_limits<double>::infinity());
    EXPECT_EQ(constant.thresholds(1), .5);
}

TEST(SanPrivacy_Roc, ties_share_a_point)
{
    // Label 1: 3 2 2 1; label 0: 2 1 0 0.
    const Roc roc(std::vector<int> { 3, 2, 2, 1, 2, 1, 0, 0 }, std::vector<int> { 1, 1, 1, 1, 0, 0, 0, 0 });
    const Mat fpr(Matx<double, 5, 1>(0, 0, .25, .5, 1)), tpr(Matx<double, 5, 1>(0, .25, .75, 1, 1));
    EXPECT_EQ(cvtest::norm(roc.fpr, fpr, NORM_INF), 0);
    EXPECT_EQ(cvtest::norm(roc.tpr, tpr, NORM_INF), 0);
    // 12 of 16 pairs in order, 3 tied (2-2 twice, 1-1).
    EXPECT_EQ(roc.area(), (12 + 3 / 2.) / 16);
    EXPECT_EQ(roc.eer(), .25);
}

TEST(SanPrivacy_Roc, eer_lies_between_the_points)
{
    // (0, .5) and (.5, .5): the level piece meets fpr = 1 - tpr at .5; (0, 0) to (.5, 1): at 1/3.
    EXPECT_EQ(equalErrorRate(std::vector<double> { 0, 0, .5, 1 }, std::vector<double> { 0, .5, .5, 1 }), .5);
    EXPECT_NEAR(equalErrorRate(std::vector<double> { 0, .5, 1 }, std::vector<double> { 0, 1, 1 }), 1. / 3, 1e-15);
}

TEST(SanPrivacy_Roc, confusion_counts_every_face)
{
    const std::vector<float> scores = { .2f, .5f, .7f, .4f, .9f };
    const std::vector<int> labels = { 0, 0, 0, 1, 1 };
    Mat1d counts;
    confusionMatrix(scores, labels, .5, counts);
    EXPECT_EQ(cvtest::norm(counts, Mat(Matx22d(1, 2, 1, 1)), NORM_INF), 0);
    EXPECT_EQ(errorRate(scores, labels, .5), 3. / 5);
    EXPECT_EQ(errorRate(scores, labels, std::numeric_limits<double>::infinity()), 2. / 5);
    EXPECT_EQ(errorRate(std::vector<float> { .6f }, std::vector<int> { 1 }, .5), 0);
}

TEST(SanPrivacy_Roc, a_column_of_a_table_is_as_good_as_a_copy)
{
    const Mat table(Matx<double, 4, 2>(.1, 0, .6, 0, .4, 1, .8, 1));
    Mat labels, fpr, tpr, thresholds;
    table.convertTo(labels, CV_32S);
    EXPECT_EQ(errorRate(table.col(0), labels.col(1), .5), errorRate(table.col(0).clone(), labels.col(1).clone(), .5));
    rocCurve(table.col(0), labels.col(1), fpr, tpr, thresholds);
    EXPECT_EQ(areaUnderCurve(fpr, tpr), .75);
}

TEST(SanPrivacy_Roc, what_is_empty_is_told)
{
    double lower, upper;
    Mat dst;
    const std::function<void()> calls[] = { [&] { confidenceInterval(noArray(), lower, upper); },
        [&] { errorRate(noArray(), noArray(), 0); }, [&] { rocCurve(noArray(), noArray(), dst, dst, dst); },
        [&] { bootstrapMean(noArray(), noArray(), dst); }, [&] { areaUnderCurve(noArray(), noArray()); } };
    for (const std::function<void()>& call : calls)
    {
        const std::string error = errorOf(call).err;
        EXPECT_NE(std::string::npos, error.find(" needs ")) << error;
    }
}

TEST(SanPrivacy_Roc, wrong_arguments_are_errors)
{
    Mat fpr, tpr, thresholds;
    const float nan = std::numeric_limits<float>::quiet_NaN();
    EXPECT_THROW(rocCurve(std::vector<float> { 1, 2 }, std::vector<int> { 1, 1 }, fpr, tpr, thresholds), cv::Exception);
    EXPECT_THROW(rocCurve(std::vector<float> { 1, 2 }, std::vector<int> { 0, 2 }, fpr, tpr, thresholds), cv::Exception);
    EXPECT_THROW(
        rocCurve(std::vector<float> { 1, 2, 3 }, std::vector<int> { 0, 1 }, fpr, tpr, thresholds), cv::Exception);
    EXPECT_THROW(
        rocCurve(std::vector<float> { 1, nan }, std::vector<int> { 0, 1 }, fpr, tpr, thresholds), cv::Exception);
    EXPECT_EQ("The labels must be integers of one channel, found CV_32FC1",
        errorOf([&] { errorRate(std::vector<float> { 1 }, std::vector<float> { 1 }, .5); }).err);
    EXPECT_THROW(errorRate(std::vector<float>(), std::vector<int>(), .5), cv::Exception);
    EXPECT_THROW(errorRate(std::vector<float> { .6f }, std::vector<int> { 1 }, NAN), cv::Exception);
    EXPECT_THROW(areaUnderCurve(std::vector<double> { 0, 1 }, std::vector<double> { 0, 1, 1 }), cv::Exception);
    EXPECT_THROW(rocCurve(Mat(), Mat(), fpr, tpr, thresholds), cv::Exception);
    EXPECT_NEAR(.4, suppressionRate(1, .6), 1e-12);
    for (const std::pair<double, double>& wrong :
        { std::make_pair(-.5, .5), std::make_pair(double(nan), .5), std::make_pair(1., double(nan)),
            std::make_pair(1., double(-INFINITY)), std::make_pair(double(INFINITY), 1.) })
        EXPECT_THROW(suppressionRate(wrong.first, wrong.second), cv::Exception) << wrong.first << " " << wrong.second;
    EXPECT_NEAR(3 - 1, privacyGainIdentityLoss(.1, .4, .2, .4), 1e-12);
    EXPECT_EQ(INFINITY, privacyGainIdentityLoss(0, .4, .2, .4));
    for (double wrong : { -.1, double(nan), double(INFINITY) })
    {
        EXPECT_THROW(privacyGainIdentityLoss(.1, wrong, .2, .4), cv::Exception) << wrong;
        EXPECT_THROW(privacyGainIdentityLoss(.1, .4, wrong, .4), cv::Exception) << wrong;
    }
}

TEST(SanPrivacy_Roc, curves_that_do_not_rise_are_errors)
{
    const std::vector<double> fpr = { 0, .2, 1 }, tpr = { 0, .7, 1 }, thresholds = { 9, .5, .1 };
    EXPECT_NEAR(.75, areaUnderCurve(fpr, tpr), 1e-12);
    const std::vector<double> wrong[] = { { 1, .2, 0 }, { 0, .2, .9 }, { .1, .2, 1 }, { 0, 1.2, 1 }, { 0, -.1, 1 },
        { 0, std::numeric_limits<double>::quiet_NaN(), 1 } };
    for (const std::vector<double>& rates : wrong)
    {
        EXPECT_THROW(areaUnderCurve(rates, tpr), cv::Exception) << Mat(rates);
        EXPECT_THROW(areaUnderCurve(fpr, rates), cv::Exception) << Mat(rates);
        EXPECT_THROW(equalErrorRate(rates, tpr), cv::Exception) << Mat(rates);
        EXPECT_THROW(equalErrorThreshold(fpr, rates, thresholds), cv::Exception) << Mat(rates);
    }
    EXPECT_THROW(equalErrorThreshold(fpr, tpr, std::vector<double> { .1, .5, 9 }), cv::Exception) << "rising";
    EXPECT_THROW(equalErrorThreshold(fpr, tpr, std::vector<double> { 9, NAN, .1 }), cv::Exception);
    const std::vector<double> falling_fpr(fpr.rbegin(), fpr.rend()), falling_tpr(tpr.rbegin(), tpr.rend());
    EXPECT_THROW(areaUnderCurve(falling_fpr, falling_tpr), cv::Exception) << "the whole curve backwards";
}

TEST(SanPrivacy_Roc, equal_error_threshold_is_the_highest_of_several)
{
    // At .8 and at .4 the rates differ by the same .25: fpr 0 and 1 - tpr .25, then .5 and .25.
    const std::vector<double> fpr = { 0, 0, .5, 1 }, tpr = { 0, .75, .75, 1 }, thresholds = { 9, .8, .4, .1 };
    EXPECT_EQ(.8, equalErrorThreshold(fpr, tpr, thresholds));
    const std::vector<double> level = { 0, .25, .25, 1 }, rising = { 0, .75, .75, 1 };
    EXPECT_EQ(.8, equalErrorThreshold(level, rising, thresholds)) << "two points in one place";
}

TEST(SanPrivacy_Roc, agrees_with_scikit_learn)
{
    const std::string script = cvtest::findDataFile("sklearn_roc.py", false), data = cv::tempfile(".txt");
    RNG rng(11);
    std::vector<double> scores;
    std::vector<int> labels;
    {
        std::ofstream file(data.c_str());
        file.precision(17);
        for (int i = 0; i < 5000; ++i)
        {
            labels.push_back(rng.uniform(0, 2));
            // Every other score is rounded, so that many tie, within a label and across.
            const double score = rng.gaussian(1) + labels.back();
            scores.push_back(i % 2 ? score : std::round(score * 10) / 10);
            file << scores.back() << ' ' << labels.back() << '\n';
        }
    }
    FILE* python = popen(
        ("exec 2>&1; for python in /usr/bin/python3 python3; do $python -c 'import sklearn' && break; done; $python '"
            + script + "' '" + data + "'")
            .c_str(),
        "r");
    ASSERT_TRUE(python != NULL);
    std::string output;
    for (int c; (c = fgetc(python)) != EOF;)
        output += (char)c;
    const int status = pclose(python);
    std::remove(data.c_str());
    if (WIFEXITED(status) && (WEXITSTATUS(status) == 77 || WEXITSTATUS(status) == 127))
        throw cvtest::SkipTestException("no scikit-learn: " + output);
    ASSERT_EQ(status, 0) << output;

    std::istringstream lines(output);
    double area = 0, x = 0, y = 0;
    std::string threshold;
    const Roc roc(scores, labels);
    ASSERT_TRUE(lines >> area) << output;
    EXPECT_NEAR(roc.area(), area, 1e-9);
    int points = 0;
    for (; lines >> x >> y >> threshold; ++points)
    {
        ASSERT_LT(points, roc.fpr.rows);
        ASSERT_NEAR(roc.fpr(points), x, 1e-9);
        ASSERT_NEAR(roc.tpr(points), y, 1e-9);
        if (points > 0) // the first is infinity in scikit-learn from 1.3 on, the highest score plus 1 before
        {
            ASSERT_EQ(roc.thresholds(points), std::stod(threshold));
        }
    }
    EXPECT_EQ(points, roc.fpr.rows);
}

TEST(SanPrivacy_Roc, suppression_rate_and_privacy_gain)
{
    EXPECT_DOUBLE_EQ(suppressionRate(.9, .45), .5);
    EXPECT_DOUBLE_EQ(suppressionRate(.9, .9), 0);
    EXPECT_THROW(suppressionRate(0, .5), cv::Exception);
    // The attribute error grows by 300 %, the recognition error by 50 %.
    EXPECT_DOUBLE_EQ(privacyGainIdentityLoss(.1, .4, .02, .03), 2.5);
}

}} // namespace
