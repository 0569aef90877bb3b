// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#include "test_precomp.hpp"

#include <cmath>
#include <cstdio>
#include <fstream>
#include <functional>
#include <limits>
#include <numeric>
#include <sstream>

namespace opencv_test { namespace {

struct Roc
{
    Roc(InputArray scores, InputArray labels) { rocCurve(scores, labels, fpr, tpr, thresholds); }
    explicit Roc(const Ptr<MatchEvaluation>& evaluation) { evaluation->roc(fpr, tpr, thresholds); }
    double area() const { return areaUnderCurve(fpr, tpr); }
    double eer() const { return equalErrorRate(fpr, tpr); }
    double eerThreshold() const { return equalErrorThreshold(fpr, tpr, thresholds); }
    double tprAt(double rate) const // of the points whose fpr is at most the rate
    {
        double best = 0;
        for (int i = 0; i < fpr.rows; i++)
            if (fpr(i) <= rate)
                best = std::max(best, tpr(i));
        return best;
    }

    Mat1d fpr, tpr, thresholds;
};

//! n scores of each label at the quantiles (i + 1/2) / n of two distributions: no sampling error, only 1/n of rounding.
Roc rocOfQuantiles(int n, const std::function<double(double)>& quantile0, const std::function<double(double)>& quantile1)
{
    std::vector<double> scores;
    std::vector<int> labels;
    for (int i = 0; i < n; i++)
    {
        scores.push_back(quantile0((i + 0.5) / n));
        labels.push_back(0);
        scores.push_back(quantile1((i + 0.5) / n));
        labels.push_back(1);
    }
    return Roc(scores, labels);
}

double normalShare(double x)
{
    return std::erfc(-x / std::sqrt(2.)) / 2;
}

double normalQuantile(double share)
{
    double low = -10, high = 10;
    for (int i = 0; i < 60; i++)
        (normalShare((low + high) / 2) < share ? low : high) = (low + high) / 2;
    return (low + high) / 2;
}

TEST(SanPrivacy_Evaluation, gaussians_have_their_closed_form)
{
    const double distance = 1.5;
    const int n = 20000;
    const Roc roc = rocOfQuantiles(n, normalQuantile, [&](double q) { return normalQuantile(q) + distance; });
    EXPECT_NEAR(roc.area(), normalShare(distance / std::sqrt(2.)), 1e-4);
    EXPECT_NEAR(roc.eer(), normalShare(-distance / 2), 1e-4);
    EXPECT_NEAR(roc.eerThreshold(), distance / 2, 1e-3);
    for (double rate : {0.1, 0.01, 0.001})
        EXPECT_NEAR(roc.tprAt(rate), normalShare(distance - normalQuantile(1 - rate)), 2e-3);
}

TEST(SanPrivacy_Evaluation, exponentials_have_their_closed_form)
{
    // Rates 1 and 1/2: tpr = sqrt(fpr).
    const Roc roc = rocOfQuantiles(20000, [](double q) { return -std::log(1 - q); }, [](double q) { return -2 * std::log(1 - q); });
    EXPECT_NEAR(roc.area(), 2. / 3, 1e-4);
    EXPECT_NEAR(roc.eer(), (3 - std::sqrt(5.)) / 2, 1e-4);
    for (double rate : {0.25, 0.01, 0.001})
        EXPECT_NEAR(roc.tprAt(rate), std::sqrt(rate), 1e-3);
}

TEST(SanPrivacy_Evaluation, perfect_reversed_and_constant_scores)
{
    const std::vector<int> labels = {0, 1, 0, 1, 1};
    const Roc perfect(std::vector<float>{.1f, .8f, .2f, .7f, .9f}, labels);
    EXPECT_EQ(perfect.area(), 1);
    EXPECT_EQ(perfect.eer(), 0);
    EXPECT_EQ(perfect.eerThreshold(), (double).7f);

    const Roc reversed(std::vector<float>{.8f, .1f, .9f, .2f, .3f}, labels);
    EXPECT_EQ(reversed.area(), 0);
    EXPECT_EQ(reversed.eer(), 1);

    const Roc constant(std::vector<float>(5, .5f), labels);
    EXPECT_EQ(constant.area(), .5);
    EXPECT_EQ(constant.eer(), .5);
    ASSERT_EQ(constant.fpr.rows, 2);
    EXPECT_EQ(constant.thresholds(0), std::numeric_limits<double>::infinity());
    EXPECT_EQ(constant.thresholds(1), .5);
}

TEST(SanPrivacy_Evaluation, ties_share_a_point)
{
    // Label 1: 3 2 2 1; label 0: 2 1 0 0.
    const Roc roc(std::vector<int>{3, 2, 2, 1, 2, 1, 0, 0}, std::vector<int>{1, 1, 1, 1, 0, 0, 0, 0});
    const Mat fpr(Matx<double, 5, 1>(0, 0, .25, .5, 1)), tpr(Matx<double, 5, 1>(0, .25, .75, 1, 1));
    EXPECT_EQ(cvtest::norm(roc.fpr, fpr, NORM_INF), 0);
    EXPECT_EQ(cvtest::norm(roc.tpr, tpr, NORM_INF), 0);
    // 12 of 16 pairs in order, 3 tied (2-2 twice, 1-1).
    EXPECT_EQ(roc.area(), (12 + 3 / 2.) / 16);
    EXPECT_EQ(roc.eer(), .25);
}

TEST(SanPrivacy_Evaluation, eer_lies_between_the_points)
{
    // (0, .5) and (.5, .5): the level piece meets fpr = 1 - tpr at .5; (0, 0) to (.5, 1): at 1/3.
    EXPECT_EQ(equalErrorRate(std::vector<double>{0, 0, .5, 1}, std::vector<double>{0, .5, .5, 1}), .5);
    EXPECT_NEAR(equalErrorRate(std::vector<double>{0, .5, 1}, std::vector<double>{0, 1, 1}), 1. / 3, 1e-15);
}

TEST(SanPrivacy_Evaluation, confusion_counts_every_face)
{
    const std::vector<float> scores = {.2f, .5f, .7f, .4f, .9f};
    const std::vector<int> labels = {0, 0, 0, 1, 1};
    Mat1d counts;
    confusionMatrix(scores, labels, .5, counts);
    EXPECT_EQ(cvtest::norm(counts, Mat(Matx22d(1, 2, 1, 1)), NORM_INF), 0);
    EXPECT_EQ(errorRate(scores, labels, .5), 3. / 5);
    EXPECT_EQ(errorRate(scores, labels, std::numeric_limits<double>::infinity()), 2. / 5);
    EXPECT_EQ(errorRate(std::vector<float>{.6f}, std::vector<int>{1}, .5), 0);
}

TEST(SanPrivacy_Evaluation, wrong_arguments_are_errors)
{
    Mat fpr, tpr, thresholds;
    const float nan = std::numeric_limits<float>::quiet_NaN();
    EXPECT_THROW(rocCurve(std::vector<float>{1, 2}, std::vector<int>{1, 1}, fpr, tpr, thresholds), cv::Exception);
    EXPECT_THROW(rocCurve(std::vector<float>{1, 2}, std::vector<int>{0, 2}, fpr, tpr, thresholds), cv::Exception);
    EXPECT_THROW(rocCurve(std::vector<float>{1, 2, 3}, std::vector<int>{0, 1}, fpr, tpr, thresholds), cv::Exception);
    EXPECT_THROW(rocCurve(std::vector<float>{1, nan}, std::vector<int>{0, 1}, fpr, tpr, thresholds), cv::Exception);
    EXPECT_THROW(errorRate(std::vector<float>(), std::vector<int>(), .5), cv::Exception);
    EXPECT_THROW(areaUnderCurve(std::vector<double>{0, 1}, std::vector<double>{0, 1, 1}), cv::Exception);

    const Mat descriptors(Matx32f(1, 0, 0, 1, 1, 1));
    const std::vector<int> identities = {7, 7, 9};
    EXPECT_NO_THROW(MatchEvaluation::create(descriptors, noArray(), identities));
    const Ptr<MatchEvaluation> strangers = MatchEvaluation::create(descriptors, noArray(), std::vector<int>{1, 2, 3});
    EXPECT_THROW(strangers->trueMatchRate(.01), cv::Exception);
    EXPECT_THROW(strangers->roc(fpr, tpr, thresholds), cv::Exception);
    EXPECT_THROW(strangers->bootstrap(.01, fpr), cv::Exception);
    EXPECT_NO_THROW(strangers->matchThreshold(.01));
    EXPECT_THROW(MatchEvaluation::create(descriptors, noArray(), std::vector<int>{1, 1, 1}), cv::Exception); // no impostor pair
    EXPECT_THROW(MatchEvaluation::create(descriptors, noArray(), std::vector<int>{1, 1}), cv::Exception);
    EXPECT_THROW(MatchEvaluation::create(descriptors, descriptors.rowRange(0, 2), identities), cv::Exception);
    EXPECT_THROW(MatchEvaluation::create(Mat1f::zeros(3, 2), noArray(), identities, DISTANCE_COSINE), cv::Exception);
    Mat1f broken = descriptors.clone();
    broken(1, 1) = nan;
    EXPECT_THROW(MatchEvaluation::create(broken, noArray(), identities), cv::Exception);
    EXPECT_THROW(MatchEvaluation().trueMatchRate(.01), cv::Exception);
}

TEST(SanPrivacy_Evaluation, agrees_with_scikit_learn)
{
    const std::string script = cvtest::findDataFile("sklearn_roc.py", false), data = cv::tempfile(".txt");
    RNG rng(11);
    std::vector<double> scores;
    std::vector<int> labels;
    {
        std::ofstream file(data.c_str());
        file.precision(17);
        for (int i = 0; i < 5000; i++)
        {
            labels.push_back(rng.uniform(0, 2));
            // Every other score is rounded, so that many tie, within a label and across.
            const double score = rng.gaussian(1) + labels.back();
            scores.push_back(i % 2 ? score : std::round(score * 10) / 10);
            file << scores.back() << ' ' << labels.back() << '\n';
        }
    }
    FILE* python = popen(("exec 2>&1; for python in /usr/bin/python3 python3; do $python -c 'import sklearn' && break; done; $python '"
                          + script + "' '" + data + "'").c_str(), "r");
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
    for (; lines >> x >> y >> threshold; points++)
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

TEST(SanPrivacy_Evaluation, suppression_rate_and_privacy_gain)
{
    EXPECT_DOUBLE_EQ(suppressionRate(.9, .45), .5);
    EXPECT_DOUBLE_EQ(suppressionRate(.9, .9), 0);
    EXPECT_THROW(suppressionRate(0, .5), cv::Exception);
    // The attribute error grows by 300 %, the recognition error by 50 %.
    EXPECT_DOUBLE_EQ(privacyGainIdentityLoss(.1, .4, .02, .03), 2.5);
}

//! Scores of all pairs, one by one: what MatchEvaluation must equal.
struct AllPairs
{
    AllPairs(const Mat1f& originals, const Mat1f& perturbed, const std::vector<int>& identities, int distance,
             const std::vector<int>& draws = std::vector<int>())
    {
        const Mat1f& probes = perturbed.empty() ? originals : perturbed;
        for (int i = 0; i < originals.rows; i++)
            for (int j = perturbed.empty() ? i + 1 : 0; j < originals.rows; j++)
                if (i != j)
                {
                    Mat1d a, b;
                    originals.row(i).convertTo(a, CV_64F);
                    probes.row(j).convertTo(b, CV_64F);
                    const bool genuine = identities[i] == identities[j];
                    const int times = draws.empty() ? 1 : draws[identities[i]] * (genuine ? 1 : draws[identities[j]]);
                    const double score = distance == DISTANCE_COSINE ? a.dot(b) / (cv::norm(a) * cv::norm(b)) : -cv::norm(a, b);
                    scores.insert(scores.end(), times, (float)score);
                    labels.insert(labels.end(), times, genuine);
                }
    }
    Roc roc() const { return Roc(scores, labels); }

    std::vector<float> scores;
    std::vector<int> labels;
};

//! Descriptors of small whole numbers, so that many pairs tie exactly, with one face of some people and seven of others.
void drawFaces(int distance, Mat1f& originals, Mat1f& perturbed, std::vector<int>& identities)
{
    RNG rng(5);
    const int dimension = 12;
    Mat1f noise;
    for (int person = 0; person < 90; person++)
    {
        Mat1f centre(1, dimension), face(1, dimension);
        rng.fill(centre, RNG::UNIFORM, -2, 3);
        for (int i = 0; i <= person % 7; i++)
        {
            rng.fill(face, RNG::UNIFORM, -1, 2);
            originals.push_back(Mat1f(centre + face));
            rng.fill(face, RNG::UNIFORM, -1, 2);
            perturbed.push_back(Mat1f(centre + face));
            identities.push_back(person);
        }
    }
    for (Mat1f* descriptors : {&originals, &perturbed})
        for (float& value : *descriptors)
            value = std::floor(value) + (distance == DISTANCE_COSINE ? .5f : 0.f);
    // Any order of the faces will do.
    for (int i = originals.rows - 1; i > 0; i--)
    {
        const int j = rng.uniform(0, i + 1);
        for (Mat1f* descriptors : {&originals, &perturbed})
        {
            const Mat1f row = descriptors->row(i).clone();
            descriptors->row(j).copyTo(descriptors->row(i));
            row.copyTo(descriptors->row(j));
        }
        std::swap(identities[i], identities[j]);
    }
}

void checkAllPairs(int distance, bool against_perturbed)
{
    Mat1f originals, perturbed;
    std::vector<int> identities;
    drawFaces(distance, originals, perturbed, identities);
    if (!against_perturbed)
        perturbed.release();
    ASSERT_GT(originals.rows, 300); // more than one block

    const Ptr<MatchEvaluation> evaluation = MatchEvaluation::create(originals, perturbed, identities, distance);
    const AllPairs pairs(originals, perturbed, identities, distance);
    const Roc expected = pairs.roc(), roc(evaluation);
    EXPECT_EQ(evaluation->genuinePairs(), std::accumulate(pairs.labels.begin(), pairs.labels.end(), 0.));
    EXPECT_EQ(evaluation->genuinePairs() + evaluation->impostorPairs(), (double)pairs.labels.size());
    // Equal descriptors may round to neighbouring floats here and there.
    EXPECT_NEAR(roc.area(), expected.area(), 1e-6);
    EXPECT_NEAR(roc.eer(), expected.eer(), 1e-4);
    EXPECT_EQ(roc.fpr(roc.fpr.rows - 1), 1);
    EXPECT_EQ(roc.tpr(roc.tpr.rows - 1), 1);
    for (double rate : {0., 1e-4, 1e-3, .01, .05, .3, 1.})
    {
        EXPECT_NEAR(evaluation->trueMatchRate(rate), expected.tprAt(rate), 1e-9) << "at FMR " << rate;
        EXPECT_EQ(evaluation->trueMatchRate(rate), roc.tprAt(rate)) << "at FMR " << rate;
        double matched = 0, next = 0; // impostors at the threshold, and with the next lower score
        const double threshold = evaluation->matchThreshold(rate);
        const float below = std::nextafter((float)threshold, -std::numeric_limits<float>::infinity());
        for (size_t i = 0; i < pairs.scores.size(); i++)
            if (!pairs.labels[i])
            {
                matched += pairs.scores[i] >= threshold;
                next += pairs.scores[i] >= below - 1e-6;
            }
        EXPECT_LE(matched, rate * evaluation->impostorPairs() + 1e-6);
        if (rate < 1)
        {
            EXPECT_GT(next, rate * evaluation->impostorPairs());
        }
    }
}

TEST(SanPrivacy_Evaluation, matching_equals_all_pairs)
{
    checkAllPairs(DISTANCE_COSINE, false);
    checkAllPairs(DISTANCE_COSINE, true);
    checkAllPairs(DISTANCE_EUCLIDEAN, false);
    checkAllPairs(DISTANCE_EUCLIDEAN, true);
}

void checkBootstrap(bool against_perturbed)
{
    const int distance = DISTANCE_EUCLIDEAN, replicates = 3, seed = 42;
    Mat1f originals, perturbed;
    std::vector<int> identities;
    drawFaces(distance, originals, perturbed, identities);
    if (!against_perturbed)
        perturbed.release();
    Mat1d rates;
    const Ptr<MatchEvaluation> evaluation = MatchEvaluation::create(originals, perturbed, identities, distance);
    evaluation->bootstrap(.01, rates, replicates, seed);
    ASSERT_EQ(rates.rows, replicates);

    RNG rng((uint64)seed);
    for (int r = 0; r < replicates; r++)
    {
        const int people = 90;
        std::vector<int> draws(people);
        for (int i = 0; i < people; i++)
            draws[rng.uniform(0, people)]++;
        const AllPairs pairs(originals, perturbed, identities, distance, draws);
        EXPECT_NEAR(rates(r), pairs.roc().tprAt(.01), 1e-9);
    }
}

TEST(SanPrivacy_Evaluation, bootstrap_equals_drawn_people)
{
    checkBootstrap(false);
    checkBootstrap(true);
}

TEST(SanPrivacy_Evaluation, faces_on_a_circle_match_as_their_angles_say)
{
    // Person k has faces at k and at k + 1.25 steps of the circle. Nearer than that lie 4 impostor pairs per person:
    // the neighbour's faces at 1 step twice, and at .25 and .75.
    const int people = 201;
    Mat1f originals;
    std::vector<int> identities;
    for (int k = 0; k < people; k++)
        for (double position : {k + 0., k + 1.25})
        {
            const double angle = 2 * CV_PI * position / people;
            originals.push_back(Mat(Matx12f((float)std::cos(angle), (float)std::sin(angle))));
            identities.push_back(k);
        }
    for (int distance : {DISTANCE_COSINE, DISTANCE_EUCLIDEAN})
    {
        const Ptr<MatchEvaluation> evaluation = MatchEvaluation::create(originals, noArray(), identities, distance);
        EXPECT_EQ(evaluation->genuinePairs(), people);
        EXPECT_EQ(evaluation->impostorPairs(), 2. * people * (people - 1));
        EXPECT_EQ(evaluation->trueMatchRate(.0101), 1);
        EXPECT_EQ(evaluation->trueMatchRate(.0099), 0);
        EXPECT_NEAR(Roc(evaluation).eer(), .01, 1e-12);
    }
}

TEST(SanPrivacy_Evaluation, equal_descriptors_tie)
{
    const Mat1f originals(6, 3, .3f);
    const Ptr<MatchEvaluation> evaluation = MatchEvaluation::create(originals, noArray(), std::vector<int>{1, 1, 2, 2, 3, 3});
    EXPECT_EQ(Roc(evaluation).area(), .5);
    EXPECT_EQ(Roc(evaluation).eer(), .5);
    EXPECT_EQ(evaluation->trueMatchRate(.5), 0);
    EXPECT_EQ(evaluation->trueMatchRate(1), 1);
}

TEST(SanPrivacy_Evaluation, interval_is_as_wide_as_the_number_of_people_says)
{
    // An error rate of p among n people: standard error sqrt(p (1 - p) / n), however many equal faces each has.
    const int people = 400;
    const double p = .25;
    for (int faces : {1, 4})
    {
        std::vector<float> errors;
        std::vector<int> identities;
        for (int person = 0; person < people; person++)
            for (int face = 0; face < faces; face++)
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
    double lower = 0, upper = 0;
    confidenceInterval(std::vector<double>{5, 1, 3, 2, 4}, lower, upper, .5);
    EXPECT_EQ(lower, 2);
    EXPECT_EQ(upper, 4);
}

}} // namespace
