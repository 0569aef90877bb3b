// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#include "evaluation/attackers/adaptive_attacker.hpp"
#include "evaluation/attackers/restorer.hpp"
#include "evaluation/attackers/ridge_regression.hpp"
#include "options/faces.hpp"

#include <cmath>

#include <gtest/gtest.h>
#include <opencv2/imgproc.hpp>
#include <opencv2/sanprivacy.hpp>

using namespace sanprivacy::apps;

namespace {

const cv::Rect CROP(60, 60, 224, 224); //!< where the canonical crop lies in the image

cv::Mat faceRow()
{
    cv::Mat landmarks;
    cv::sanprivacy::getCanonicalLandmarks(landmarks);
    landmarks += cv::Scalar::all(CROP.x);
    return faceFromLandmarks(landmarks);
}

//! Smooth pictures, each another one.
cv::Mat drawImage(int seed)
{
    cv::Mat image(8, 8, CV_8UC3);
    cv::RNG rng(static_cast<uint64_t>(seed) + 1);
    rng.fill(image, cv::RNG::UNIFORM, 70, 150);
    cv::resize(image, image, cv::Size(344, 344), 0, 0, cv::INTER_LINEAR);
    return image;
}

//! A change that is linear in the picture: a stripe, darker or brighter as the upper half of the crop is.
cv::Mat change(const cv::Mat& image)
{
    const double sign = (cv::mean(image(cv::Rect(CROP.x, CROP.y, 224, 112)))[1] - 110) / 4;
    cv::Mat changed = image.clone();
    cv::Mat stripe = changed(cv::Rect(CROP.x + 50, CROP.y + 90, 124, 40));
    stripe += cv::Scalar::all(20 + sign);
    return changed;
}

double distance(const cv::Mat& a, const cv::Mat& b)
{
    return cv::norm(a(CROP), b(CROP), cv::NORM_L2) / std::sqrt(double(CROP.area()) * 3);
}

} // namespace

TEST(RidgeRegression, is_the_same_by_features_and_by_faces_and_solves_the_normal_equations)
{
    for (int faces : { 6, 30 })
    {
        cv::Mat1d x(faces, 12), y(faces, 3);
        cv::RNG rng(3);
        rng.fill(x, cv::RNG::NORMAL, 0, 1);
        rng.fill(y, cv::RNG::NORMAL, 0, 1);
        const cv::Mat1d weights = ridgeRegression(x, y, 0.7);
        EXPECT_LE(cv::norm(x.t() * (x * weights - y) + 0.7 * weights, cv::NORM_INF), 1e-10) << faces;
    }
}

TEST(Restorer, undoes_a_change_that_it_has_seen_on_other_people)
{
    const cv::Mat face = faceRow();
    Restorer restorer;
    for (int i = 0; i < 100; ++i)
        restorer.add(drawImage(i), change(drawImage(i)), face, i % PARTS);
    restorer.learn();
    for (int i = 200; i < 205; ++i)
    {
        const cv::Mat original = drawImage(i), changed = change(original);
        EXPECT_LT(distance(restorer.restore(changed, face, i % PARTS), original), 0.5 * distance(changed, original));
    }
}

TEST(Restorer, does_not_learn_from_the_part_that_it_restores)
{
    // Only people of part 0 have a change, so that nobody learns of it who restores them.
    const cv::Mat face = faceRow();
    Restorer restorer;
    for (int i = 0; i < 40; ++i)
        restorer.add(drawImage(i), i % PARTS == 0 ? change(drawImage(i)) : drawImage(i), face, i % PARTS);
    restorer.learn();
    const cv::Mat changed = change(drawImage(0));
    EXPECT_EQ(cv::norm(restorer.restore(changed, face, 0), changed, cv::NORM_INF), 0);
    EXPECT_GT(distance(restorer.restore(changed, face, 1), changed), 1);
}

TEST(Restorer, leaves_images_as_they_are_where_there_is_nobody_to_learn_from)
{
    const cv::Mat face = faceRow(), changed = change(drawImage(1));
    Restorer restorer;
    restorer.add(drawImage(1), changed, face, 2);
    restorer.learn();
    EXPECT_EQ(cv::norm(restorer.restore(changed, face, 2), changed, cv::NORM_INF), 0);
    EXPECT_EQ(cv::norm(restorer.restore(changed, face, 3), changed, cv::NORM_INF), 0);
}

TEST(Restorer, takes_gray_images)
{
    const cv::Mat face = faceRow();
    Restorer restorer;
    const auto gray = [](const cv::Mat& image)
    {
        cv::Mat converted;
        cv::cvtColor(image, converted, cv::COLOR_BGR2GRAY);
        return converted;
    };
    for (int i = 0; i < 30; ++i)
        restorer.add(gray(drawImage(i)), gray(change(drawImage(i))), face, i % PARTS);
    restorer.learn();
    EXPECT_EQ(restorer.restore(gray(change(drawImage(40))), face, 0).type(), CV_8UC1);
}
