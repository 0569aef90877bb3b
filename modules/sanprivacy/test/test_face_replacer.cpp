// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#include "test_precomp.hpp"
#include "video_scene.hpp"

#include "opencv2/core/utils/filesystem.hpp"
#include <cstdio>
#include <map>
#include <set>

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
        for (int t = 0; t < frames; ++t)
            anonymizer->push(video.frame(t));
        anonymizer->finish();
        StreamRecord record;
        Mat output;
        ASSERT_TRUE(anonymizer->pop(output, record));
        ASSERT_EQ(record.faces.size(), 1u) << k;
        covered[k] = record.faces[0].box.width;
    }
    EXPECT_GT(covered[1], 1.2 * covered[0]);
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
        for (int t = 0; t < video.frames(); ++t)
            anonymizer->push(video.frame(t));
        anonymizer->finish();
        StreamRecord record;
        Mat output;
        for (int t = 0; t < video.frames(); ++t)
        {
            ASSERT_TRUE(anonymizer->pop(output, record));
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
    StreamRecord record;
    Mat output;
    for (int t = 0; t < video.frames(); ++t)
        anonymizer->push(video.frame(t));
    anonymizer->finish();
    for (int t = 0; t < video.frames(); ++t)
    {
        ASSERT_TRUE(anonymizer->pop(output, record));
        EXPECT_TRUE(record.blurred);
        EXPECT_FALSE(record.error.empty());
        EXPECT_GT(cvtest::norm(output, video.frame(t), NORM_L1) / output.total(), 5);
    }

    *faces = FaceDetector();
    anonymizer->push(video.frame(0));
    anonymizer->finish();
    ASSERT_TRUE(anonymizer->pop(output, record));
    EXPECT_TRUE(record.blurred);
    EXPECT_NE(record.error.find("detector"), String::npos) << record.error;
}

