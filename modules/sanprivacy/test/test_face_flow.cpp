// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#include "test_precomp.hpp"
#include "video_scene.hpp"

#include "../src/similarity.hpp"

namespace opencv_test { namespace {

const int FRAMES = 16;

Point2c complexOf(const Point2f& point)
{
    return Point2c(point.x, point.y);
}

//! Takes a portrait to a place in the frame.
Similarity portraitTo(const Place& place)
{
    const Point2c a = std::polar(place.eyes / cv::norm(LEFT_EYE - RIGHT_EYE), place.roll * CV_PI / 180);
    return Similarity(a, Point2c(place.centre.x, place.centre.y) - a * complexOf(HEAD));
}

//! The first frame is searched, and others only where a face is lost or the stream ends.
StreamParams following()
{
    StreamParams params = covering();
    params.detect_interval = 10;
    return params;
}

std::vector<StreamRecord> recordsOf(const std::vector<Mat>& frames)
{
    const Ptr<StreamAnonymizer> anonymizer = StreamAnonymizer::create(detector(), Ptr<Perturber>(), following());
    for (const Mat& frame : frames)
        anonymizer->push(frame);
    std::vector<StreamRecord> records;
    for (const OutputFrame& output : finishStream(*anonymizer))
        records.push_back(output.record);
    CV_Assert(records.size() == frames.size());
    return records;
}

typedef testing::TestWithParam<Place> SanPrivacy_FollowedFace; //!< where the face is in the last frame

TEST_P(SanPrivacy_FollowedFace, landmarks_move_as_the_face_does)
{
    const Place first = { Point2d(150, 130), 36, 0 }, last = GetParam();
    const auto place = [&](int t)
    {
        const double share = double(t) / (FRAMES - 1);
        const Place now = { first.centre + (last.centre - first.centre) * share,
            first.eyes + (last.eyes - first.eyes) * share, first.roll + (last.roll - first.roll) * share };
        return now;
    };
    const Video video(Size(320, 260), FRAMES, { { "man-glasses", place } });
    std::vector<Mat> frames;
    for (int t = 0; t < FRAMES; ++t)
        frames.push_back(video.frame(t));
    const std::vector<StreamRecord> records = recordsOf(frames);
    ASSERT_EQ(records[0].faces.size(), 1u);
    EXPECT_EQ(records[0].faces[0].state, int(FACE_FOUND));
    const std::vector<Point2f> start = records[0].faces[0].landmarks;
    ASSERT_EQ(start.size(), 5u);
    int followed = 0;
    for (int t = 1; t < FRAMES; ++t)
    {
        ASSERT_EQ(records[size_t(t)].faces.size(), 1u) << t;
        const StreamFace& face = records[size_t(t)].faces[0];
        EXPECT_TRUE(records[size_t(t)].detected || face.state == FACE_TRACKED) << t;
        followed += face.state == FACE_TRACKED;
        const Similarity motion = portraitTo(place(t)) * portraitTo(first).inverse();
        for (size_t k = 0; k < start.size(); ++k)
            EXPECT_LT(std::abs(complexOf(face.landmarks[k]) - motion(complexOf(start[k]))), .1 * place(t).eyes)
                << "frame " << t << ", landmark " << k;
    }
    EXPECT_GE(followed, FRAMES / 2);
}

INSTANTIATE_TEST_CASE_P(/**/, SanPrivacy_FollowedFace,
    testing::Values(Place { Point2d(150, 130), 36, 0 }, Place { Point2d(210, 110), 36, 0 },
        Place { Point2d(150, 130), 54, 0 }, Place { Point2d(150, 130), 26, 0 }, Place { Point2d(150, 130), 36, 40 },
        Place { Point2d(180, 150), 46, -30 }));

TEST(SanPrivacy_FaceFlow, what_comes_in_front_of_a_face_is_not_followed)
{
    const int covered = FRAMES / 2;
    const Video video(
        Size(320, 260), FRAMES, { { "man-glasses", line(Point2d(150, 130), Point2d(150, 130), FRAMES, 36) } });
    std::vector<Mat> frames;
    for (int t = 0; t < FRAMES; ++t)
    {
        frames.push_back(video.frame(t));
        if (t < covered)
            continue;
        const Rect board(90 + 6 * (t - covered), 50, 120, 160); // moves on, and has a texture of its own
        Mat texture(board.size(), CV_8UC3);
        RNG rng(5);
        rng.fill(texture, RNG::UNIFORM, 0, 256);
        GaussianBlur(texture, texture, Size(), 3);
        texture.copyTo(frames.back()(board));
    }
    const std::vector<StreamRecord> records = recordsOf(frames);
    for (int t = 0; t < FRAMES; ++t)
    {
        ASSERT_EQ(records[size_t(t)].faces.size(), 1u) << "it stays protected, frame " << t;
        const StreamFace& face = records[size_t(t)].faces[0];
        EXPECT_EQ(face.state == FACE_HELD, t >= covered) << t;
        const StreamFace& start = records[0].faces[0];
        EXPECT_LT(cv::norm(face.landmarks[2] - start.landmarks[2]), 6) << "it does not go with the board, frame " << t;
    }
}

TEST(SanPrivacy_FaceFlow, a_new_face_that_moves_fast_is_followed_both_ways)
{
    // It is found in one frame only, and moves by 1.7 inter-ocular distances from frame to frame.
    const int frames = 9, found = 4;
    const double eyes = 15;
    const auto place = [&](int t)
    {
        const Place now = { Point2d(40 + 1.7 * eyes * t, 90 + 2 * t), eyes, 0 };
        return now;
    };
    const Video video(Size(320, 180), frames, { { "man-glasses", place } });
    const Ptr<StreamAnonymizer> anonymizer =
        StreamAnonymizer::create(Ptr<FaceDetector>(), Ptr<Perturber>(), following());
    for (int t = 0; t < frames; ++t)
    {
        Mat faces;
        if (t == found)
            detector()->detect(video.frame(t), faces);
        anonymizer->push(video.frame(t), faces);
    }
    const std::vector<OutputFrame> outputs = finishStream(*anonymizer);
    ASSERT_EQ(outputs.size(), size_t(frames));
    for (const OutputFrame& output : outputs)
        ASSERT_EQ(output.record.faces.size(), 1u) << output.record.frame;
    for (int t = 0; t < frames; ++t)
    {
        const StreamFace& face = outputs[size_t(t)].record.faces[0];
        EXPECT_EQ(face.state, int(t < found ? FACE_BACKTRACKED : t == found ? FACE_FOUND : FACE_TRACKED)) << t;
        const Point2f moved = face.landmarks[2] - outputs[found].record.faces[0].landmarks[2];
        const Point2d expected = place(t).centre - place(found).centre;
        EXPECT_LT(cv::norm(Point2d(moved) - expected), .2 * eyes) << t;
    }
}

}} // namespace
