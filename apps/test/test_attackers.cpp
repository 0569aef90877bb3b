// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#include "common/errors.hpp"
#include "evaluation/attackers/adaptive_attacker.hpp"
#include "evaluation/attackers/attackers.hpp"
#include "evaluation/attackers/image_attackers.hpp"
#include "options/faces.hpp"

#include <algorithm>
#include <cmath>
#include <utility>
#include <vector>

#include <gtest/gtest.h>
#include <opencv2/sanprivacy.hpp>

using namespace cv::sanprivacy;
using namespace sanprivacy::apps;

namespace {

double aucOf(const std::vector<float>& scores, const std::vector<int>& labels)
{
    cv::Mat1d fpr, tpr, thresholds;
    rocCurve(scores, labels, fpr, tpr, thresholds);
    return areaUnderCurve(fpr, tpr);
}

//! Normal features; those of the labels are so far apart along one direction.
struct Faces
{
    cv::Mat1f features;
    std::vector<int> labels, people;

    Faces(int count, int dimensions, double distance, int images = 1, unsigned seed = 1) : features(count, dimensions)
    {
        cv::RNG rng(seed);
        rng.fill(features, cv::RNG::NORMAL, 0, 1);
        for (int i = 0; i < count; ++i)
        {
            people.push_back(i / images);
            labels.push_back(people.back() % 2);
            features(i, 3) += float(labels.back() * distance);
        }
    }
};

} // namespace

TEST(LinearProbe, solves_the_ridge_regression_by_features_and_by_faces)
{
    const Faces few(12, 5, 2), many(12, 40, 2); // more faces than features, and fewer
    for (const Faces* faces : { &few, &many })
    {
        const cv::Mat1f& features = faces->features;
        const std::vector<float> scores = createLinearProbe()->attack(features, faces->labels, features);
        cv::Mat1d x, y(features.rows, 1), weights;
        features.convertTo(x, CV_64F);
        for (int j = 0; j < x.cols; ++j)
        {
            cv::Scalar mean, deviation;
            cv::meanStdDev(x.col(j), mean, deviation);
            x.col(j) = (x.col(j) - mean[0]) / deviation[0];
        }
        for (int i = 0; i < y.rows; ++i)
            y(i) = faces->labels[size_t(i)] ? 1 : -1; // half of each
        cv::solve(x.t() * x + 0.1 * x.rows * cv::Mat1d::eye(x.cols, x.cols), x.t() * y, weights);
        const cv::Mat1d expected = x * weights;
        for (int i = 0; i < x.rows; ++i)
            EXPECT_NEAR(scores[size_t(i)], expected(i), 1e-4);
    }
}

TEST(NearestNeighbors, vote_as_if_every_distance_were_sorted)
{
    const Faces known(60, 4, 1), unknown(300, 4, 1, 1, 2); // more than are compared at once
    for (int distance : { DISTANCE_EUCLIDEAN, DISTANCE_COSINE })
    {
        const std::vector<float> shares =
            createNearestNeighbors(distance)->attack(known.features, known.labels, unknown.features);
        ASSERT_EQ(shares.size(), 300u);
        for (int i = 0; i < 300; i += 7)
        {
            std::vector<std::pair<double, int>> sorted;
            for (int j = 0; j < 60; ++j)
            {
                const cv::Mat a = unknown.features.row(i), b = known.features.row(j);
                sorted.push_back({ distance == DISTANCE_COSINE ? -a.dot(b) / cv::norm(a) / cv::norm(b) : cv::norm(a, b),
                    known.labels[size_t(j)] });
            }
            std::sort(sorted.begin(), sorted.end());
            double ones = 0;
            for (int k = 0; k < 15; ++k)
                ones += sorted[size_t(k)].second;
            EXPECT_NEAR(shares[size_t(i)], ones / 15, 1e-6);
        }
    }
}

TEST(AdaptiveAttackers, find_what_is_there_and_no_more)
{
    const double distance = 2, best = 0.5 * std::erfc(-distance / 2); // AUC of two unit normals so far apart
    const Faces faces(1000, 20, distance), nothing(1000, 20, 0);
    const auto probe = createLinearProbe(), neighbors = createNearestNeighbors(DISTANCE_EUCLIDEAN);
    EXPECT_NEAR(aucOf(crossValidate(*probe, faces.features, faces.labels, faces.people), faces.labels), best, 0.02);
    EXPECT_GT(aucOf(crossValidate(*neighbors, faces.features, faces.labels, faces.people), faces.labels), 0.75);
    for (const auto* attacker : { probe.get(), neighbors.get() })
        EXPECT_NEAR(aucOf(crossValidate(*attacker, nothing.features, nothing.labels, nothing.people), nothing.labels),
            0.5, 0.06);
}

