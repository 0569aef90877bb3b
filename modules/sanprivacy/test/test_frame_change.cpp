// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#include "test_precomp.hpp"
#include "video_scene.hpp"

#include <set>

namespace opencv_test { namespace {

//! The frames that were searched for faces, of those that were pushed.
std::set<int64> searchedFrames(StreamAnonymizer& anonymizer)
{
    std::set<int64> searched;
    for (const OutputFrame& output : finishStream(anonymizer))
        if (output.record.detected)
            searched.insert(output.record.frame);
    return searched;
}

TEST(SanPrivacy_FrameChange, steady_motion_does_not_count)
{
    Mat wide(120, 400, CV_8UC3);
    RNG(1).fill(wide, RNG::UNIFORM, 0, 256);
    GaussianBlur(wide, wide, Size(), 4);
    normalize(wide, wide, 0, 255, NORM_MINMAX);
    const Ptr<StreamAnonymizer> anonymizer = StreamAnonymizer::create(detector(), Ptr<Perturber>(), covering());
    for (int t = 0; t < 10; ++t)
    {
        const int moved = std::max(0, 3 * t - 1); // by 2 pixels, then by 3 each
        anonymizer->push(wide.colRange(moved, moved + 160), t / 25.);
    }
    const std::set<int64> expected { 0, 1, 6, 9 }; // the first, as it starts to move, after .2 s, the last
    EXPECT_EQ(expected, searchedFrames(*anonymizer));
}

TEST(SanPrivacy_FrameChange, what_moves_with_a_face_does_not_count)
{
    // A person in front of a wall, with all that surrounds the head, moves from the third frame on; another one appears
    // in the ninth.
    const int appears = 8;
    const Size portrait(120, 150);
    const Mat wall(240, 320, CV_8UC3, Scalar(110, 125, 135));
    const auto paste = [&](const String& name, int x, Mat& frame)
    {
        Mat place = frame(Rect(Point(x, 45), portrait));
        resize(imread(shippedFile("portraits/" + name + ".jpg")), place, portrait, 0, 0, INTER_AREA);
    };
    const Ptr<StreamAnonymizer> anonymizer = StreamAnonymizer::create(detector(), Ptr<Perturber>(), covering());
    for (int t = 0; t < 12; ++t)
    {
        Mat frame = wall.clone();
        paste("woman-dark-hair", 10 + std::max(0, 3 * (t - 1)), frame);
        if (t >= appears)
            paste("man-bald", 190, frame);
        anonymizer->push(frame, t / 25.);
    }
    const std::set<int64> expected { 0, 5, appears, 11 }; // the first, after .2 s, at once, the last
    EXPECT_EQ(expected, searchedFrames(*anonymizer));
}

TEST(SanPrivacy_FrameChange, what_appears_beside_steady_motion_counts)
{
    // Most of the frame changes all the time; a person is seen in the ninth frame only, beside it.
    const int appears = 8;
    const Rect moving(0, 0, 200, 240), portrait(210, 60, 100, 125);
    RNG rng(1);
    const Ptr<StreamAnonymizer> anonymizer = StreamAnonymizer::create(detector(), Ptr<Perturber>(), covering());
    for (int t = 0; t < 12; ++t)
    {
        Mat frame(240, 320, CV_8UC3, Scalar(110, 125, 135)), part = frame(moving), place = frame(portrait);
        rng.fill(part, RNG::UNIFORM, 0, 256);
        GaussianBlur(part, part, Size(), 4);
        normalize(part, part, 60, 180, NORM_MINMAX);
        if (t == appears)
            resize(imread(shippedFile("portraits/man-bald.jpg")), place, portrait.size(), 0, 0, INTER_AREA);
        anonymizer->push(frame, t / 25.);
    }
    const std::set<int64> searched = searchedFrames(*anonymizer);
    EXPECT_EQ(1u, searched.count(appears));
    EXPECT_LT(searched.size(), 10u); // not in every frame
}

}} // namespace
