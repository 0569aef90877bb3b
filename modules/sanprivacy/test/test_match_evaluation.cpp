// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#include "test_roc_common.hpp"

#include <cmath>
#include <functional>
#include <limits>
#include <numeric>

namespace opencv_test { namespace {

//! Scores of all pairs, one by one: what MatchEvaluation must equal.
struct AllPairs
{
    AllPairs(const Mat1f& originals, const Mat1f& perturbed, const std::vector<int>& identities, int distance,
        const std::vector<int>& draws = std::vector<int>())
    {
        const Mat1f& probes = perturbed.empty() ? originals : perturbed;
        for (int i = 0; i < originals.rows; ++i)
            for (int j = perturbed.empty() ? i + 1 : 0; j < originals.rows; ++j)
                if (i != j)
                {
                    Mat1d a, b;
                    originals.row(i).convertTo(a, CV_64F);
                    probes.row(j).convertTo(b, CV_64F);
                    const bool genuine = identities[i] == identities[j];
                    const int times = draws.empty() ? 1 : draws[identities[i]] * (genuine ? 1 : draws[identities[j]]);
                    const double score =
                        distance == DISTANCE_COSINE ? a.dot(b) / (cv::norm(a) * cv::norm(b)) : -cv::norm(a, b);
                    scores.insert(scores.end(), times, (float)score);
                    labels.insert(labels.end(), times, genuine);
                }
    }
    Roc roc() const { return Roc(scores, labels); }