//! How much a still face changes from frame to frame, against what it does in the input.
//! @param least mean change of a pixel, three channels
void expectNoFlicker(const Ptr<Perturber>& perturber, double least)
{
    const Video video(
        Size(480, 360), 40, { { "woman-fair-hair", line(Point2d(240, 180), Point2d(240, 180), 40, 60) } });
    const Ptr<StreamAnonymizer> anonymizer = StreamAnonymizer::create(detector(), perturber);
    for (int t = 0; t < video.frames(); ++t)
        anonymizer->push(video.frame(t));
    anonymizer->finish();
    StreamRecord record;
    Mat output, last;
    int whole;
    const Mat face = video.faceMask(0, 0, whole);
    double before = 0, after = 0;
    for (int t = 0; anonymizer->pop(output, record); ++t)
    {
        ASSERT_EQ(record.faces.size(), 1u);
        EXPECT_EQ(record.faces[0].protection, int(PROTECTION_REPLACED));
        if (t > 0)
        {
            before += cvtest::norm(video.frame(t), video.frame(t - 1), NORM_L1, face);
            after += cvtest::norm(output, last, NORM_L1, face);
        }
        last = output.clone();
    }
    std::cout << "[  figures ] change from frame to frame: " << after / before << " of the input's" << std::endl;
    EXPECT_LT(after, 1.5 * before);
    EXPECT_GT(cvtest::norm(last, video.frame(video.frames() - 1), NORM_L1, face) / countNonZero(face), least)
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
        params.detect_interval = 1; // a look moves the landmarks a little
        const Ptr<StreamAnonymizer> anonymizer = StreamAnonymizer::create(detector(), quickPerturber(), params);
        std::vector<Mat> inputs;
        for (int t = 0; t < frames; ++t)
        {
            inputs.push_back(t < dark ? video.frame(0) : video.frame(0) * .85);
            anonymizer->push(inputs.back());
        }
        anonymizer->finish();
        StreamRecord record;
        Mat output, change;
        while (anonymizer->pop(output, record))
        {
            ASSERT_EQ(record.faces.size(), 1u);
            EXPECT_EQ(record.faces[0].protection, int(PROTECTION_REPLACED));
            EXPECT_EQ(record.faces[0].track, 0);
            cv::subtract(output, inputs[changes[k].size()], change, noArray(), CV_16S);
            changes[k].push_back(change.clone());
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

TEST(SanPrivacy_FaceReplacer, one_label_and_one_number_along_a_track)
{
    const Video video(Size(480, 270), 24,
        { { "man-bald", line(Point2d(110, 135), Point2d(160, 135), 24, 30) },
            { "woman-glasses", line(Point2d(340, 135), Point2d(360, 135), 24, 30) } });
    for (int label : { 0, 1, int(LABEL_PREDICT) })
    {
        StreamParams params;
        params.label = label;
        const Ptr<StreamAnonymizer> anonymizer = StreamAnonymizer::create(detector(), quickPerturber(), params);
        std::map<int, std::set<int>> labels;
        StreamRecord record;
        Mat output;
        for (int t = 0; t < video.frames(); ++t)
            anonymizer->push(video.frame(t));
        anonymizer->finish();
        while (anonymizer->pop(output, record))
            for (const StreamFace& face : record.faces)
                labels[face.track].insert(face.label);
        EXPECT_EQ(labels.size(), 2u);
        for (const auto& track : labels)
        {
            EXPECT_EQ(track.second.size(), 1u);
            EXPECT_TRUE(label == LABEL_PREDICT || *track.second.begin() == label);
        }
    }
}

TEST(SanPrivacy_FaceReplacer, several_attributes_are_voted_on)
{
    for (const char* file :
        { "residual-gender-age.onnx", "prototypes-gender.yml.gz", "prototypes-age.yml.gz", "gender.onnx", "age.onnx" })
        shippedFile(file);
    const Ptr<Perturber> perturber = Perturber::create(PerturberParams({ "gender", "age" }));
    const Video video(Size(480, 270), 4,
        { { "man-white-hair", line(Point2d(110, 135), Point2d(110, 135), 4, 45) },
            { "woman-dark-hair", line(Point2d(340, 135), Point2d(340, 135), 4, 45) } });
    StreamParams params;
    const Ptr<StreamAnonymizer> anonymizer = StreamAnonymizer::create(detector(), perturber, params);
    for (int t = 0; t < video.frames(); ++t)
        anonymizer->push(video.frame(t));
    anonymizer->finish();
    StreamRecord record;
    Mat output;
    int popped = 0;
    for (; anonymizer->pop(output, record); ++popped)
    {
        ASSERT_EQ(record.faces.size(), 2u);
        for (const StreamFace& face : record.faces)
        {
            EXPECT_EQ(face.protection, int(PROTECTION_REPLACED));
            EXPECT_EQ(face.label, face.landmarks[0].x < video.frame(0).cols / 2 ? 3 : 0) << "an old man, a young woman";
        }
    }
    EXPECT_EQ(popped, video.frames());

    params.label = 4; // there are 0 to 3
    EXPECT_THROW(StreamAnonymizer::create(detector(), perturber, params), cv::Exception);
    params.label = 3;
    EXPECT_NO_THROW(StreamAnonymizer::create(detector(), perturber, params));
    params.label = LABEL_NEUTRAL;
    params.prototype = PROTOTYPE_RANDOM;
    EXPECT_NO_THROW(StreamAnonymizer::create(detector(), perturber, params));
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
            anonymizer->finish();
            StreamRecord record;
            Mat output;
            for (int t = 0; t < video.frames(); ++t)
            {
                ASSERT_TRUE(anonymizer->pop(output, record));
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

//! Prototypes far apart: dark faces of label 0, bright ones of label 1.
Ptr<Perturber> contrastingPerturber()
{
    const std::string prototypes = cv::tempfile(".yml");
    const Ptr<PrototypeBuilder> builder = PrototypeBuilder::create();
    for (int label = 0; label <= 1; ++label)
        builder->add(Mat(builder->getSize(), CV_8UC3, Scalar::all(label ? 240 : 20)), label);
    builder->save(prototypes);
    const Ptr<Perturber> perturber = Perturber::create(PerturberParams(
        { "gender" }, findDataFile("generator_project.onnx"), prototypes, findDataFile("classifier.onnx")));
    std::remove(prototypes.c_str());
    return perturber;
}

TEST(SanPrivacy_FaceReplacer, each_prototype_looks_as_in_a_photo)
{
    const Video video(Size(320, 240), 1, { { "man-bald", line(Point2d(160, 120), Point2d(160, 120), 1, 40) } });
    const Ptr<Perturber> perturber = contrastingPerturber();
    int whole;
    const Mat face = video.faceMask(0, 0, whole);
    const auto distance = [&](const Mat& a, const Mat& b)
    { return cvtest::norm(a, b, NORM_L1, face) / (3 * countNonZero(face)); };
    std::vector<Mat> outputs;
    for (int prototype : { int(PROTOTYPE_SAME), int(PROTOTYPE_NEUTRAL), int(PROTOTYPE_OPPOSITE) })
    {
        StreamParams params;
        params.label = 1;
        params.prototype = prototype;
        const Ptr<StreamAnonymizer> anonymizer = StreamAnonymizer::create(detector(), perturber, params);
        anonymizer->push(video.frame(0));
        anonymizer->finish();
        StreamRecord record;
        Mat output, photo;
        ASSERT_TRUE(anonymizer->pop(output, record));
        ASSERT_EQ(record.faces.size(), 1u);
        EXPECT_EQ(record.faces[0].protection, int(PROTECTION_REPLACED));
        Mat row = Mat::ones(1, 15, CV_32F);
        Mat(record.faces[0].landmarks).reshape(1, 1).copyTo(row.colRange(4, 14));
        perturber->perturbFaces(video.frame(0), row, photo, PerturbParams(PrototypeChoice(prototype), 1));
        EXPECT_LE(distance(output, photo), 1) << prototype;
        for (const Mat& other : outputs)
            EXPECT_GE(distance(output, other), 10) << "another prototype, another face";
        EXPECT_GE(distance(output, video.frame(0)), 5);
        outputs.push_back(output.clone());
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
        anonymizer->finish();
        StreamRecord record;
        Mat output;
        int held = 0;
        for (int t = 0; t < frames; ++t)
        {
            ASSERT_TRUE(anonymizer->pop(output, record));
            for (const StreamFace& face : record.faces)
            {
                const bool is_held = face.state == FACE_HELD;
                held += is_held;
                EXPECT_EQ(face.protection, is_held ? int(PROTECTION_BLURRED) : int(PROTECTION_REPLACED)) << t;
                EXPECT_EQ(record.withheld, is_held && policy == LOW_CONFIDENCE_DROP) << t;
            }
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
    anonymizer->push(video.frame(0));
    anonymizer->finish();
    StreamRecord record;
    Mat output, blurred;
    ASSERT_TRUE(anonymizer->pop(output, record));
    ASSERT_EQ(record.faces.size(), 1u);
    const Rect2d box = record.faces[0].box;
    const int row = cvRound(box.y + box.height / 2);
    int colors = 1;
    for (int x = cvCeil(box.x) + 2; x < cvFloor(box.x + box.width) - 2; ++x)
        colors += output.at<Vec3b>(row, x) != output.at<Vec3b>(row, x - 1);
    EXPECT_GE(colors, 5);
    EXPECT_LE(colors, 6);

    // A blurred head has no more: it is what is between the means of six cells.
    params.replacement = REPLACE_BLUR;
    const Ptr<StreamAnonymizer> blurring = StreamAnonymizer::create(detector(), Ptr<Perturber>(), params);
    blurring->push(video.frame(0));
    blurring->finish();
    ASSERT_TRUE(blurring->pop(blurred, record));
    Mat gray;
    cvtColor(blurred, gray, COLOR_BGR2GRAY);
    int turns = 0, before = 0; // from rising to falling and back
    for (int x = cvCeil(box.x) + 6; x < cvFloor(box.x + box.width) - 6; ++x)
    {
        const int step = int(gray.at<uchar>(row, x)) - gray.at<uchar>(row, x - 1);
        turns += step * before < 0;
        before = step != 0 ? step : before;
    }
    EXPECT_LE(turns, 4);
}

TEST(SanPrivacy_FaceReplacer, attributes_are_not_mixed_up)
{
    // Another answer for each attribute: `left` says 1 of a bright face, `right` 0.
    const std::string folder = cv::tempfile("");
    ASSERT_TRUE(cv::utils::fs::createDirectory(folder));
    const Video video(Size(320, 240), 2, { { "man-bald", line(Point2d(160, 120), Point2d(160, 120), 2, 40) } });
    Mat faces, crop;
    detector()->detect(video.frame(0), faces);
    ASSERT_EQ(faces.rows, 1);
    alignFace(video.frame(0), faces, crop);
    const Environment data("OPENCV_SANPRIVACY_DATA_PATH", folder);
    for (const char* name : { "left", "right" })
    {
        const Ptr<PrototypeBuilder> builder = PrototypeBuilder::create();
        for (int label = 0; label <= 1; ++label)
            builder->add(Mat(builder->getSize(), CV_8UC3, Scalar::all(100 + 20 * label)), label);
        builder->save(folder + "/prototypes-" + name + ".yml.gz");
        std::ofstream(folder + "/" + name + ".onnx", std::ios::binary) << std::ifstream(
            findDataFile(name[0] == 'l' ? "classifier.onnx" : "classifier_inverted.onnx"), std::ios::binary)
                                                                              .rdbuf();
    }
    const Ptr<Perturber> perturber =
        Perturber::create(PerturberParams({ "left", "right" }, findDataFile("generator_residual.onnx")));
    const int expected = int(perturber->predict(crop, 0) >= .5) + 2 * int(perturber->predict(crop, 1) >= .5);
    ASSERT_TRUE(expected == 1 || expected == 2);

    const Ptr<StreamAnonymizer> anonymizer = StreamAnonymizer::create(Ptr<FaceDetector>(), perturber);
    for (int t = 0; t < video.frames(); ++t)
        anonymizer->push(video.frame(t), faces, t / 25.);
    anonymizer->finish();
    StreamRecord record;
    Mat output;
    for (int t = 0; t < video.frames(); ++t)
    {
        ASSERT_TRUE(anonymizer->pop(output, record));
        ASSERT_EQ(record.faces.size(), 1u);
        EXPECT_EQ(record.faces[0].label, expected);
    }
    cv::utils::fs::remove_all(folder);
}

}} // namespace
