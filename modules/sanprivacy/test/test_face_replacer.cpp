// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#include "test_precomp.hpp"
#include "video_scene.hpp"

namespace opencv_test { namespace {

TEST(SanPrivacy_FaceReplacer, a_face_that_is_cut_off_is_covered_generously)
{
    const int frames = 10;
    const double inside = 200, cutOff = 22; // place of the head; a quarter of it is missing
    double covered[2];
    for (int k = 0; k < 2; ++k)
    {
        const Point2d place(k == 0 ? inside : cutOff, 150);
        const Video video(Size(400, 300), frames, { { "woman-dark-hair", line(place, place, frames, 40) } });
        const Ptr<StreamAnonymizer> anonymizer = StreamAnonymizer::create(detector(), Ptr<Perturber>(), covering());
        const std::vector<StreamFace> faces = finishStream(*anonymizer, video).at(0).record.faces;
        ASSERT_EQ(faces.size(), 1u) << k;
        covered[k] = faces[0].box.width;
    }
    EXPECT_GT(covered[1], 1.2 * covered[0]);
}

TEST(SanPrivacy_FaceReplacer, what_is_around_a_face_that_is_cut_off_is_blurred)
{
    const Point2d place(22, 150);
    const Video video(Size(400, 300), 10, { { "woman-dark-hair", line(place, place, 10, 40) } });
    const Ptr<StreamAnonymizer> anonymizer = StreamAnonymizer::create(detector(), quickPerturber());
    const OutputFrame output = finishStream(*anonymizer, video).at(0);
    ASSERT_EQ(output.record.faces.size(), 1u);
    EXPECT_EQ(output.record.faces[0].protection, int(PROTECTION_REPLACED));
    const Rect2d box = output.record.faces[0].box;
    Mat head(output.image.size(), CV_8U, Scalar(0)), difference, same;
    ellipse(head, RotatedRect(Point2f((box.tl() + box.br()) / 2), Size2f(box.size()), 0), Scalar(255), FILLED);
    absdiff(output.image, video.frame(0), difference);
    inRange(difference, Scalar::all(0), Scalar::all(0), same);
    EXPECT_GE(countNonZero(head & ~same), .9 * countNonZero(head));
}

TEST(SanPrivacy_FaceReplacer, faces_of_low_confidence_follow_the_policy)
{
    const Video video(Size(320, 240), 20, { { "man-bald", line(Point2d(160, 120), Point2d(170, 120), 20, 30) } });
    StreamParams params;
    params.min_eye_distance = 60; // larger than they are
    for (int policy : { int(LOW_CONFIDENCE_BLUR), int(LOW_CONFIDENCE_DROP), int(LOW_CONFIDENCE_PASS) })
    {
        params.low_confidence = policy;
        const Ptr<StreamAnonymizer> anonymizer = StreamAnonymizer::create(detector(), quickPerturber(), params);
        const std::vector<OutputFrame> outputs = finishStream(*anonymizer, video);
        ASSERT_EQ(outputs.size(), size_t(video.frames()));
        for (int t = 0; t < video.frames(); ++t)
        {
            const StreamRecord& record = outputs[size_t(t)].record;
            const Mat& output = outputs[size_t(t)].image;
            ASSERT_EQ(record.faces.size(), 1u);
            EXPECT_EQ(record.withheld, policy == LOW_CONFIDENCE_DROP);
            EXPECT_EQ(cvtest::norm(output, NORM_INF) == 0, policy == LOW_CONFIDENCE_DROP);
            EXPECT_EQ(record.faces[0].protection,
                policy == LOW_CONFIDENCE_PASS ? int(PROTECTION_NONE) : int(PROTECTION_BLURRED));
            if (policy != LOW_CONFIDENCE_DROP)
            {
                EXPECT_EQ(cvtest::norm(output, video.frame(t), NORM_INF) > 30, policy == LOW_CONFIDENCE_BLUR);
            }
        }
    }
}

TEST(SanPrivacy_FaceReplacer, an_error_never_lets_a_face_through)
{
    const Video video(Size(320, 240), 10, { { "man-bald", line(Point2d(160, 120), Point2d(170, 120), 10, 30) } });
    StreamParams params;
    params.look_ahead = .08;
    const Ptr<FaceDetector> faces = detector();
    const Ptr<Perturber> perturber = quickPerturber();
    const Ptr<StreamAnonymizer> anonymizer = StreamAnonymizer::create(faces, perturber, params);
    *perturber = Perturber(); // breaks in use
    const std::vector<OutputFrame> outputs = finishStream(*anonymizer, video);
    ASSERT_EQ(outputs.size(), size_t(video.frames()));
    for (int t = 0; t < video.frames(); ++t)
    {
        const OutputFrame& output = outputs[size_t(t)];
        EXPECT_TRUE(output.record.blurred);
        EXPECT_FALSE(output.record.error.empty());
        EXPECT_GT(cvtest::norm(output.image, video.frame(t), NORM_L1) / output.image.total(), 5);
    }

    *faces = FaceDetector();
    anonymizer->push(video.frame(0));
    const StreamRecord record = finishStream(*anonymizer).at(0).record;
    EXPECT_TRUE(record.blurred);
    EXPECT_NE(record.error.find("FaceDetector"), String::npos) << record.error;
}

//! How much a still face changes from frame to frame, against what it does in the input.
//! @param least mean change of a pixel, three channels
void expectNoFlicker(const Ptr<Perturber>& perturber, double least)
{
    const Video video(
        Size(480, 360), 40, { { "woman-fair-hair", line(Point2d(240, 180), Point2d(240, 180), 40, 60) } });
    const Ptr<StreamAnonymizer> anonymizer = StreamAnonymizer::create(detector(), perturber);
    const std::vector<OutputFrame> outputs = finishStream(*anonymizer, video);
    ASSERT_EQ(outputs.size(), size_t(video.frames()));
    int whole;
    const Mat face = video.faceMask(0, 0, whole);
    double before = 0, after = 0;
    for (int t = 0; t < video.frames(); ++t)
    {
        const StreamRecord& record = outputs[size_t(t)].record;
        ASSERT_EQ(record.faces.size(), 1u);
        EXPECT_EQ(record.faces[0].protection, int(PROTECTION_REPLACED));
        if (t > 0)
        {
            before += cvtest::norm(video.frame(t), video.frame(t - 1), NORM_L1, face);
            after += cvtest::norm(outputs[size_t(t)].image, outputs[size_t(t) - 1].image, NORM_L1, face);
        }
    }
    std::cout << "[  figures ] change from frame to frame: " << after / before << " of the input's" << std::endl;
    EXPECT_LT(after, 1.5 * before);
    EXPECT_GT(
        cvtest::norm(outputs.back().image, video.frame(video.frames() - 1), NORM_L1, face) / countNonZero(face), least)
        << "a face that nobody touches does not flicker either";
}

TEST(SanPrivacy_FaceReplacer, a_still_face_does_not_flicker)
{
    expectNoFlicker(quickPerturber(), 30);
}

TEST(SanPrivacy_FaceReplacer, a_still_face_does_not_flicker_with_the_default_model)
{
    shippedFile("residual.onnx");
    expectNoFlicker(Perturber::create(), 6);
}

TEST(SanPrivacy_FaceReplacer, a_face_keeps_its_perturbation_until_it_changes)
{
    const int dark = 7, frames = 10; // a cloud passes
    const Video video(Size(480, 360), 2, { { "woman-fair-hair", line(Point2d(240, 180), Point2d(240, 180), 2, 60) } });
    int whole;
    const Mat face = video.faceMask(0, 0, whole);
    std::vector<Mat> changes[2]; // of each frame, where the face passes the network in every frame and hardly ever
    for (int k = 0; k < 2; ++k)
    {
        StreamParams params;
        params.label = 0;
        params.refresh_interval = k == 0 ? 0 : 1000;
        params.detect_interval = 1; // a detection moves the landmarks a little
        const Ptr<StreamAnonymizer> anonymizer = StreamAnonymizer::create(detector(), quickPerturber(), params);
        std::vector<Mat> inputs;
        for (int t = 0; t < frames; ++t)
        {
            inputs.push_back(t < dark ? video.frame(0) : video.frame(0) * .85);
            anonymizer->push(inputs.back());
        }
        for (const OutputFrame& output : finishStream(*anonymizer))
        {
            ASSERT_EQ(output.record.faces.size(), 1u);
            EXPECT_EQ(output.record.faces[0].protection, int(PROTECTION_REPLACED));
            EXPECT_EQ(output.record.faces[0].track, 0);
            Mat change;
            cv::subtract(output.image, inputs[changes[k].size()], change, noArray(), CV_16S);
            changes[k].push_back(change);
        }
        ASSERT_EQ(changes[k].size(), size_t(frames));
    }
    const auto distance = [&](const Mat& a, const Mat& b)
    { return cvtest::norm(a, b, NORM_L1, face) / countNonZero(face); };
    for (int t = 0; t < dark; ++t)
        EXPECT_LE(distance(changes[1][t], changes[1][0]), 1) << t;
    EXPECT_GE(distance(changes[1][dark], changes[1][0]), 3) << "another face, another perturbation";
    EXPECT_LE(distance(changes[1][dark], changes[0][dark]), 1) << "at once";
}

//! The networks answer NaN for bright faces only: one that always does is refused when it is loaded.
TEST(SanPrivacy_FaceReplacer, a_network_without_numbers_protects_nobody)
{
    const Video video(Size(320, 240), 6, { { "man-bald", line(Point2d(160, 120), Point2d(160, 120), 6, 30) } });
    const auto brightFrame = [&](int t)
    {
        Mat frame;
        video.frame(t).convertTo(frame, -1, .5, 127);
        return frame;
    };
    const std::pair<const char*, const char*> networks[] = { { "generator_nan.onnx", "classifier.onnx" },
        { "generator_residual.onnx", "classifier_nan.onnx" } };
    for (const auto& names : networks)
        for (int policy : { int(LOW_CONFIDENCE_BLUR), int(LOW_CONFIDENCE_DROP), int(LOW_CONFIDENCE_PASS) })
        {
            SCOPED_TRACE(std::string(names.first) + ", " + names.second);
            StreamParams params;
            params.low_confidence = policy;
            const Ptr<Perturber> perturber = Perturber::create(
                PerturberParams({ "gender" }, findDataFile(names.first), String(), findDataFile(names.second)));
            const Ptr<StreamAnonymizer> anonymizer = StreamAnonymizer::create(detector(), perturber, params);
            for (int t = 0; t < video.frames(); ++t)
                anonymizer->push(brightFrame(t));
            const std::vector<OutputFrame> outputs = finishStream(*anonymizer);
            ASSERT_EQ(outputs.size(), size_t(video.frames()));
            for (int t = 0; t < video.frames(); ++t)
            {
                const StreamRecord& record = outputs[size_t(t)].record;
                const Mat& output = outputs[size_t(t)].image;
                EXPECT_FALSE(record.error.empty());
                EXPECT_EQ(record.withheld, policy == LOW_CONFIDENCE_DROP);
                EXPECT_EQ(cvtest::norm(output, NORM_INF) == 0, record.withheld);
                EXPECT_EQ(record.faces.size(), 1u);
                for (const StreamFace& face : record.faces)
                    EXPECT_EQ(face.protection, int(PROTECTION_BLURRED));
                const Rect face(140, 100, 40, 45);
                if (!record.withheld)
                {
                    EXPECT_GT(cvtest::norm(output(face), brightFrame(t)(face), NORM_L1) / (3 * face.area()), 1.5);
                    EXPECT_GT(cv::mean(output(face))[1], 40) << "not black";
                }
            }
        }
}

TEST(SanPrivacy_FaceReplacer, where_the_network_fails_no_earlier_change_is_shown)
{
    const int frames = 8, dark = 3; // then it grows so bright that the network answers NaN
    const Video video(
        Size(320, 240), frames, { { "man-bald", line(Point2d(160, 120), Point2d(160, 120), frames, 40) } });
    Mat faces, frame;
    detector()->detect(video.frame(0), faces);
    ASSERT_EQ(faces.rows, 1);
    StreamParams params;
    params.label = 0;
    params.low_confidence = LOW_CONFIDENCE_PASS;
    const Ptr<StreamAnonymizer> anonymizer = StreamAnonymizer::create(Ptr<FaceDetector>(),
        Perturber::create(PerturberParams({ "gender" }, findDataFile("generator_nan.onnx"))), params);
    for (int t = 0; t < frames; ++t)
    {
        video.frame(t).convertTo(frame, -1, .5, 127. * std::max(t - dark, 0) / (frames - 1 - dark));
        anonymizer->push(frame, faces, t / 25.);
    }
    const std::vector<OutputFrame> outputs = finishStream(*anonymizer);
    ASSERT_EQ(outputs.size(), size_t(frames));
    for (int t = 0; t < frames; ++t)
    {
        const StreamRecord& record = outputs[size_t(t)].record;
        ASSERT_EQ(record.faces.size(), 1u);
        EXPECT_EQ(record.faces[0].track, 0) << "no cut between them";
        if (t <= dark || t == frames - 1)
        {
            EXPECT_EQ(record.faces[0].protection, t <= dark ? int(PROTECTION_REPLACED) : int(PROTECTION_BLURRED)) << t;
            EXPECT_EQ(record.error.empty(), t <= dark) << t;
        }
    }
}

TEST(SanPrivacy_FaceReplacer, a_held_face_is_covered_and_not_replaced)
{
    const int gone = 10, frames = 20;
    const Video with(
        Size(320, 240), frames, { { "woman-dark-hair", line(Point2d(160, 120), Point2d(160, 120), frames, 40) } }),
        without(Size(320, 240), frames, {});
    for (int policy : { int(LOW_CONFIDENCE_BLUR), int(LOW_CONFIDENCE_DROP), int(LOW_CONFIDENCE_PASS) })
    {
        StreamParams params;
        params.label = 0;
        params.low_confidence = policy;
        const Ptr<StreamAnonymizer> anonymizer = StreamAnonymizer::create(detector(), quickPerturber(), params);
        for (int t = 0; t < frames; ++t)
            anonymizer->push(t < gone ? with.frame(t) : without.frame(t));
        const std::vector<OutputFrame> outputs = finishStream(*anonymizer);
        ASSERT_EQ(outputs.size(), size_t(frames));
        int held = 0;
        for (const OutputFrame& output : outputs)
            for (const StreamFace& face : output.record.faces)
            {
                const bool is_held = face.state == FACE_HELD;
                held += is_held;
                EXPECT_EQ(face.protection, is_held ? int(PROTECTION_BLURRED) : int(PROTECTION_REPLACED))
                    << output.record.frame;
                EXPECT_EQ(output.record.withheld, is_held && policy == LOW_CONFIDENCE_DROP) << output.record.frame;
            }
        EXPECT_GE(held, 5);
    }
}

TEST(SanPrivacy_FaceReplacer, six_colors_remain_across_a_head)
{
    const Video video(Size(400, 300), 1, { { "man-bald", line(Point2d(200, 150), Point2d(200, 150), 1, 60) } });
    StreamParams params;
    params.replacement = REPLACE_PIXELATION;
    const Ptr<StreamAnonymizer> anonymizer = StreamAnonymizer::create(detector(), Ptr<Perturber>(), params);
    const OutputFrame output = finishStream(*anonymizer, video).at(0);
    ASSERT_EQ(output.record.faces.size(), 1u);
    const Rect2d box = output.record.faces[0].box;
    const int row = cvRound(box.y + box.height / 2);
    int colors = 1;
    for (int x = cvCeil(box.x) + 2; x < cvFloor(box.x + box.width) - 2; ++x)
        colors += output.image.at<Vec3b>(row, x) != output.image.at<Vec3b>(row, x - 1);
    EXPECT_GE(colors, 5);
    EXPECT_LE(colors, 6);

    // A blurred head has no more: it is what is between the means of six cells.
    params.replacement = REPLACE_BLUR;
    const Ptr<StreamAnonymizer> blurring = StreamAnonymizer::create(detector(), Ptr<Perturber>(), params);
    Mat gray;
    cvtColor(finishStream(*blurring, video).at(0).image, gray, COLOR_BGR2GRAY);
    int turns = 0, before = 0; // from rising to falling and back
    for (int x = cvCeil(box.x) + 6; x < cvFloor(box.x + box.width) - 6; ++x)
    {
        const int step = int(gray.at<uchar>(row, x)) - gray.at<uchar>(row, x - 1);
        turns += step * before < 0;
        before = step != 0 ? step : before;
    }
    EXPECT_LE(turns, 4);
}

}} // namespace