    std::vector<float> scores;
    std::vector<int> labels;
};

//! Descriptors of small whole numbers, so that many pairs tie exactly, with one face of some people and seven of
//! others.
void drawFaces(int distance, Mat1f& originals, Mat1f& perturbed, std::vector<int>& identities)
{
    RNG rng(5);
    const int dimension = 12;
    Mat1f noise;
    for (int person = 0; person < 90; ++person)
    {
        Mat1f centre(1, dimension), face(1, dimension);
        rng.fill(centre, RNG::UNIFORM, -2, 3);
        for (int i = 0; i <= person % 7; ++i)
        {
            rng.fill(face, RNG::UNIFORM, -1, 2);
            originals.push_back(Mat1f(centre + face));
            rng.fill(face, RNG::UNIFORM, -1, 2);
            perturbed.push_back(Mat1f(centre + face));
            identities.push_back(person);
        }
    }
    for (Mat1f* descriptors : { &originals, &perturbed })
        for (float& value : *descriptors)
            value = std::floor(value) + (distance == DISTANCE_COSINE ? .5f : 0.f);
    // Any order of the faces will do.
    for (int i = originals.rows - 1; i > 0; i--)
    {
        const int j = rng.uniform(0, i + 1);
        for (Mat1f* descriptors : { &originals, &perturbed })
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
    for (double rate : { 0., 1e-4, 1e-3, .01, .05, .3, 1. })
    {
        EXPECT_NEAR(evaluation->trueMatchRate(rate), expected.tprAt(rate), 1e-9) << "at FMR " << rate;
        EXPECT_EQ(evaluation->trueMatchRate(rate), roc.tprAt(rate)) << "at FMR " << rate;
        double matched = 0, next = 0; // impostors at the threshold, and with the next lower score
        const double threshold = evaluation->matchThreshold(rate);
        const float below = std::nextafter((float)threshold, -std::numeric_limits<float>::infinity());
        for (size_t i = 0; i < pairs.scores.size(); ++i)
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

TEST(SanPrivacy_MatchEvaluation, matching_equals_all_pairs)
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
    for (int r = 0; r < replicates; ++r)
    {
        const int people = 90;
        std::vector<int> draws(people);
        for (int i = 0; i < people; ++i)
            draws[rng.uniform(0, people)]++;
        const AllPairs pairs(originals, perturbed, identities, distance, draws);
        EXPECT_NEAR(rates(r), pairs.roc().tprAt(.01), 1e-9);
    }
}

TEST(SanPrivacy_MatchEvaluation, bootstrap_equals_drawn_people)
{
    checkBootstrap(false);
    checkBootstrap(true);
}

TEST(SanPrivacy_MatchEvaluation, faces_on_a_circle_match_as_their_angles_say)
{
    // Person k has faces at k and at k + 1.25 steps of the circle. Nearer than that lie 4 impostor pairs per person:
    // the neighbour's faces at 1 step twice, and at .25 and .75.
    const int people = 201;
    Mat1f originals;
    std::vector<int> identities;
    for (int k = 0; k < people; ++k)
        for (double position : { k + 0., k + 1.25 })
        {
            const double angle = 2 * CV_PI * position / people;
            originals.push_back(Mat(Matx12f((float)std::cos(angle), (float)std::sin(angle))));
            identities.push_back(k);
        }
    for (int distance : { DISTANCE_COSINE, DISTANCE_EUCLIDEAN })
    {
        const Ptr<MatchEvaluation> evaluation = MatchEvaluation::create(originals, noArray(), identities, distance);
        EXPECT_EQ(evaluation->genuinePairs(), people);
        EXPECT_EQ(evaluation->impostorPairs(), 2. * people * (people - 1));
        EXPECT_EQ(evaluation->trueMatchRate(.0101), 1);
        EXPECT_EQ(evaluation->trueMatchRate(.0099), 0);
        EXPECT_NEAR(Roc(evaluation).eer(), .01, 1e-12);
    }
}

TEST(SanPrivacy_MatchEvaluation, equal_descriptors_tie)
{
    const Mat1f originals(6, 3, .3f);
    const Ptr<MatchEvaluation> evaluation =
        MatchEvaluation::create(originals, noArray(), std::vector<int> { 1, 1, 2, 2, 3, 3 });
    EXPECT_EQ(Roc(evaluation).area(), .5);
    EXPECT_EQ(Roc(evaluation).eer(), .5);
    EXPECT_EQ(evaluation->trueMatchRate(.5), 0);
    EXPECT_EQ(evaluation->trueMatchRate(1), 1);
}

// More impostor pairs than are kept in any case, 2^20: the best of them must be.
TEST(SanPrivacy_MatchEvaluation, best_of_many_impostors_are_kept)
{
    const int people = 1500;
    RNG rng(11);
    Mat1f descriptors(2 * people, 4);
    rng.fill(descriptors, RNG::NORMAL, 0, 1);
    std::vector<int> identities;
    for (int i = 0; i < 2 * people; ++i)
        identities.push_back(i / 2);
    const Ptr<MatchEvaluation> evaluation =
        MatchEvaluation::create(descriptors, noArray(), identities, DISTANCE_EUCLIDEAN);
    ASSERT_GT(evaluation->impostorPairs(), 4. * (1 << 20));

    std::vector<float> impostors, genuine;
    for (int i = 0; i < descriptors.rows; ++i)
        for (int j = i + 1; j < descriptors.rows; ++j)
        {
            double square = 0;
            for (int k = 0; k < descriptors.cols; ++k)
                square +=
                    (double(descriptors(i, k)) - descriptors(j, k)) * (double(descriptors(i, k)) - descriptors(j, k));
            (identities[i] == identities[j] ? genuine : impostors).push_back(float(-std::sqrt(square)));
        }
    for (double rate : { 1e-5, 1e-3, .01, .05 })
    {
        const size_t rejected = size_t(rate * double(impostors.size())); // so many may match, the next one must not
        std::nth_element(impostors.begin(), impostors.begin() + rejected, impostors.end(), std::greater<float>());
        EXPECT_NEAR(impostors[rejected], evaluation->matchThreshold(rate), 1e-5) << rate;
        const double matched = (double)std::count_if(
            genuine.begin(), genuine.end(), [&](float score) { return score > impostors[rejected]; });
        EXPECT_NEAR(matched / double(genuine.size()), evaluation->trueMatchRate(rate), 1.5 / double(genuine.size()))
            << rate;
    }
}

// More than the best that are kept of all pairs: the rates between come from a sample of one pair in 64.
TEST(SanPrivacy_MatchEvaluation, rates_of_very_many_pairs_are_those_of_their_sample)
{
    // Faces one step apart on a line; a person has two that are NEAR steps apart.
    const int count = 13200, near = 100;
    Mat1f descriptors(count, 1);
    std::vector<int> identities;
    for (int i = 0; i < count; ++i)
    {
        descriptors(i) = (float)i;
        identities.push_back(i / (2 * near) * near + i % near);
    }
    const Ptr<MatchEvaluation> evaluation =
        MatchEvaluation::create(descriptors, noArray(), identities, DISTANCE_EUCLIDEAN);
    const double genuine = count / 2., impostors = count * (count - 1.) / 2 - genuine;
    EXPECT_EQ(evaluation->genuinePairs(), genuine);
    EXPECT_EQ(evaluation->impostorPairs(), impostors);
    const auto nearer = [&](double steps) // impostor pairs at most so far apart
    { return steps * count - steps * (steps + 1) / 2 - (steps >= near ? genuine : 0); };
    EXPECT_EQ(evaluation->trueMatchRate(nearer(near) / impostors), 1); // whatever is kept, this is exact
    EXPECT_EQ(evaluation->trueMatchRate((nearer(near) - 1) / impostors), 0);
    const double kept = 1 << 22;
    for (int steps : { 10, 200, 400, 600 })
    {
        const double rate = (nearer(steps) + nearer(steps + 1)) / 2 / impostors; // not at a tie
        const double found = -evaluation->matchThreshold(rate);
        const double deviations = rate * impostors < kept ? 0 : 4 * std::sqrt(64 / (rate * impostors));
        EXPECT_NEAR(found, steps + .5, .51 + deviations * steps) << rate;
    }
    Mat1d rates;
    evaluation->bootstrap(.045, rates, 2);
    EXPECT_EQ(rates(0), 1);
    EXPECT_EQ(rates(1), 1);
    EXPECT_THROW(evaluation->matchThreshold(1), cv::Exception); // not every pair is known
}

TEST(SanPrivacy_MatchEvaluation, empty_object_says_so)
{
    const MatchEvaluation evaluation;
    EXPECT_TRUE(evaluation.empty());
    Mat fmr, tmr, thresholds;
    const std::function<void()> calls[] = { [&] { evaluation.genuinePairs(); }, [&] { evaluation.impostorPairs(); },
        [&] { evaluation.roc(fmr, tmr, thresholds); }, [&] { evaluation.trueMatchRate(.01); },
        [&] { evaluation.matchThreshold(.01); }, [&] { evaluation.bootstrap(.01, fmr); } };
    for (const std::function<void()>& call : calls)
    {
        const cv::Exception error = errorOf(call);
        EXPECT_EQ(Error::StsNullPtr, error.code);
        EXPECT_EQ("This MatchEvaluation is empty: make one with MatchEvaluation::create()", error.err);
    }
}

TEST(SanPrivacy_MatchEvaluation, wrong_arguments_are_errors)
{
    Mat fpr, tpr, thresholds;
    const float nan = std::numeric_limits<float>::quiet_NaN();
    const Mat descriptors(Matx32f(1, 0, 0, 1, 1, 1));
    const std::vector<int> identities = { 7, 7, 9 };
    EXPECT_NO_THROW(MatchEvaluation::create(descriptors, noArray(), identities));
    const Ptr<MatchEvaluation> strangers =
        MatchEvaluation::create(descriptors, noArray(), std::vector<int> { 1, 2, 3 });
    EXPECT_THROW(strangers->trueMatchRate(.01), cv::Exception);
    EXPECT_THROW(strangers->roc(fpr, tpr, thresholds), cv::Exception);
    EXPECT_THROW(strangers->bootstrap(.01, fpr), cv::Exception);
    EXPECT_NO_THROW(strangers->matchThreshold(.01));
    EXPECT_THROW(MatchEvaluation::create(descriptors, noArray(), std::vector<int> { 1, 1, 1 }),
        cv::Exception); // no impostor pair
    EXPECT_THROW(MatchEvaluation::create(descriptors, noArray(), std::vector<int> { 1, 1 }), cv::Exception);
    EXPECT_THROW(MatchEvaluation::create(descriptors, descriptors.rowRange(0, 2), identities), cv::Exception);
    EXPECT_THROW(MatchEvaluation::create(Mat1f::zeros(3, 2), noArray(), identities, DISTANCE_COSINE), cv::Exception);
    Mat1f broken = descriptors.clone();
    broken(1, 1) = nan;
    EXPECT_THROW(MatchEvaluation::create(broken, noArray(), identities), cv::Exception);
    Mat1d huge(descriptors);
    for (double value : { 1e200, 1e100 })
        for (int distance : { DISTANCE_COSINE, DISTANCE_EUCLIDEAN })
        {
            huge(1, 1) = value;
            EXPECT_EQ(Error::StsBadArg,
                errorOf([&] { MatchEvaluation::create(huge, noArray(), identities, distance); }).code);
        }
    const int shape[] = { 3, 2, 2 };
    EXPECT_THROW(MatchEvaluation::create(Mat(3, shape, CV_32F, Scalar(1)), noArray(), identities), cv::Exception);
}

}} // namespace
