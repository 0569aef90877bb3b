// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#include "test_perturber_common.hpp"

#include "concurrency.hpp"

#include <atomic>

namespace opencv_test { namespace {

TEST(SanPrivacy_Perturber, outputs_have_their_closed_form)
{
    const Ptr<PrototypeBuilder> prototypes = makePrototypes();
    const int labels[] = { 0, 1, LABEL_NEUTRAL };
    for (const char* generator : GENERATORS)
    {
        const Ptr<Perturber> perturber = createPerturber(generator);
        EXPECT_EQ(FACE_SIZE, perturber->getInputSize());
        for (int label : labels)
            for (PrototypeChoice choice : CHOICES)
            {
                if (label == LABEL_NEUTRAL && choice == PROTOTYPE_OPPOSITE)
                    continue;
                SCOPED_TRACE(format("%s, label %d, prototype %d", generator, label, choice));
                const Mat face = randomFace(CV_32FC1, 1),
                          expected = closedForm(generator, face, *prototypes, label, choice);
                Mat perturbed;
                perturber->perturb(face, perturbed, PerturbParams(choice, label));
                ASSERT_EQ(CV_32FC1, perturbed.type());
                EXPECT_LE(cvtest::norm(perturbed, expected, NORM_INF), CLOSED_FORM_TOLERANCE);

                const Mat face8 = randomFace(CV_8UC3, 2),
                          expected8 = closedForm(generator, face8, *prototypes, label, choice);
                perturber->perturb(face8, perturbed, PerturbParams(choice, label));
                ASSERT_EQ(CV_8UC1, perturbed.type());
                perturbed.convertTo(perturbed, CV_32F);
                EXPECT_LE(cvtest::norm(perturbed, 255 * expected8, NORM_INF), 0.5 + 1e-3) << "8-bit output is rounded";
            }
    }
}

TEST(SanPrivacy_Perturber, all_three_equal_three_calls)
{
    const Mat face = randomFace(CV_32FC1, 3);
    for (const char* generator : GENERATORS)
    {
        SCOPED_TRACE(generator);
        const Ptr<Perturber> perturber = createPerturber(generator);
        Mat all[3], one;
        perturber->perturbAll(face, all[0], all[1], all[2], 1);
        for (int i = 0; i < 3; ++i)
        {
            perturber->perturb(face, one, PerturbParams(CHOICES[i], 1));
            EXPECT_LE(cvtest::norm(all[i], one, NORM_INF), 1e-6);
        }
        EXPECT_GT(cvtest::norm(all[0], all[2], NORM_INF), 0.01);

        Mat neutral;
        perturber->perturbAll(face, noArray(), neutral, noArray(), LABEL_NEUTRAL);
        perturber->perturb(face, one, PerturbParams(PROTOTYPE_NEUTRAL, LABEL_NEUTRAL));
        EXPECT_LE(cvtest::norm(neutral, one, NORM_INF), 1e-6);
    }
}

TEST(SanPrivacy_Perturber, strength_scales_the_change)
{
    const Ptr<Perturber> perturber = createPerturber();
    EXPECT_EQ(1, perturber->getStrength());
    const std::vector<Mat> faces = { randomFace(CV_32FC1, 1), randomFace(CV_32FC1, 2) };
    const std::vector<int> labels = { 0, 1 };
    std::vector<Mat> whole, scaled;
    perturber->perturbBatch(faces, whole, PROTOTYPE_OPPOSITE, labels);
    for (double strength : { .25, 1., 2. })
    {
        perturber->setStrength(strength);
        EXPECT_EQ(strength, perturber->getStrength());
        perturber->perturbBatch(faces, scaled, PROTOTYPE_OPPOSITE, labels);
        for (size_t i = 0; i < faces.size(); ++i)
        {
            Mat expected = faces[i] + strength * (whole[i] - faces[i]);
            expected = cv::min(cv::max(expected, 0), 1);
            EXPECT_LE(cvtest::norm(scaled[i], expected, NORM_INF), 1e-5) << strength;
        }
    }
    Mat same, neutral, opposite, one;
    perturber->perturbAll(faces[0], same, neutral, opposite, 1);
    perturber->perturb(faces[0], one, PerturbParams(PROTOTYPE_NEUTRAL, 1));
    EXPECT_LE(cvtest::norm(neutral, one, NORM_INF), 1e-6);

    for (double strength : { 0., -1., 2.1, std::numeric_limits<double>::quiet_NaN() })
        EXPECT_EQ(Error::StsOutOfRange, errorOf([&] { perturber->setStrength(strength); }).code) << strength;
    EXPECT_EQ(2, perturber->getStrength());
    EXPECT_EQ(Error::StsNullPtr, errorOf([] { Perturber().setStrength(1); }).code);
}

TEST(SanPrivacy_Perturber, batch_equals_single_faces)
{
    for (const char* generator : GENERATORS)
    {
        SCOPED_TRACE(generator);
        const Ptr<Perturber> perturber = createPerturber(generator);
        for (int count : { 3, 18, 1 }) // less and more than one pass takes
        {
            std::vector<Mat> faces, perturbed;
            std::vector<int> labels;
            for (int i = 0; i < count; ++i)
            {
                faces.push_back(randomFace(CV_32FC1, 10 + i));
                labels.push_back(i % 3 == 2 ? 1 : 0);
            }
            perturber->perturbBatch(faces, perturbed, PROTOTYPE_OPPOSITE, labels);
            ASSERT_EQ(faces.size(), perturbed.size());
            for (int i = 0; i < count; ++i)
            {
                Mat one;
                perturber->perturb(faces[i], one, PerturbParams(PROTOTYPE_OPPOSITE, labels[i]));
                EXPECT_LE(cvtest::norm(perturbed[i], one, NORM_INF), 1e-6) << "face " << i << " of " << count;
            }
        }
    }
}

TEST(SanPrivacy_Perturber, one_label_serves_all_faces)
{
    const Ptr<Perturber> perturber = createPerturber();
    const std::vector<Mat> faces = { randomFace(CV_8UC1, 1), randomFace(CV_8UC1, 2) };
    std::vector<Mat> each, all;
    perturber->perturbBatch(faces, each, PROTOTYPE_OPPOSITE, std::vector<int>(2, 1));
    perturber->perturbBatch(faces, all, PerturbParams(PROTOTYPE_OPPOSITE, 1));
    ASSERT_EQ(2u, all.size());
    for (int i = 0; i < 2; ++i)
        EXPECT_EQ(0, cvtest::norm(each[i], all[i], NORM_INF));

    perturber->perturbBatch(std::vector<Mat>(), all, PerturbParams(PROTOTYPE_OPPOSITE, 1));
    EXPECT_TRUE(all.empty());
}

TEST(SanPrivacy_Perturber, predicts_labels)
{
    const Ptr<Perturber> perturber = createPerturber();
    const Mat dark(FACE_SIZE, CV_32F, Scalar(0.45)), bright(FACE_SIZE, CV_32F, Scalar(0.55));
    EXPECT_NEAR(1 / (1 + std::exp(1.)), perturber->predict(dark), 1e-5); // sigmoid(20 (0.45 - 0.5))
    EXPECT_NEAR(1 / (1 + std::exp(-1.)), perturber->predict(bright), 1e-5);

    const std::vector<Mat> faces = { dark, bright, dark, bright };
    std::vector<Mat> predicted, given;
    perturber->perturbBatch(faces, predicted, PROTOTYPE_SAME, { LABEL_PREDICT, LABEL_PREDICT, 1, LABEL_PREDICT });
    perturber->perturbBatch(faces, given, PROTOTYPE_SAME, { 0, 1, 1, 1 });
    for (size_t i = 0; i < faces.size(); ++i)
        EXPECT_EQ(0, cvtest::norm(predicted[i], given[i], NORM_INF)) << "face " << i;
}

TEST(SanPrivacy_Perturber, random_prototype_is_either_whatever_the_label)
{
    const Ptr<Perturber> perturber = createPerturber("generator_residual.onnx");
    const Mat face = randomFace(CV_32FC1, 5);
    Mat expected[2];
    for (int target : { 0, 1 })
        expected[target] = closedForm("generator_residual.onnx", face, *makePrototypes(), target, PROTOTYPE_SAME);

    const size_t faces = 200; // the odds of fewer than 60 of either are 1e-8
    for (int label : { 0, int(LABEL_NEUTRAL) })
    {
        std::vector<Mat> perturbed;
        perturber->perturbBatch(std::vector<Mat>(faces, face), perturbed, PerturbParams(PROTOTYPE_RANDOM, label));
        int drawn[2] = { 0, 0 };
        for (const Mat& output : perturbed)
            for (int target : { 0, 1 })
                drawn[target] += cvtest::norm(output, expected[target], NORM_INF) <= CLOSED_FORM_TOLERANCE;
        EXPECT_EQ((int)faces, drawn[0] + drawn[1]);
        EXPECT_GE(drawn[0], 60);
        EXPECT_GE(drawn[1], 60);
    }
    Mat output;
    for (const char* told : { "generator_project.onnx", "generator_authors.onnx", "generator_residual_same.onnx" })
        EXPECT_EQ(Error::StsBadArg,
            errorOf([&] { createPerturber(told)->perturb(face, output, PerturbParams(PROTOTYPE_RANDOM, 0)); }).code)
            << told;
}

TEST(SanPrivacy_Perturber, calls_leave_no_trace)
{
    const Ptr<Perturber> perturber = createPerturber();
    const Mat face = randomFace(CV_8UC3, 5);
    Mat first, again, other;
    perturber->perturb(face, first, PerturbParams(PROTOTYPE_OPPOSITE, 1));
    perturber->perturb(face, again, PerturbParams(PROTOTYPE_OPPOSITE, 1));
    EXPECT_EQ(0, cvtest::norm(first, again, NORM_INF));
    const uchar* memory = again.data;

    perturber->perturb(randomFace(CV_32FC1, 6), other, PerturbParams(PROTOTYPE_NEUTRAL, 0));
    std::vector<Mat> batch;
    perturber->perturbBatch(std::vector<Mat>(2, face), batch, PROTOTYPE_SAME, { 0, 1 });
    EXPECT_THROW(perturber->perturb(Mat::zeros(3, 3, CV_8U), other), cv::Exception);
    perturber->perturb(face, again, PerturbParams(PROTOTYPE_OPPOSITE, 1));
    EXPECT_EQ(0, cvtest::norm(first, again, NORM_INF));
    EXPECT_EQ(memory, again.data) << "an output of the right size is not allocated anew";

    Mat in_place = face.clone();
    perturber->perturb(in_place, in_place, PerturbParams(PROTOTYPE_OPPOSITE, 1));
    EXPECT_EQ(0, cvtest::norm(first, in_place, NORM_INF));
}

TEST(SanPrivacy_Perturber, getPrototypes_gives_those_in_use)
{
    Mat expected, found;
    makePrototypes()->neutral(expected);
    createPerturber()->getPrototypes()->neutral(found);
    EXPECT_LE(cvtest::norm(expected, found, NORM_INF), 1e-6);
}

//! The outputs of a trained network are images that differ by prototype, and a batch gives the same ones.
void checkTrained(Perturber& perturber, const Mat& face)
{
    Mat all[3];
    perturber.perturbAll(face, all[0], all[1], all[2], 1);
    for (PrototypeChoice prototype : CHOICES)
    {
        const int choice = prototype - PROTOTYPE_SAME;
        ASSERT_EQ(FACE_SIZE, all[choice].size());
        EXPECT_TRUE(checkRange(all[choice], true, 0, 0, 1.0001));
        Scalar mean, deviation;
        meanStdDev(all[choice], mean, deviation);
        EXPECT_GT(deviation[0], 0.02) << "output " << choice << " is flat";

        std::vector<Mat> batch;
        perturber.perturbBatch(std::vector<Mat>(2, face), batch, prototype, { 1, 0 });
        EXPECT_LE(cvtest::norm(batch[0], all[choice], NORM_INF), 1e-4);
    }
    EXPECT_GT(cvtest::norm(all[0], all[2], NORM_INF), 0.001);
}

TEST(SanPrivacy_Perturber, authors_network_runs)
{
    const String model = sharedFile("models/san-authors-2018.onnx");
    const Mat face = randomFace(CV_32FC1, 9);
    const Ptr<Perturber> perturber = createFrom(model, prototypesFile(), findDataFile("classifier.onnx"));
    checkTrained(*perturber, face);

    // against cv::dnn fed by hand
    Mat same, opposite, expected, perturbed;
    makePrototypes()->same(0, same);
    makePrototypes()->opposite(0, opposite);
    dnn::Net net = dnn::readNetFromONNX(model);
    net.setInput(dnn::blobFromImage(face), "image");
    net.setInput(dnn::blobFromImage(same, 1, Size(), Scalar(), true), "same_proto");
    net.setInput(dnn::blobFromImage(opposite, 1, Size(), Scalar(), true), "combine_proto");
    expected = net.forward("perturbed").reshape(1, FACE_SIZE.height);
    perturber->perturb(face, perturbed, PerturbParams(PROTOTYPE_OPPOSITE, 0));
    EXPECT_LE(cvtest::norm(perturbed, expected, NORM_INF), CLOSED_FORM_TOLERANCE);
}

TEST(SanPrivacy_Perturber, shipped_network_runs)
{
    const Ptr<Perturber> perturber = Perturber::create();
    checkTrained(*perturber, randomFace(CV_32FC1, 9));
    const double probability = perturber->predict(randomFace(CV_8UC3, 9));
    EXPECT_GE(probability, 0);
    EXPECT_LE(probability, 1);
}

TEST(SanPrivacy_Perturber, networks_from_memory_are_those_of_files)
{
    const auto bytes = [](const String& name)
    {
        std::ifstream file(name.c_str(), std::ios::binary);
        return std::vector<uchar>((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
    };
    const std::vector<uchar> model = bytes(findDataFile("generator_project.onnx")),
                             prototypes = bytes(prototypesFile()), classifier = bytes(findDataFile("classifier.onnx"));
    const Mat face = randomFace(CV_8U, 3);
    Mat expected, found;
    createPerturber()->perturb(face, expected);
    Perturber::create(model, prototypes, classifier)->perturb(face, found);
    EXPECT_EQ(0, cvtest::norm(expected, found, NORM_INF));

    const std::vector<uchar> half(model.begin(), model.begin() + model.size() / 2);
    EXPECT_EQ(Error::StsParseError, errorOf([&] { Perturber::create(half, prototypes, classifier); }).code);
    EXPECT_EQ(Error::StsParseError, errorOf([&] { Perturber::create(model, half, classifier); }).code);
    EXPECT_EQ(Error::StsParseError, errorOf([&] { Perturber::create(model, prototypes, half); }).code);
    EXPECT_EQ(Error::StsBadArg, errorOf([&] { Perturber::create(std::vector<uchar>(), prototypes, classifier); }).code);
    EXPECT_EQ(Error::StsBadArg, errorOf([&] { Perturber::create(classifier, prototypes, classifier); }).code);
}

TEST(SanPrivacy_Perturber, threads_share_one_object)
{
    const Ptr<Perturber> perturber = createPerturber();
    std::vector<Mat> faces, expected(4);
    for (int i = 0; i < 4; ++i)
    {
        faces.push_back(randomFace(CV_8UC3, 40 + i));
        perturber->perturb(faces[i], expected[i], PerturbParams(CHOICES[i % 3]));
    }
    std::atomic<int> wrong(0);
    runConcurrently(4,
        [&](int i)
        {
            for (int k = 0; k < 20; ++k)
            {
                Mat output;
                perturber->perturb(faces[i], output, PerturbParams(CHOICES[i % 3]));
                wrong += cvtest::norm(output, expected[i], NORM_INF) > 0;
                perturber->predict(faces[i]);
                perturber->getPrototypes()->count(0);
            }
        });
    EXPECT_EQ(0, wrong);
}

TEST(SanPrivacy_Perturber, prototypes_given_away_are_a_copy)
{
    const Ptr<Perturber> perturber = createPerturber();
    Mat before, after;
    perturber->perturb(randomFace(CV_8U, 1), before);
    const Ptr<PrototypeBuilder> copy = perturber->getPrototypes();
    copy->add(randomFace(CV_8U, 2), 1);
    EXPECT_EQ(2, copy->count(1));
    EXPECT_EQ(1, perturber->getPrototypes()->count(1));
    perturber->perturb(randomFace(CV_8U, 1), after);
    EXPECT_EQ(0, cvtest::norm(before, after, NORM_INF));
}

}} // namespace
