// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#include "test_precomp.hpp"
#include "video_scene.hpp"

#include <set>

namespace opencv_test { namespace {

TEST(SanPrivacy_FaceTracker, one_face_crosses_the_frame)
{
    expectProtected(
        Video(Size(400, 300), 60, { { "woman-dark-hair", line(Point2d(-80, 150), Point2d(480, 130), 60, 32) } }));
}

TEST(SanPrivacy_FaceTracker, faces_cross_each_other)
{
    expectProtected(Video(Size(480, 240), 60,
        { { "man-bald", line(Point2d(80, 120), Point2d(400, 120), 60, 30) },
            { "woman-fair-hair", line(Point2d(400, 125), Point2d(80, 125), 60, 34) } }));
}

TEST(SanPrivacy_FaceTracker, a_face_rolls_over)
{
    const auto rolling = [](int t)
    {
        const Place place = { Point2d(160, 160), 40, 6. * t };
        return place;
    };
    expectProtected(Video(Size(320, 320), 60, { { "man-dark-hair", rolling } }));
}

TEST(SanPrivacy_FaceTracker, a_face_that_lies_on_its_side_from_the_start)
{
    expectProtected(
        Video(Size(360, 280), 48, { { "man-gray-hair", line(Point2d(140, 140), Point2d(220, 140), 48, 36, 90) } }));
}

TEST(SanPrivacy_FaceTracker, a_face_comes_near)
{
    const auto nearing = [](int t)
    {
        const Place place = { Point2d(200, 150), 14 * std::pow(1.03, t), 0 };
        return place;
    };
    expectProtected(Video(Size(400, 300), 50, { { "woman-dark-skin", nearing } }));
}

TEST(SanPrivacy_FaceTracker, a_face_comes_in_after_the_last_search)
{
    // The interval lets the detector search frames 0, 5 and 10 to 20; half of the face is there from 21 on.
    const auto late = [](int t)
    {
        const Place place = { Point2d(std::max(10. + 30 * (t - 21), -150.), 150), 40, 0 };
        return place;
    };
    const Protection protection = protect(Video(Size(400, 300), 25, { { "woman-dark-skin", late } }));
    EXPECT_EQ(4, protection.faces);
    EXPECT_EQ(0, protection.unprotected) << protection.missed;
}

TEST(SanPrivacy_FaceTracker, a_small_face_comes_in_after_the_last_search)
{
    // The search at the end would be the sixth, which is one at half the size where it is not the last one.
    const auto late = [](int t)
    {
        const Place place = { Point2d(t < 21 ? -150. : 150., 150), 7, 0 };
        return place;
    };
    const Protection protection = protect(Video(Size(400, 300), 24, { { "woman-dark-skin", late } }));
    EXPECT_EQ(3, protection.faces);
    EXPECT_EQ(0, protection.unprotected) << protection.missed;
}

TEST(SanPrivacy_FaceTracker, a_hidden_face_is_covered_where_it_comes_back)
{
    // Somebody taller passes in front of a still face.
    expectProtected(Video(Size(480, 240), 60,
        { { "woman-glasses", line(Point2d(240, 130), Point2d(240, 130), 60, 28) },
            { "man-dark-skin", line(Point2d(50, 115), Point2d(430, 115), 60, 38) } }));
}

TEST(SanPrivacy_FaceTracker, a_lost_face_stays_covered_for_the_hold_time)
{
    const int gone = 30, hold = 12; // the face vanishes; nobody sees where it is
    const Video with(Size(480, 360), 60, { { "woman-dark-hair", line(Point2d(240, 180), Point2d(240, 180), 60, 45) } }),
        without(Size(480, 360), 60, {});
    StreamParams params = covering();
    params.hold = hold / params.frame_rate;
    const Ptr<StreamAnonymizer> anonymizer = StreamAnonymizer::create(detector(), Ptr<Perturber>(), params);
    for (int t = 0; t < 60; ++t)
        anonymizer->push(t < gone ? with.frame(t) : without.frame(t));
    const std::vector<OutputFrame> outputs = finishStream(*anonymizer);
    ASSERT_EQ(outputs.size(), 60u);
    for (int t = 0; t < 60; ++t)
    {
        const std::vector<StreamFace>& faces = outputs[size_t(t)].record.faces;
        ASSERT_EQ(faces.size(), t < gone + hold ? 1u : 0u) << t;
        if (t < gone + hold)
        {
            EXPECT_EQ(faces[0].state == FACE_HELD, t >= gone) << t;
            if (t > gone) // it may have moved on
            {
                EXPECT_GT(faces[0].box.area(), outputs[size_t(t) - 1].record.faces[0].box.area()) << t;
            }
        }
    }
}

TEST(SanPrivacy_FaceTracker, sixteen_faces)
{
    std::vector<Actor> actors;
    const char* const names[] = { "man-bald", "woman-dark-hair", "man-glasses", "woman-fair-hair" };
    for (int i = 0; i < 16; ++i)
    {
        const Point2d place(90 + 150 * (i % 4), 70 + 115 * (i / 4));
        actors.push_back({ names[i % 4], line(place, place + Point2d(30, 0), 24, 26) });
    }
    expectProtected(Video(Size(640, 480), 24, actors));
}

TEST(SanPrivacy_FaceTracker, a_change_of_size_begins_a_new_scene)
{
    const Video small(Size(320, 240), 10, { { "man-bald", line(Point2d(160, 120), Point2d(160, 120), 10, 30) } });
    const Video large(Size(640, 480), 10, { { "man-bald", line(Point2d(500, 300), Point2d(500, 300), 10, 60) } });
    const Ptr<StreamAnonymizer> anonymizer = StreamAnonymizer::create(detector(), quickPerturber());
    for (int t = 0; t < 20; ++t)
        anonymizer->push(t < 10 ? small.frame(t) : large.frame(t - 10));
    const std::vector<OutputFrame> outputs = finishStream(*anonymizer);
    ASSERT_EQ(outputs.size(), 20u);
    for (size_t t = 0; t < outputs.size(); ++t)
    {
        EXPECT_EQ(outputs[t].image.size(), t < 10 ? Size(320, 240) : Size(640, 480));
        EXPECT_EQ(outputs[t].record.faces.size(), 1u) << t;
    }
}

TEST(SanPrivacy_FaceTracker, a_face_that_comes_in_just_before_a_cut_is_covered)
{
    // The interval lets the detector search frames 0, 5 and 10; the face is there from 11 on, the scene ends with 13.
    const auto late = [](int t)
    {
        const Place place = { Point2d(t < 11 ? -500. : 200., 150), 40, 0 };
        return place;
    };
    const Video video(Size(400, 300), 14, { { "woman-dark-skin", late } });
    const Ptr<StreamAnonymizer> anonymizer = StreamAnonymizer::create(detector(), Ptr<Perturber>(), covering());
    for (int t = 0; t < 20; ++t)
        anonymizer->push(t < 14 ? video.frame(t) : Mat(300, 400, CV_8UC3, Scalar::all(250)));
    const std::vector<OutputFrame> outputs = finishStream(*anonymizer);
    ASSERT_EQ(outputs.size(), 20u);
    for (size_t t = 11; t < 14; ++t)
        EXPECT_EQ(outputs[t].record.faces.size(), 1u) << t;
}

TEST(SanPrivacy_FaceTracker, a_face_that_comes_in_slowly_is_found_where_its_scene_ends)
{
    // Nothing changes suddenly, and the first frame and the last one only are searched.
    const int from = 2, shown = 20, end = 24;
    const Video with(
        Size(400, 300), end, { { "woman-dark-skin", line(Point2d(200, 150), Point2d(200, 150), end, 40) } }),
        without(Size(400, 300), end, {});
    StreamParams params = covering();
    params.detect_interval = 2;
    for (int frames : { end, end + 4 }) // the end of the stream; a cut
    {
        const Ptr<StreamAnonymizer> anonymizer = StreamAnonymizer::create(detector(), Ptr<Perturber>(), params);
        for (int t = 0; t < frames; ++t)
        {
            Mat frame(300, 400, CV_8UC3, Scalar::all(250));
            const double share = std::min(std::max(double(t - from) / (shown - from), 0.), 1.);
            if (t < end)
                addWeighted(with.frame(t), share, without.frame(t), 1 - share, 0, frame);
            anonymizer->push(frame);
        }
        const std::vector<OutputFrame> outputs = finishStream(*anonymizer);
        ASSERT_EQ(outputs.size(), size_t(frames));
        for (int t = shown; t < end; ++t)
            EXPECT_EQ(outputs[size_t(t)].record.faces.size(), 1u) << t << " of " << frames;
    }
}

TEST(SanPrivacy_FaceTracker, after_a_cut_a_face_in_the_same_place_is_another)
{
    const Video video(Size(400, 300), 10, { { "man-bald", line(Point2d(200, 150), Point2d(200, 150), 10, 40) } });
    const Ptr<StreamAnonymizer> anonymizer = StreamAnonymizer::create(detector(), Ptr<Perturber>(), covering());
    for (int t = 0; t < 20; ++t)
    {
        Mat frame = video.frame(t % 10);
        if (t >= 10)
            frame.convertTo(frame, -1, .5, 120);
        anonymizer->push(frame);
    }
    std::set<int> before, after;
    for (const OutputFrame& output : finishStream(*anonymizer))
        for (const StreamFace& face : output.record.faces)
            (output.record.frame < 10 ? before : after).insert(face.track);
    EXPECT_EQ(before.size(), 1u);
    ASSERT_FALSE(after.empty());
    for (int track : after)
        EXPECT_FALSE(before.count(track));
}

//! A face that is there in some frames only.
Video visit(int frames, int from, int to, double roll)
{
    const auto there = [=](int t)
    {
        const Place place = { Point2d(t >= from && t < to ? 170. : -150., 150), 30, roll };
        return place;
    };
    return Video(Size(360, 280), frames, { { "man-dark-hair", there } });
}

TEST(SanPrivacy_FaceTracker, a_face_that_a_slow_camera_sees)
{
    struct
    {
        double rate; // frames per second
        int from, to;
        double roll;
    } const visits[] = { { 1, 1, 7, 0 }, { 1, 3, 4, 0 }, { 1, 2, 5, 90 }, { .2, 1, 2, 180 }, { 4, 3, 5, 0 },
        { 10, 1, 7, 0 }, { 10, 3, 9, 90 } };
    for (const auto& one : visits)
    {
        const Protection protection = protect(visit(10, one.from, one.to, one.roll), covering(), one.rate);
        EXPECT_EQ(one.to - one.from, protection.faces);
        EXPECT_EQ(0, protection.unprotected) << one.rate << " frames/s, from " << one.from << ":" << protection.missed;
    }
}

//! The detector is surer of it the wrong way up: another view must not lose it.
TEST(SanPrivacy_FaceTracker, a_face_upside_down_that_a_slow_camera_sees)
{
    const auto there = [](int t)
    {
        const Place place = { Point2d(t >= 1 && t < 3 ? 170. + 20 * t : -150., 150. - 8 * t), 30, 180 };
        return place;
    };
    const Protection protection = protect(Video(Size(360, 280), 4, { { "man-gray-hair", there } }), covering(), 1);
    EXPECT_EQ(2, protection.faces);
    EXPECT_EQ(0, protection.unprotected) << protection.missed;
}

TEST(SanPrivacy_FaceTracker, a_face_that_appears_is_found_at_once)
{
    StreamParams params = covering();
    params.look_ahead = 0; // nothing helps later
    params.detect_interval = 2;
    for (double roll : { 0., -90. })
    {
        const Protection protection = protect(visit(16, 7, 16, roll), params);
        EXPECT_EQ(9, protection.faces);
        EXPECT_EQ(0, protection.unprotected) << roll << " degrees:" << protection.missed;
    }
}

TEST(SanPrivacy_FaceTracker, searches_follow_the_time)
{
    const Video empty(Size(160, 120), 30, {});
    struct
    {
        double rate;
        int searches; // in 30 frames, with the last one's
    } const rates[] = { { 100, 3 }, { 50, 4 }, { 25, 7 }, { 10, 16 }, { 5, 30 }, { 1, 30 } };
    for (const auto& one : rates)
    {
        const Ptr<StreamAnonymizer> anonymizer = StreamAnonymizer::create(detector(), Ptr<Perturber>(), covering());
        for (int t = 0; t < empty.frames(); ++t)
            anonymizer->push(empty.frame(0), t / one.rate);
        int searches = 0;
        for (const OutputFrame& output : finishStream(*anonymizer))
            searches += output.record.detected;
        EXPECT_EQ(one.searches, searches) << one.rate << " frames/s";
    }
}

TEST(SanPrivacy_FaceTracker, small_faces_of_large_frames)
{
    // 28 pixels wide; in the view of the whole they have less than 10. They come slowly: nothing changes suddenly.
    const int from = 4, shown = 14, frames = 45;
    const Size size(2560, 300);
    const Mat ground(size, CV_8UC3, Scalar(110, 125, 135));
    Mat crowd = ground.clone();
    const std::vector<Point> places = { Point(100, 80), Point(960, 200), Point(1300, 120), Point(1620, 60),
        Point(2450, 200) };
    const char* const names[] = { "man-bald", "woman-dark-hair", "man-glasses", "woman-fair-hair", "woman-curls" };
    for (size_t i = 0; i < places.size(); ++i)
    {
        Mat small;
        resize(imread(shippedFile(std::string("portraits/") + names[i] + ".jpg")), small, Size(), 28 / 172., 28 / 172.,
            INTER_AREA);
        small.copyTo(crowd(Rect(places[i], small.size())));
    }
    const auto frameAt = [&](int t)
    {
        Mat frame;
        const double share = std::min(std::max(double(t - from) / (shown - from), 0.), 1.);
        addWeighted(crowd, share, ground, 1 - share, 0, frame);
        return frame;
    };
    const Ptr<StreamAnonymizer> anonymizer = StreamAnonymizer::create(detector(), Ptr<Perturber>(), covering());
    EXPECT_EQ(anonymizer->getSmallestFace(size), 24);
    EXPECT_EQ(anonymizer->getSmallestFace(Size(640, 480)), 16);
    for (int t = 0; t < frames; ++t)
        anonymizer->push(frameAt(t));
    const std::vector<OutputFrame> outputs = finishStream(*anonymizer);
    ASSERT_EQ(outputs.size(), size_t(frames));
    for (int t = shown; t < frames; ++t)
    {
        const Mat& output = outputs[size_t(t)].image;
        EXPECT_EQ(outputs[size_t(t)].record.faces.size(), places.size()) << t;
        for (const Point& place : places)
        {
            const Rect face(place + Point(18, 23), Size(16, 16));
            EXPECT_GT(cvtest::norm(output(face), frameAt(t)(face), NORM_L1) / (3 * face.area()), 3)
                << place << " in frame " << t;
        }
    }
}

//! A detection that is moved and scaled about its center.
Mat changed(const Mat& face, double scale, double dx)
{
    Mat result = face.clone();
    const float x = face.at<float>(0) + face.at<float>(2) / 2, y = face.at<float>(1) + face.at<float>(3) / 2;
    for (int i = 4; i < 14; ++i)
    {
        const float middle = i % 2 ? y : x;
        result.at<float>(i) = float(middle + scale * (face.at<float>(i) - middle) + (i % 2 ? 0 : dx));
    }
    result.at<float>(2) = float(scale * face.at<float>(2));
    result.at<float>(3) = float(scale * face.at<float>(3));
    result.at<float>(0) = float(x + dx - result.at<float>(2) / 2);
    result.at<float>(1) = float(y - result.at<float>(3) / 2);
    return result;
}

//! One face that a caller gives.
struct Given
{
    double scale, dx; //!< against what the detector finds
};

//! The faces of some equal frames, of a caller who gives other ones in the last frame.
std::vector<std::vector<StreamFace>> facesOf(int frames, const std::vector<Given>& before, const Given& at_last)
{
    const Video video(Size(400, 300), 1, { { "man-bald", line(Point2d(200, 150), Point2d(200, 150), 1, 40) } });
    const Mat frame = video.frame(0);
    Mat found;
    detector()->detect(frame, found);
    CV_Assert(found.rows == 1);
    const Ptr<StreamAnonymizer> anonymizer = coveringGivenFaces();
    for (int t = 0; t < frames; ++t)
    {
        Mat faces;
        for (const Given& face : t < frames - 1 ? before : std::vector<Given>(1, at_last))
            faces.push_back(changed(found, face.scale, face.dx));
        anonymizer->push(frame, faces, t / 25.);
    }
    std::vector<std::vector<StreamFace>> faces;
    for (const OutputFrame& output : finishStream(*anonymizer))
        faces.push_back(output.record.faces);
    CV_Assert(faces.size() == size_t(frames));
    return faces;
}

std::vector<StreamFace> facesAfter(int frames, const std::vector<Given>& before, const Given& at_last)
{
    return facesOf(frames, before, at_last).back();
}

TEST(SanPrivacy_FaceTracker, a_face_found_beside_its_track_may_be_another)
{
    const std::vector<StreamFace> faces = facesAfter(7, { { 1, 0 } }, { 1, 26 }); // .65 inter-ocular distances
    ASSERT_EQ(faces.size(), 2u);
    EXPECT_EQ(faces[0].state, int(FACE_FOUND));
    EXPECT_EQ(faces[1].state, int(FACE_HELD)) << "where it was stays covered";
    EXPECT_GT(faces[0].landmarks[2].x, faces[1].landmarks[2].x + 15);
}

TEST(SanPrivacy_FaceTracker, a_face_found_beside_its_track_was_there_before)
{
    const std::vector<std::vector<StreamFace>> frames = facesOf(7, { { .8, 26 } }, { 1, 0 });
    ASSERT_GE(frames.back().size(), 1u);
    const Point2f there = frames.back()[0].landmarks[2];
    for (size_t t = frames.size() - 4; t < frames.size(); ++t)
    {
        EXPECT_EQ(frames[t].size(), 2u) << "frame " << t << ": what was found first stays covered";
        EXPECT_TRUE(std::any_of(frames[t].begin(), frames[t].end(),
            [&](const StreamFace& face)
            { return cv::norm(face.landmarks[2] - there) < 4 && face.box.width > .95 * frames.back()[0].box.width; }))
            << "frame " << t;
    }
}

TEST(SanPrivacy_FaceTracker, a_face_of_another_size_is_another)
{
    const std::vector<StreamFace> faces = facesAfter(5, { { .5, 0 } }, { 1, 0 });
    ASSERT_EQ(faces.size(), 2u) << "each face that the caller gives is covered";
    EXPECT_GT(faces[1].box.width, 1.8 * faces[0].box.width);
}

TEST(SanPrivacy_FaceTracker, of_two_tracks_on_one_face_one_is_held)
{
    const std::vector<StreamFace> faces = facesAfter(5, { { 1, 0 }, { 1, 24 } }, { 1, 11 });
    ASSERT_EQ(faces.size(), 2u);
    EXPECT_NE(faces[0].state == FACE_HELD, faces[1].state == FACE_HELD);
}

}} // namespace