TEST(AdaptiveAttackers, do_not_learn_the_person_they_attack)
{
    // Ten images of each of 60 people, told apart by a feature of their own, which says nothing of others' labels.
    Faces faces(600, 60, 0, 10);
    for (int i = 0; i < faces.features.rows; ++i)
        faces.features(i, faces.people[size_t(i)]) += 100;
    for (const auto& attacker : { createLinearProbe(), createNearestNeighbors(DISTANCE_EUCLIDEAN) })
        EXPECT_NEAR(
            aucOf(crossValidate(*attacker, faces.features, faces.labels, faces.people), faces.labels), 0.5, 0.15);
}

TEST(AdaptiveAttackers, need_both_labels_among_other_people)
{
    const Faces faces(4, 3, 1, 2); // two people
    EXPECT_TRUE(crossValidate(*createLinearProbe(), faces.features, faces.labels, faces.people).empty());
}

TEST(AdaptiveAttackers, the_vote_is_the_mean_over_a_person)
{
    std::vector<float> votes;
    std::vector<int> labels;
    vote({ 1, 3, 7, 5, 2, 4 }, { 0, 0, 1, 1, 1, 0 }, { 8, 8, 9, 5, 5, 5 }, votes,
        labels); // 9 and the 0 of 5 have one image
    EXPECT_EQ(votes, (std::vector<float> { 3.5f, 2 }));
    EXPECT_EQ(labels, (std::vector<int> { 1, 0 }));
}

TEST(AdaptiveAttackers, a_vote_knows_more_than_an_image)
{
    const Faces faces(1000, 20, 1, 5);
    const std::vector<float> scores = crossValidate(*createLinearProbe(), faces.features, faces.labels, faces.people);
    std::vector<float> votes;
    std::vector<int> labels;
    vote(scores, faces.labels, faces.people, votes, labels);
    EXPECT_GT(aucOf(votes, labels), aucOf(scores, faces.labels) + 0.1);
}

TEST(DealtParts, have_whole_people_and_a_share_of_both_labels)
{
    const Faces faces(300, 4, 0, 3); // 100 people, 50 of each label
    const std::vector<int> parts = dealParts(faces.labels, faces.people);
    std::vector<int> images(size_t(PARTS * 2));
    for (size_t i = 0; i < parts.size(); ++i)
    {
        EXPECT_EQ(parts[i], parts[size_t(faces.people[i] * 3)]);
        ++images[size_t(parts[i] * 2 + faces.labels[i])];
    }
    EXPECT_EQ(images, std::vector<int>(size_t(PARTS * 2), 30));
}

TEST(InnerFace, keeps_the_ellipse_and_nothing_round_it)
{
    cv::Mat image(400, 400, CV_8UC3), landmarks, face;
    cv::RNG(1).fill(image, cv::RNG::UNIFORM, 0, 256);
    getCanonicalLandmarks(landmarks);
    landmarks += cv::Scalar::all(80);
    face = faceFromLandmarks(landmarks);
    const cv::Mat inner = innerFace(image, face);
    const cv::Point center(112 + 80, 118 + 80);
    for (int y = 0; y < image.rows; ++y)
        for (int x = 0; x < image.cols; ++x)
        {
            const double radius = std::hypot((x - center.x) / 66., (y - center.y) / 80.);
            if (radius < 0.95)
            {
                EXPECT_EQ(inner.at<cv::Vec3b>(y, x), image.at<cv::Vec3b>(y, x));
            }
            else if (radius > 1.05)
            {
                EXPECT_EQ(inner.at<cv::Vec3b>(y, x), inner.at<cv::Vec3b>(0, 0));
            }
        }
    const cv::Vec3b outside = inner.at<cv::Vec3b>(0, 0);
    EXPECT_NEAR(outside[0], 127, 5);
}

TEST(Attackers, who_restore_see_the_inner_face_as_well_where_it_is_asked_for)
{
    const auto names = [](const std::vector<std::string>& given)
    {
        std::vector<std::string> found;
        for (const ImageAttacker& attacker : findAttackers(given).images)
            found.push_back(attacker.name + (attacker.restores ? "!" : ""));
        return found;
    };
    EXPECT_EQ(names({ "restorer" }), (std::vector<std::string> { "none", "restorer!" }));
    EXPECT_EQ(
        names({ "restorer", "inner" }), (std::vector<std::string> { "none", "restorer!", "inner", "restorer_inner!" }));
    EXPECT_THROW(findAttackers({ "restorer_inner" }), sanprivacy::UsageError);
}
