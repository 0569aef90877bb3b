// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#include "test_precomp.hpp"
#include "video_scene.hpp"

#include "opencv2/core/utils/filesystem.hpp"
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
        for (int t = 0; anonymizer->pop(output, record); ++t)
        {
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
    for (int t = 0; anonymizer->pop(output, record); ++t)
    {
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
void expectNoFlicker(const Ptr<Perturber>& perturber)
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
}

TEST(SanPrivacy_FaceReplacer, a_still_face_does_not_flicker)
{
    expectNoFlicker(quickPerturber());
}

TEST(SanPrivacy_FaceReplacer, a_still_face_does_not_flicker_with_the_default_model)
{
    shippedFile("residual.onnx");
    expectNoFlicker(Perturber::create());
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

TEST(SanPrivacy_FaceReplacer, a_network_without_numbers_protects_nobody)
{
    const std::string folder = cv::tempfile("");
    ASSERT_TRUE(cv::utils::fs::createDirectory(folder));
    const Video video(Size(320, 240), 6, { { "man-bald", line(Point2d(160, 120), Point2d(160, 120), 6, 30) } });
    for (const char* broken : { "generator", "classifier" })
        for (int policy : { int(LOW_CONFIDENCE_BLUR), int(LOW_CONFIDENCE_DROP), int(LOW_CONFIDENCE_PASS) })
        {
            const bool generates = broken[0] == 'c';
            const std::string generator = findDataFile("generator_project.onnx"),
                              classifier = findDataFile("classifier.onnx");
            Ptr<StreamAnonymizer> anonymizer;
            StreamParams params;
            params.low_confidence = policy;
            try
            {
                const Ptr<Perturber> perturber = Perturber::create(
                    PerturberParams({ "gender" }, generates ? generator : withNan(generator, "encoded_b", folder),
                        String(), generates ? withNan(classifier, "contrast_b", folder) : classifier));
                anonymizer = StreamAnonymizer::create(detector(), perturber, params);
            }
            catch (const cv::Exception&)
            {
                continue; // told at once, so much the better
            }
            for (int t = 0; t < video.frames(); ++t)
                anonymizer->push(video.frame(t));
            anonymizer->finish();
            StreamRecord record;
            Mat output;
            for (int t = 0; t < video.frames(); ++t)
            {
                ASSERT_TRUE(anonymizer->pop(output, record));
                EXPECT_FALSE(record.error.empty()) << broken;
                EXPECT_EQ(record.withheld, policy == LOW_CONFIDENCE_DROP);
                EXPECT_EQ(cvtest::norm(output, NORM_INF) == 0, record.withheld);
                for (const StreamFace& face : record.faces)
                    EXPECT_EQ(face.protection, int(PROTECTION_BLURRED));
                const Rect face(140, 100, 40, 45);
                if (!record.withheld)
                {
                    EXPECT_GT(cvtest::norm(output(face), video.frame(t)(face), NORM_L1) / (3 * face.area()), 3)
                        << broken;
                    EXPECT_GT(cv::mean(output(face))[1], 40) << "not black";
                }
            }
        }
    cv::utils::fs::remove_all(folder);
}

}} // namespace
