// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#include "test_precomp.hpp"
#include "video_scene.hpp"

#include <thread>

namespace opencv_test { namespace {

TEST(SanPrivacy_StreamAnonymizer, default_constructed_is_empty)
{
    StreamAnonymizer anonymizer;
    StreamRecord record;
    Mat frame(100, 100, CV_8UC3, Scalar(0)), output;
    EXPECT_TRUE(anonymizer.empty());
    EXPECT_THROW(anonymizer.push(frame), cv::Exception);
    EXPECT_THROW(anonymizer.pop(output, record), cv::Exception);
    EXPECT_THROW(anonymizer.finish(), cv::Exception);
    EXPECT_THROW(anonymizer.ready(), cv::Exception);
}

TEST(SanPrivacy_StreamAnonymizer, bad_arguments_are_refused)
{
    const Ptr<FaceDetector> faces = detector();
    EXPECT_THROW(StreamAnonymizer::create(makePtr<FaceDetector>(), quickPerturber()), cv::Exception);
    EXPECT_THROW(StreamAnonymizer::create(faces, Ptr<Perturber>()), cv::Exception);
    StreamParams wrong[10];
    wrong[0].detect_interval = -1;
    wrong[1].look_ahead = -1;
    wrong[2].replacement = 4;
    wrong[3].label = 2;
    wrong[4].min_score = 2;
    wrong[5].label = LABEL_NEUTRAL; // has no opposite
    wrong[6].refresh_interval = -1;
    wrong[7].frame_rate = 0;
    wrong[8].hold = NAN;
    wrong[9].min_face = -1;
    for (const StreamParams& params : wrong)
        EXPECT_THROW(StreamAnonymizer::create(faces, quickPerturber(), params), cv::Exception);

    const Ptr<StreamAnonymizer> anonymizer = StreamAnonymizer::create(faces, quickPerturber());
    EXPECT_THROW(anonymizer->push(Mat()), cv::Exception);
    EXPECT_THROW(anonymizer->push(Mat::zeros(50, 50, CV_32F)), cv::Exception);
    EXPECT_THROW(anonymizer->push(Mat::zeros(50, 50, CV_8UC4)), cv::Exception);
    EXPECT_THROW(anonymizer->push(Mat::zeros(50, 50, CV_8U), NAN), cv::Exception);
    EXPECT_THROW(anonymizer->push(Mat::zeros(50, 50, CV_8U), Mat::zeros(1, 14, CV_32F)), cv::Exception);
    EXPECT_THROW(anonymizer->push(Mat::zeros(50, 50, CV_8U), Mat(1, 15, CV_32F, Scalar(NAN))), cv::Exception);
    EXPECT_EQ(anonymizer->ready(), 0);

    const Ptr<StreamAnonymizer> withoutDetector = StreamAnonymizer::create(Ptr<FaceDetector>(), quickPerturber());
    EXPECT_THROW(withoutDetector->push(Mat::zeros(50, 50, CV_8U)), cv::Exception);
    EXPECT_THROW(withoutDetector->getSmallestFace(Size(640, 480)), cv::Exception);
}

TEST(SanPrivacy_StreamAnonymizer, frames_without_a_face_stay_as_they_are)
{
    const Video video(Size(320, 240), 8, std::vector<Actor>());
    for (int look_ahead : { 0, 5, 30 })
    {
        StreamParams params;
        params.look_ahead = look_ahead / params.frame_rate;
        const Ptr<StreamAnonymizer> anonymizer = StreamAnonymizer::create(detector(), quickPerturber(), params);
        Mat output;
        int given = 0;
        for (int t = 0; t < video.frames(); ++t)
        {
            const bool expected = t >= look_ahead;
            ASSERT_EQ(anonymizer->process(video.frame(t), output), expected);
            if (expected)
            {
                EXPECT_EQ(cvtest::norm(output, video.frame(given++), NORM_INF), 0);
            }
        }
        while (anonymizer->flush(output))
            EXPECT_EQ(cvtest::norm(output, video.frame(given++), NORM_INF), 0);
        EXPECT_EQ(given, video.frames());
    }
}

TEST(SanPrivacy_StreamAnonymizer, threads_do_not_change_the_result)
{
    const Video video(Size(400, 300), 24, { { "man-bald", line(Point2d(100, 150), Point2d(280, 150), 24, 36) } });
    Mat output;
    StreamRecord record;
    std::vector<Mat> frames, expected;
    for (int t = 0; t < video.frames(); ++t)
        frames.push_back(video.frame(t));
    const int threads = getNumThreads();
    setNumThreads(1);
    const Ptr<StreamAnonymizer> one = StreamAnonymizer::create(detector(), quickPerturber());
    for (const Mat& frame : frames)
        if (one->process(frame, output))
            expected.push_back(output.clone());
    while (one->flush(output))
        expected.push_back(output.clone());
    setNumThreads(threads);

    const Ptr<StreamAnonymizer> two = StreamAnonymizer::create(detector(), quickPerturber());
    std::thread pushing(
        [&]
        {
            for (const Mat& frame : frames)
                two->push(frame);
            two->finish();
        });
    for (size_t given = 0; given < expected.size();)
    {
        if (!two->pop(output, record))
        {
            std::this_thread::yield();
            continue;
        }
        EXPECT_EQ(cvtest::norm(output, expected[given], NORM_INF), 0) << given;
        ++given;
    }
    pushing.join();
}

TEST(SanPrivacy_StreamAnonymizer, a_frame_comes_out_for_each_that_went_in)
{
    const Video video(Size(320, 240), 12, { { "man-bald", line(Point2d(160, 120), Point2d(170, 120), 12, 30) } });
    StreamParams params;
    params.min_eye_distance = 60; // larger than they are
    params.low_confidence = LOW_CONFIDENCE_DROP;
    params.look_ahead = .2;
    const Ptr<StreamAnonymizer> anonymizer = StreamAnonymizer::create(detector(), quickPerturber(), params);
    Mat output;
    for (int t = 0; t < video.frames(); ++t)
    {
        ASSERT_EQ(anonymizer->process(video.frame(t), output), t >= 5) << t;
        if (t >= 5)
        {
            EXPECT_EQ(output.size(), Size(320, 240));
            EXPECT_EQ(cvtest::norm(output, NORM_INF), 0) << "withheld";
        }
    }
    int left = 0;
    while (anonymizer->flush(output))
        ++left;
    EXPECT_EQ(left, 5);
}

TEST(SanPrivacy_StreamAnonymizer, faces_of_the_callers_own)
{
    const Video video(Size(320, 240), 10, { { "man-bald", line(Point2d(160, 120), Point2d(160, 120), 10, 30) } });
    Mat faces;
    detector()->detect(video.frame(0), faces);
    ASSERT_EQ(faces.rows, 1);
    faces.push_back(faces.row(0) + 0.);
    faces.at<float>(1, 0) = 20; // another one, which no detector would find, with its box only
    faces.at<float>(1, 1) = 20;
    faces.at<float>(1, 2) = faces.at<float>(1, 3) = 40;
    faces(Range(1, 2), Range(4, 14)) = Scalar(NAN);
    faces.at<float>(1, 14) = .1f;
    const Ptr<StreamAnonymizer> anonymizer = StreamAnonymizer::create(Ptr<FaceDetector>(), quickPerturber());
    for (int t = 0; t < video.frames(); ++t)
        anonymizer->push(video.frame(t), faces, t / 25.);
    const std::vector<OutputFrame> outputs = finishStream(*anonymizer);
    ASSERT_EQ(outputs.size(), size_t(video.frames()));
    for (int t = 0; t < video.frames(); ++t)
    {
        const StreamRecord& record = outputs[size_t(t)].record;
        EXPECT_TRUE(record.detected);
        EXPECT_NEAR(record.time, t / 25., 1e-9);
        ASSERT_EQ(record.faces.size(), 2u) << t;
        EXPECT_EQ(record.faces[0].protection, int(PROTECTION_REPLACED));
        EXPECT_EQ(record.faces[1].protection, int(PROTECTION_BLURRED));
        Mat changed;
        absdiff(outputs[size_t(t)].image, video.frame(t), changed);
        EXPECT_GT(cvtest::norm(changed(Rect(25, 25, 30, 30)), NORM_L1), 0) << t;
    }
}

/** As other detectors give them: left and right swapped, in another order, on a line, as shares of the image, of
another scale or place. */
TEST(SanPrivacy_StreamAnonymizer, landmarks_of_the_caller_that_are_not_those_of_its_box)
{
    const Video video(Size(320, 240), 1, { { "man-bald", line(Point2d(160, 120), Point2d(160, 120), 1, 30) } });
    const Mat frame = video.frame(0);
    Mat face;
    detector()->detect(frame, face);
    ASSERT_EQ(face.rows, 1);
    const Rect box(
        cvFloor(face.at<float>(0)), cvFloor(face.at<float>(1)), cvFloor(face.at<float>(2)), cvFloor(face.at<float>(3)));
    const auto covered = [&](const Mat& landmarks)
    {
        Mat faces = face.clone(), changed;
        landmarks.reshape(1, 1).copyTo(faces.colRange(4, 14));
        const Ptr<StreamAnonymizer> anonymizer =
            StreamAnonymizer::create(Ptr<FaceDetector>(), Ptr<Perturber>(), covering());
        anonymizer->push(frame, faces);
        const std::vector<OutputFrame> outputs = finishStream(*anonymizer);
        absdiff(outputs.at(0).image, frame, changed);
        return countNonZero(Mat(changed(box).clone().reshape(1)) > 0) / (3. * box.area());
    };
    const Mat landmarks = face.colRange(4, 14).clone().reshape(1, 5);
    const double expected = .8 * covered(landmarks); // an average face is not quite as large
    ASSERT_GT(expected, .4);
    const auto ordered = [&](const std::vector<int>& order)
    {
        Mat result;
        for (int row : order)
            result.push_back(landmarks.row(row));
        return result;
    };
    EXPECT_GT(covered(ordered({ 1, 0, 2, 4, 3 })), expected) << "swapped";
    EXPECT_GT(covered(ordered({ 2, 0, 4, 1, 3 })), expected) << "another order";
    Mat on_line = landmarks.clone();
    for (int row = 0; row < 5; ++row)
        on_line.at<float>(row, 1) = on_line.at<float>(0, 1);
    EXPECT_GT(covered(on_line), expected) << "on a line";
    EXPECT_GT(covered(landmarks / 320), expected) << "shares of the image";
    Mat middle;
    reduce(landmarks, middle, 0, REDUCE_AVG);
    const Mat middles = repeat(middle, 5, 1);
    EXPECT_GT(covered((landmarks - middles) * .1 + middles), expected) << "too small";
    EXPECT_GT(covered((landmarks - middles) * .5 + middles), expected) << "half as large";
    EXPECT_GT(covered((landmarks - middles) * 5 + middles), expected) << "too large";
    EXPECT_GT(covered(landmarks + 400), expected) << "elsewhere";
}

TEST(SanPrivacy_StreamAnonymizer, a_stream_that_begins_anew)
{
    // Its times begin again, and a source may tell the same time for all its frames.
    const Video video(Size(320, 240), 12, { { "man-bald", line(Point2d(160, 120), Point2d(160, 120), 12, 30) } });
    const Ptr<StreamAnonymizer> anonymizer = StreamAnonymizer::create(detector(), Ptr<Perturber>(), covering());
    for (int round = 0; round < 3; ++round)
    {
        for (int t = 0; t < video.frames(); ++t)
            anonymizer->push(video.frame(t), round == 2 ? 0 : t / 25.);
        const std::vector<OutputFrame> outputs = finishStream(*anonymizer);
        ASSERT_EQ(outputs.size(), size_t(video.frames()));
        int searches = 0;
        for (int t = 0; t < video.frames(); ++t)
        {
            const StreamRecord& record = outputs[size_t(t)].record;
            EXPECT_EQ(record.faces.size(), 1u);
            EXPECT_NEAR(record.time, t / 25., 1e-9) << round;
            searches += record.detected;
        }
        EXPECT_GE(searches, 3);
    }
}

//! The detector is as sure of these faces upside down as upright; the landmark network is not.
TEST(SanPrivacy_StreamAnonymizer, an_upright_face_is_not_taken_for_one_upside_down)
{
    for (const char* name : { "man-bald", "man-glasses", "woman-curls" })
    {
        const Mat portrait = imread(shippedFile(std::string("portraits/") + name + ".jpg"));
        const Size size(400 * portrait.cols / portrait.rows, 400);
        Mat face, frame = Mat::zeros(720, 1280, CV_8UC3);
        resize(portrait, face, size, 0, 0, INTER_AREA);
        face.copyTo(frame(Rect(Point((frame.cols - size.width) / 2, 0), size)));
        const Ptr<StreamAnonymizer> anonymizer = StreamAnonymizer::create(detector(), Ptr<Perturber>(), covering());
        anonymizer->push(frame);
        const std::vector<StreamFace> faces = finishStream(*anonymizer).at(0).record.faces;
        ASSERT_EQ(faces.size(), 1u) << name;
        const std::vector<Point2f>& landmarks = faces[0].landmarks;
        EXPECT_LT(landmarks[0].y, landmarks[3].y) << "the right eye is above the mouth: " << name;
        EXPECT_LT(landmarks[1].y, landmarks[4].y) << name;
    }
}

}} // namespace
