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
        for (const OutputFrame& output : finishStream(*anonymizer, video))
            for (const StreamFace& face : output.record.faces)
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
    const std::vector<OutputFrame> outputs = finishStream(*anonymizer, video);
    EXPECT_EQ(outputs.size(), size_t(video.frames()));
    for (const OutputFrame& output : outputs)
    {
        ASSERT_EQ(output.record.faces.size(), 2u);
        for (const StreamFace& face : output.record.faces)
        {
            EXPECT_EQ(face.protection, int(PROTECTION_REPLACED));
            EXPECT_EQ(face.label, face.landmarks[0].x < video.frame(0).cols / 2 ? 3 : 0) << "an old man, a young woman";
        }
    }

    params.label = 4; // there are 0 to 3
    EXPECT_THROW(StreamAnonymizer::create(detector(), perturber, params), cv::Exception);
    params.label = 3;
    EXPECT_NO_THROW(StreamAnonymizer::create(detector(), perturber, params));
    params.label = LABEL_NEUTRAL;
    params.prototype = PROTOTYPE_RANDOM;
    EXPECT_NO_THROW(StreamAnonymizer::create(detector(), perturber, params));
}

//! Prototypes far apart: dark faces of label 0, bright ones of label 1.
Ptr<Perturber> contrastingPerturber(const char* network)
{
    const std::string prototypes = cv::tempfile(".yml");
    const Ptr<PrototypeBuilder> builder = PrototypeBuilder::create();
    for (int label = 0; label <= 1; ++label)
        builder->add(Mat(builder->getSize(), CV_8UC3, Scalar::all(label ? 240 : 20)), label);
    builder->save(prototypes);
    const Ptr<Perturber> perturber = Perturber::create(
        PerturberParams({ "gender" }, findDataFile(network), prototypes, findDataFile("classifier.onnx")));
    std::remove(prototypes.c_str());
    return perturber;
}

TEST(SanPrivacy_FaceReplacer, each_prototype_looks_as_in_a_photo)
{
    const Video video(Size(320, 240), 1, { { "man-bald", line(Point2d(160, 120), Point2d(160, 120), 1, 40) } });
    const Ptr<Perturber> perturber = contrastingPerturber("generator_project.onnx");
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
        const OutputFrame frame = finishStream(*anonymizer, video).at(0);
        const Mat& output = frame.image;
        ASSERT_EQ(frame.record.faces.size(), 1u);
        EXPECT_EQ(frame.record.faces[0].protection, int(PROTECTION_REPLACED));
        Mat photo, row = Mat::ones(1, 15, CV_32F);
        Mat(frame.record.faces[0].landmarks).reshape(1, 1).copyTo(row.colRange(4, 14));
        perturber->perturbFaces(video.frame(0), row, photo, PerturbParams(PrototypeChoice(prototype), 1));
        EXPECT_LE(distance(output, photo), 1) << prototype;
        for (const Mat& other : outputs)
            EXPECT_GE(distance(output, other), 10) << "another prototype, another face";
        EXPECT_GE(distance(output, video.frame(0)), 5);
        outputs.push_back(output);
    }
}

TEST(SanPrivacy_FaceReplacer, at_random_each_track_draws_its_own_prototype)
{
    const int tracks = 30; // the odds of one prototype for all of them are 2e-9
    const Video video(Size(320, 240), 2, { { "man-bald", line(Point2d(160, 120), Point2d(160, 120), 2, 40) } });
    Mat faces;
    detector()->detect(video.frame(0), faces);
    ASSERT_EQ(faces.rows, 1);
    StreamParams params;
    params.prototype = PROTOTYPE_RANDOM;
    params.refresh_interval = 0;
    const Ptr<StreamAnonymizer> anonymizer =
        StreamAnonymizer::create(Ptr<FaceDetector>(), contrastingPerturber("generator_residual.onnx"), params);
    double darkest = 255, brightest = 0;
    for (int i = 0; i < tracks; ++i)
    {
        for (int t = 0; t < video.frames(); ++t)
            anonymizer->push(video.frame(t), faces, t / 25.);
        std::vector<double> brightness;
        for (const OutputFrame& output : finishStream(*anonymizer)) // who comes next is somebody else
        {
            ASSERT_EQ(output.record.faces.size(), 1u);
            EXPECT_EQ(output.record.faces[0].protection, int(PROTECTION_REPLACED));
            EXPECT_EQ(output.record.faces[0].label, int(LABEL_PREDICT)) << "what was drawn is reported";
            brightness.push_back(cv::mean(output.image(Rect(145, 110, 30, 30)))[1]);
        }
        ASSERT_EQ(brightness.size(), 2u);
        EXPECT_NEAR(brightness[0], brightness[1], 3) << "the mean of the frames would tell both";
        darkest = std::min(darkest, brightness[0]);
        brightest = std::max(brightest, brightness[0]);
    }
    EXPECT_GT(brightest, darkest + 10);
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
    const std::vector<OutputFrame> outputs = finishStream(*anonymizer);
    ASSERT_EQ(outputs.size(), size_t(video.frames()));
    for (const OutputFrame& output : outputs)
    {
        ASSERT_EQ(output.record.faces.size(), 1u);
        EXPECT_EQ(output.record.faces[0].label, expected);
    }
    cv::utils::fs::remove_all(folder);
}

TEST(SanPrivacy_FaceReplacer, a_network_that_predicts_labels_is_missed_before_the_first_frame)
{
    const std::string folder = cv::tempfile(""), network = "gender-dlib-32.onnx";
    ASSERT_TRUE(cv::utils::fs::createDirectory(folder));
    const auto copy = [&](const std::string& name) {
        std::ofstream(folder + "/" + name, std::ios::binary)
            << std::ifstream(shippedFile(name), std::ios::binary).rdbuf();
    };
    copy("prototypes-gender.yml.gz");
    const String generator = findDataFile("generator_residual.onnx");
    const Environment data("OPENCV_SANPRIVACY_DATA_PATH", folder);
    const Ptr<Perturber> perturber = Perturber::create(PerturberParams({ "gender" }, generator));
    const auto whatIsMissing = [&](int label, int prototype)
    {
        StreamParams params;
        params.label = label;
        params.prototype = prototype;
        try
        {
            StreamAnonymizer::create(Ptr<FaceDetector>(), perturber, params);
        }
        catch (const cv::Exception& e)
        {
            return e.err;
        }
        return String();
    };
    EXPECT_NE(whatIsMissing(LABEL_PREDICT, PROTOTYPE_OPPOSITE).find(network), String::npos);
    EXPECT_EQ(whatIsMissing(1, PROTOTYPE_OPPOSITE), "") << "the label is given";
    EXPECT_EQ(whatIsMissing(LABEL_PREDICT, PROTOTYPE_RANDOM), "") << "none is needed";
    copy(network);
    EXPECT_EQ(whatIsMissing(LABEL_PREDICT, PROTOTYPE_OPPOSITE), "") << "a video needs no other one";
    cv::utils::fs::remove_all(folder);
}

}} // namespace
