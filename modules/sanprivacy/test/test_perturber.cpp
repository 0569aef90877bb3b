// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#include "test_precomp.hpp"

#include "opencv2/core/utils/filesystem.hpp"
#include "opencv2/dnn.hpp"

#include <cstdio>
#include <limits>

namespace opencv_test { namespace {

const Size FACE_SIZE(224, 224);
const int CHOICES[] = { PROTOTYPE_SAME, PROTOTYPE_NEUTRAL, PROTOTYPE_OPPOSITE };
const char* const GENERATORS[] = { "generator_project.onnx", "generator_authors.onnx", "generator_residual.onnx",
                                   "generator_residual_same.onnx" };
// Two ways to one number: the network's single precision against a few operations of our own.
const double CLOSED_FORM_TOLERANCE = 1e-5;

Mat randomFace(int type, uint64 seed)
{
    Mat coarse(14, 14, CV_MAKETYPE(CV_32F, CV_MAT_CN(type))), face;
    RNG(seed).fill(coarse, RNG::UNIFORM, 0, 1);
    resize(coarse, face, FACE_SIZE);
    face.convertTo(face, type, CV_MAT_DEPTH(type) == CV_8U ? 255 : 1);
    return face;
}

//! Faces of both labels, in unequal number so that neutral is not the plain mean of the two.
Ptr<PrototypeBuilder> makePrototypes()
{
    Ptr<PrototypeBuilder> builder = PrototypeBuilder::create(FACE_SIZE);
    const int labels[] = { 0, 0, 0, 1 };
    for (int i = 0; i < 4; i++)
        builder->add(randomFace(CV_32FC3, 100 + i), labels[i]);
    return builder;
}

//! A file that goes with the test.
struct TemporaryFile
{
    explicit TemporaryFile(const char* suffix) : name(cv::tempfile(suffix)) {}
    ~TemporaryFile() { std::remove(name.c_str()); }
    TemporaryFile(const TemporaryFile&) = delete;
    TemporaryFile& operator=(const TemporaryFile&) = delete;

    void write(const std::string& content) const { std::ofstream(name.c_str(), std::ios::binary) << content; }

    const String name;
};

//! Written once, since compression takes time.
const String& prototypesFile()
{
    static const TemporaryFile file(".yml.gz");
    static bool written = false;
    if (!written)
        makePrototypes()->save(file.name);
    written = true;
    return file.name;
}

Ptr<Perturber> createPerturber(const char* generator = "generator_project.onnx", int backend = dnn::DNN_BACKEND_DEFAULT,
                               int target = dnn::DNN_TARGET_CPU)
{
    return Perturber::create(findDataFile(generator), prototypesFile(), findDataFile("classifier.onnx"), backend, target);
}

Mat weighted(const Mat& bgr, double r, double g, double b)
{
    Mat sum;
    transform(bgr, sum, Matx13f((float)b, (float)g, (float)r));
    return sum;
}

Mat sigmoid(const Mat& logit)
{
    Mat e;
    exp(-logit, e);
    return 1 / (1 + e);
}

//! What testdata/make_networks.py puts into its generators.
Mat closedForm(const String& generator, const Mat& face, const PrototypeBuilder& prototypes, int label, int choice)
{
    Mat same, target, x = face;
    if (label == LABEL_NEUTRAL)
        prototypes.neutral(same);
    else
        prototypes.same(label, same);
    if (choice == PROTOTYPE_SAME)
        target = same;
    else if (choice == PROTOTYPE_NEUTRAL)
        prototypes.neutral(target);
    else
        prototypes.opposite(label, target);

    if (x.channels() == 3)
        cvtColor(x, x, COLOR_BGR2GRAY);
    x.convertTo(x, CV_32F, x.depth() == CV_8U ? 1 / 255. : 1);
    Mat logit = 4 * x - 2 + weighted(target, 1, -0.5, 0.25);
    if (generator != "generator_residual.onnx")
        logit += weighted(same, 0.5, -0.25, 0.125);
    return sigmoid(logit);
}

//! The error a call raises; code StsOk if it raises none.
template <typename Call>
cv::Exception errorOf(Call call)
{
    try
    {
        call();
    }
    catch (const cv::Exception& e)
    {
        return e;
    }
    return cv::Exception(Error::StsOk, "no error", "", "", 0);
}

TEST(SanPrivacy_Perturber, outputs_have_their_closed_form)
{
    const Ptr<PrototypeBuilder> prototypes = makePrototypes();
    const int labels[] = { 0, 1, LABEL_NEUTRAL };
    for (const char* generator : GENERATORS)
    {
        const Ptr<Perturber> perturber = createPerturber(generator);
        EXPECT_EQ(FACE_SIZE, perturber->getInputSize());
        for (int label : labels)
            for (int choice : CHOICES)
            {
                if (label == LABEL_NEUTRAL && choice == PROTOTYPE_OPPOSITE)
                    continue;
                SCOPED_TRACE(format("%s, label %d, prototype %d", generator, label, choice));
                const Mat face = randomFace(CV_32FC1, 1), expected = closedForm(generator, face, *prototypes, label, choice);
                Mat perturbed;
                perturber->perturb(face, perturbed, label, choice);
                ASSERT_EQ(CV_32FC1, perturbed.type());
                EXPECT_LE(cvtest::norm(perturbed, expected, NORM_INF), CLOSED_FORM_TOLERANCE);

                const Mat face8 = randomFace(CV_8UC3, 2), expected8 = closedForm(generator, face8, *prototypes, label, choice);
                perturber->perturb(face8, perturbed, label, choice);
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
        for (int choice : CHOICES)
        {
            perturber->perturb(face, one, 1, choice);
            EXPECT_LE(cvtest::norm(all[choice], one, NORM_INF), 1e-6);
        }
        EXPECT_GT(cvtest::norm(all[PROTOTYPE_SAME], all[PROTOTYPE_OPPOSITE], NORM_INF), 0.01);

        Mat neutral;
        perturber->perturbAll(face, noArray(), neutral, noArray(), LABEL_NEUTRAL);
        perturber->perturb(face, one, LABEL_NEUTRAL, PROTOTYPE_NEUTRAL);
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
    perturber->perturbBatch(faces, whole, labels);
    for (double strength : { .25, 1., 2. })
    {
        perturber->setStrength(strength);
        EXPECT_EQ(strength, perturber->getStrength());
        perturber->perturbBatch(faces, scaled, labels);
        for (size_t i = 0; i < faces.size(); i++)
        {
            Mat expected = faces[i] + strength * (whole[i] - faces[i]);
            expected = cv::min(cv::max(expected, 0), 1);
            EXPECT_LE(cvtest::norm(scaled[i], expected, NORM_INF), 1e-5) << strength;
        }
    }
    Mat same, neutral, opposite, one;
    perturber->perturbAll(faces[0], same, neutral, opposite, 1);
    perturber->perturb(faces[0], one, 1, PROTOTYPE_NEUTRAL);
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
            for (int i = 0; i < count; i++)
            {
                faces.push_back(randomFace(CV_32FC1, 10 + i));
                labels.push_back(i % 3 == 2 ? 1 : 0);
            }
            perturber->perturbBatch(faces, perturbed, labels, PROTOTYPE_OPPOSITE);
            ASSERT_EQ(faces.size(), perturbed.size());
            for (int i = 0; i < count; i++)
            {
                Mat one;
                perturber->perturb(faces[i], one, labels[i], PROTOTYPE_OPPOSITE);
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
    perturber->perturbBatch(faces, each, std::vector<int>(2, 1));
    perturber->perturbBatch(faces, all, std::vector<int>(1, 1));
    ASSERT_EQ(2u, all.size());
    for (int i = 0; i < 2; i++)
        EXPECT_EQ(0, cvtest::norm(each[i], all[i], NORM_INF));

    perturber->perturbBatch(std::vector<Mat>(), all, std::vector<int>(1, 1));
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
    perturber->perturbBatch(faces, predicted, { LABEL_PREDICT, LABEL_PREDICT, 1, LABEL_PREDICT }, PROTOTYPE_SAME);
    perturber->perturbBatch(faces, given, { 0, 1, 1, 1 }, PROTOTYPE_SAME);
    for (size_t i = 0; i < faces.size(); i++)
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
        perturber->perturbBatch(std::vector<Mat>(faces, face), perturbed, std::vector<int>(1, label), PROTOTYPE_RANDOM);
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
        EXPECT_EQ(Error::StsBadArg, errorOf([&] { createPerturber(told)->perturb(face, output, 0, PROTOTYPE_RANDOM); }).code) << told;
}

//! Data of two attributes, `left` and `right`, in a folder where createHiding() finds them.
class TwoAttributes
{
public:
    TwoAttributes() : folder_(cv::tempfile("")), data_("OPENCV_SANPRIVACY_DATA_PATH", folder_)
    {
        cv::utils::fs::createDirectory(folder_);
        for (int k = 0; k < 2; k++)
        {
            prototypes[k] = PrototypeBuilder::create(FACE_SIZE);
            for (int i = 0; i < 5; i++)
                prototypes[k]->add(0.5f * randomFace(CV_32FC3, 300 + i), i % (2 + k) ? 1 : 0); // the same faces, divided otherwise
            prototypes[k]->save(folder_ + "/prototypes-" + NAMES[k] + ".yml.gz");
            std::ofstream(folder_ + "/" + NAMES[k] + ".onnx", std::ios::binary)
                << std::ifstream(findDataFile("classifier.onnx"), std::ios::binary).rdbuf();
        }
    }
    ~TwoAttributes() { cv::utils::fs::remove_all(folder_); }

    //! P_NT, or P_SM of a label.
    Mat prototype(int label) const
    {
        Mat neutral, mean[2];
        prototypes[0]->neutral(neutral);
        if (label == LABEL_NEUTRAL)
            return neutral;
        for (int k = 0; k < 2; k++)
            prototypes[k]->same(label >> k & 1, mean[k]);
        return mean[0] + mean[1] - neutral;
    }

    static const std::vector<String> NAMES;
    Ptr<PrototypeBuilder> prototypes[2];

private:
    const std::string folder_;
    const Environment data_;
};

const std::vector<String> TwoAttributes::NAMES = { "left", "right" };

TEST(SanPrivacy_Perturber, hides_several_attributes)
{
    const TwoAttributes attributes;
    const Ptr<Perturber> perturber = Perturber::createHiding(TwoAttributes::NAMES, findDataFile("generator_residual.onnx"));
    EXPECT_EQ(2, perturber->getAttributeCount());
    EXPECT_EQ(1, createPerturber()->getAttributeCount());
    const Mat face = randomFace(CV_32FC1, 5);
    const auto expected = [&](int target) { return sigmoid(4 * face - 2 + weighted(attributes.prototype(target), 1, -0.5, 0.25)); };
    const auto differs = [&](const Mat& output, int target) { return cvtest::norm(output, expected(target), NORM_INF); };
    Mat same, neutral, opposite;
    for (int label = 0; label < 4; label++)
    {
        SCOPED_TRACE(format("label %d", label));
        perturber->perturbAll(face, same, neutral, opposite, label);
        EXPECT_LE(differs(same, label), CLOSED_FORM_TOLERANCE);
        EXPECT_LE(differs(neutral, LABEL_NEUTRAL), CLOSED_FORM_TOLERANCE);
        EXPECT_LE(differs(opposite, 3 - label), CLOSED_FORM_TOLERANCE);
        for (int other = 0; other < label; other++)
            EXPECT_GT(differs(same, other), 0.01) << "another label, another output";
    }
    for (int k = 0; k < 2; k++)
    {
        Mat given, used;
        attributes.prototypes[k]->same(1, given);
        perturber->getPrototypes(k)->same(1, used);
        EXPECT_LE(cvtest::norm(given, used, NORM_INF), 1e-6);
    }

    const Mat dark(FACE_SIZE, CV_32F, Scalar(0.45)), bright(FACE_SIZE, CV_32F, Scalar(0.55));
    for (const Mat& each : { dark, bright })
    {
        EXPECT_EQ(perturber->predict(each, 0), perturber->predict(each, 1)) << "the same classifier twice";
        Mat predicted, told;
        perturber->perturb(each, predicted, LABEL_PREDICT);
        perturber->perturb(each, told, perturber->predict(each) < 0.5 ? 0 : 3);
        EXPECT_EQ(0, cvtest::norm(predicted, told, NORM_INF));
    }

    const size_t faces = 200; // the odds of fewer than 20 of one of the four are 1e-6
    std::vector<Mat> drawn;
    perturber->perturbBatch(std::vector<Mat>(faces, face), drawn, std::vector<int>(1, 0), PROTOTYPE_RANDOM);
    int counts[4] = { 0, 0, 0, 0 };
    for (const Mat& output : drawn)
        for (int target = 0; target < 4; target++)
            counts[target] += differs(output, target) <= CLOSED_FORM_TOLERANCE;
    EXPECT_EQ((int)faces, counts[0] + counts[1] + counts[2] + counts[3]);
    for (int count : counts)
        EXPECT_GE(count, 20);
}

TEST(SanPrivacy_Perturber, attributes_that_cannot_be_hidden_are_refused)
{
    const TwoAttributes attributes;
    const String model = findDataFile("generator_residual.onnx");
    const Ptr<Perturber> perturber = Perturber::createHiding(TwoAttributes::NAMES, model);
    Mat output;
    EXPECT_THROW(perturber->perturb(randomFace(CV_8UC1, 1), output, 4), cv::Exception);
    EXPECT_THROW(perturber->predict(randomFace(CV_8UC1, 1), 2), cv::Exception);
    EXPECT_THROW(perturber->getPrototypes(-1), cv::Exception);

    const auto errorHiding = [](const std::vector<String>& names, const String& file)
    {
        return errorOf([&] { Perturber::createHiding(names, file); });
    };
    EXPECT_EQ(Error::StsBadArg, errorHiding({}, model).code);
    EXPECT_EQ(Error::StsBadArg, errorHiding({ "left", "left" }, model).code);
    EXPECT_NE(String::npos, errorHiding({ "middle" }, model).err.find("prototypes-middle.yml.gz"));
    EXPECT_NE(String::npos, errorHiding({ "left" }, String()).err.find("'left'")) << "hidden by no shipped network";
    EXPECT_EQ(Error::StsBadArg, errorHiding({ "left", "right" }, findDataFile("generator_authors.onnx")).code)
        << "a network that is told the label has room for one";
}

TEST(SanPrivacy_Perturber, calls_leave_no_trace)
{
    const Ptr<Perturber> perturber = createPerturber();
    const Mat face = randomFace(CV_8UC3, 5);
    Mat first, again, other;
    perturber->perturb(face, first, 1, PROTOTYPE_OPPOSITE);
    perturber->perturb(face, again, 1, PROTOTYPE_OPPOSITE);
    EXPECT_EQ(0, cvtest::norm(first, again, NORM_INF));
    const uchar* memory = again.data;

    perturber->perturb(randomFace(CV_32FC1, 6), other, 0, PROTOTYPE_NEUTRAL);
    std::vector<Mat> batch;
    perturber->perturbBatch(std::vector<Mat>(2, face), batch, { 0, 1 }, PROTOTYPE_SAME);
    EXPECT_THROW(perturber->perturb(Mat::zeros(3, 3, CV_8U), other, 0), cv::Exception);
    perturber->perturb(face, again, 1, PROTOTYPE_OPPOSITE);
    EXPECT_EQ(0, cvtest::norm(first, again, NORM_INF));
    EXPECT_EQ(memory, again.data) << "an output of the right size is not allocated anew";

    Mat in_place = face.clone();
    perturber->perturb(in_place, in_place, 1, PROTOTYPE_OPPOSITE);
    EXPECT_EQ(0, cvtest::norm(first, in_place, NORM_INF));
}

// perturbFaces() is alignFace(), perturb() and blendFace() for every face, all crops cut from the unperturbed image.
TEST(SanPrivacy_Perturber, perturbs_faces_of_an_image)
{
    const Ptr<Perturber> perturber = createPerturber();
    Mat landmark_template, faces(2, 15, CV_32F, Scalar(0));
    getCanonicalLandmarks(landmark_template);
    for (int i = 0; i < faces.rows; i++) // two faces that overlap
    {
        Mat landmarks = landmark_template * 0.7 + (60 + 50 * i);
        landmarks.reshape(1, 1).copyTo(faces.row(i).colRange(4, 14));
    }

    for (int depth : { CV_8U, CV_16U, CV_32F })
        for (bool gray : { false, true })
        {
            SCOPED_TRACE(format("depth %d%s", depth, gray ? ", gray" : ""));
            const double scale = depth == CV_8U ? 1 : depth == CV_16U ? 257 : 1 / 255.;
            Mat image, source, dst;
            resize(randomFace(CV_8UC3, 7), image, Size(320, 300));
            image.convertTo(image, depth, scale);
            const Mat before = image.clone();
            if (gray)
                cvtColor(image, source, COLOR_BGR2GRAY);
            else
                source = image;

            perturber->perturbFaces(image, faces, dst, { 0, 1 }, PROTOTYPE_OPPOSITE, gray);
            EXPECT_EQ(0, cvtest::norm(before, image, NORM_INF));
            ASSERT_EQ(source.type(), dst.type());
            ASSERT_EQ(source.size(), dst.size());

            Mat expected = source.clone();
            for (int i = 0; i < faces.rows; i++)
            {
                Mat crop, perturbed;
                alignFace(source, faces.row(i), crop);
                crop.convertTo(crop, CV_32F, 1 / (255 * scale));
                perturber->perturb(crop, perturbed, i, PROTOTYPE_OPPOSITE);
                blendFace(expected, crop, perturbed, faces.row(i));
            }
            EXPECT_LE(cvtest::norm(expected, dst, NORM_INF), depth == CV_32F ? 1e-6 : 1);
            EXPECT_GT(cvtest::norm(source, dst, NORM_INF), 5 * scale) << "the faces are perturbed";

            perturber->perturbFaces(image, Mat(0, 15, CV_32F), dst, std::vector<int>(1, 0), PROTOTYPE_OPPOSITE, gray);
            EXPECT_EQ(0, cvtest::norm(source, dst, NORM_INF)) << "no face, no change";
        }

    Mat image = Mat::zeros(300, 320, CV_8UC3), dst;
    EXPECT_THROW(perturber->perturbFaces(Mat(), faces, dst, { 0 }), cv::Exception);
    EXPECT_THROW(perturber->perturbFaces(image, faces.colRange(0, 14), dst, { 0 }), cv::Exception);
    EXPECT_THROW(perturber->perturbFaces(image, faces, dst, { 0, 1, 0 }), cv::Exception);
    EXPECT_TRUE(dst.empty()) << "an error leaves no half-made image";
}

TEST(SanPrivacy_Perturber, empty_object_says_so)
{
    Perturber perturber;
    EXPECT_TRUE(perturber.empty());
    EXPECT_FALSE(createPerturber()->empty());
    const Mat face = randomFace(CV_8UC1, 1);
    Mat dst;
    std::vector<Mat> batch;
    EXPECT_EQ(Error::StsNullPtr, errorOf([&]() { perturber.perturb(face, dst, 0); }).code);
    EXPECT_EQ(Error::StsNullPtr, errorOf([&]() { perturber.perturbAll(face, dst, dst, dst, 0); }).code);
    EXPECT_EQ(Error::StsNullPtr, errorOf([&]() { perturber.perturbBatch(std::vector<Mat>(1, face), batch, { 0 }); }).code);
    EXPECT_EQ(Error::StsNullPtr, errorOf([&]() { perturber.perturbFaces(face, Mat(), dst, { 0 }); }).code);
    EXPECT_EQ(Error::StsNullPtr, errorOf([&]() { perturber.predict(face); }).code);
    EXPECT_EQ(Error::StsNullPtr, errorOf([&]() { perturber.getPrototypes(); }).code);
    EXPECT_EQ(Error::StsNullPtr, errorOf([&]() { perturber.getInputSize(); }).code);
    EXPECT_EQ(Error::StsNullPtr, errorOf([&]() { perturber.getBackend(); }).code);
    EXPECT_EQ(Error::StsNullPtr, errorOf([&]() { perturber.getTarget(); }).code);
}

TEST(SanPrivacy_Perturber, refuses_bad_faces)
{
    const Ptr<Perturber> perturber = createPerturber();
    Mat not_a_number = randomFace(CV_32FC3, 1), infinite = randomFace(CV_32FC1, 1);
    not_a_number.at<Vec3f>(3, 5)[1] = std::numeric_limits<float>::quiet_NaN();
    infinite.at<float>(3, 5) = std::numeric_limits<float>::infinity();

    const Mat bad[] = { Mat(), Mat::zeros(223, 224, CV_8U), Mat::zeros(FACE_SIZE, CV_16U), Mat::zeros(FACE_SIZE, CV_64F),
                        Mat::zeros(FACE_SIZE, CV_8UC2), Mat::zeros(FACE_SIZE, CV_8UC4), not_a_number, infinite,
                        255 * randomFace(CV_32FC1, 1) };
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
    {
        SCOPED_TRACE(format("bad face %d", (int)i));
        Mat dst;
        std::vector<Mat> batch;
        EXPECT_THROW(perturber->perturb(bad[i], dst, 0), cv::Exception);
        EXPECT_THROW(perturber->perturbAll(bad[i], dst, noArray(), noArray(), 0), cv::Exception);
        EXPECT_THROW(perturber->perturbBatch(std::vector<Mat>(1, bad[i]), batch, { 0 }), cv::Exception);
        EXPECT_THROW(perturber->predict(bad[i]), cv::Exception);
        EXPECT_TRUE(dst.empty());
    }
}

TEST(SanPrivacy_Perturber, refuses_bad_labels_and_prototypes)
{
    const Ptr<Perturber> perturber = createPerturber();
    const Mat face = randomFace(CV_8UC1, 1);
    const std::vector<Mat> faces(2, face);
    Mat dst;
    std::vector<Mat> batch;
    for (int label : { 2, -3 })
        EXPECT_THROW(perturber->perturb(face, dst, label), cv::Exception);
    for (int prototype : { -1, 3 })
        EXPECT_THROW(perturber->perturb(face, dst, 0, prototype), cv::Exception);
    EXPECT_THROW(perturber->perturb(face, dst, LABEL_NEUTRAL, PROTOTYPE_OPPOSITE), cv::Exception);
    EXPECT_THROW(perturber->perturbAll(face, noArray(), noArray(), dst, LABEL_NEUTRAL), cv::Exception);
    EXPECT_THROW(perturber->perturbBatch(faces, batch, { 0, 1, 0 }), cv::Exception);
    EXPECT_THROW(perturber->perturbBatch(faces, batch, std::vector<int>()), cv::Exception);
    EXPECT_THROW(perturber->perturbBatch(faces, batch, { 0, 7 }), cv::Exception);
    EXPECT_THROW(perturber->perturbBatch(faces, batch, { 0, LABEL_NEUTRAL }, PROTOTYPE_OPPOSITE), cv::Exception);
}

TEST(SanPrivacy_Perturber, refuses_bad_files)
{
    const TemporaryFile broken(".onnx"), small(".yml.gz");
    const String model = findDataFile("generator_project.onnx"), classifier = findDataFile("classifier.onnx"),
                 foreign = findDataFile("descriptor.onnx");
    ASSERT_FALSE(Perturber::create(model, prototypesFile(), classifier)->empty());

    cv::Exception error = errorOf([&]() { Perturber::create("no such.onnx", prototypesFile(), classifier); });
    EXPECT_EQ(Error::StsBadArg, error.code);
    EXPECT_NE(std::string::npos, error.err.find("no such.onnx")) << error.err;

    std::ifstream file(model.c_str(), std::ios::binary);
    const std::string whole((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
    const std::string contents[] = { "", "this is no network", whole.substr(0, whole.size() / 2), whole.substr(0, whole.size() - 1) };
    for (const std::string& content : contents)
    {
        broken.write(content);
        error = errorOf([&]() { Perturber::create(broken.name, prototypesFile(), classifier); });
        EXPECT_EQ(Error::StsParseError, error.code) << error.err;
        EXPECT_NE(std::string::npos, error.err.find(broken.name)) << error.err;
        EXPECT_EQ(Error::StsParseError, errorOf([&]() { Perturber::create(model, prototypesFile(), broken.name); }).code);
    }

    error = errorOf([&]() { Perturber::create(foreign, prototypesFile(), classifier); });
    EXPECT_EQ(Error::StsBadArg, error.code);
    EXPECT_NE(std::string::npos, error.err.find("image, same_proto, neutral_proto, opposite_proto")) << error.err;
    error = errorOf([&]() { Perturber::create(model, prototypesFile(), foreign); });
    EXPECT_EQ(Error::StsBadArg, error.code);
    EXPECT_NE(std::string::npos, error.err.find("no attribute classifier")) << error.err;

    EXPECT_THROW(Perturber::create(model, "no such.yml.gz", classifier), cv::Exception);
    Ptr<PrototypeBuilder> builder = PrototypeBuilder::create(Size(112, 112));
    builder->add(Mat::zeros(112, 112, CV_8U), 0);
    builder->add(Mat::zeros(112, 112, CV_8U), 1);
    builder->save(small.name);
    EXPECT_THROW(Perturber::create(model, small.name, classifier), cv::Exception) << "prototypes of another size";
}

TEST(SanPrivacy_Perturber, unavailable_backend_is_an_error_unless_fallback_is_allowed)
{
    if (!dnn::getAvailableTargets(dnn::DNN_BACKEND_CUDA).empty())
        throw SkipTestException("there is a CUDA device");
    const String model = findDataFile("generator_project.onnx"), classifier = findDataFile("classifier.onnx");
    const auto create = [&](int backend, int target, bool allow_fallback)
    {
        return Perturber::create(model, prototypesFile(), classifier, backend, target, allow_fallback);
    };

    const cv::Exception error = errorOf([&]() { create(dnn::DNN_BACKEND_CUDA, dnn::DNN_TARGET_CUDA, false); });
    EXPECT_EQ(Error::GpuNotSupported, error.code);
    EXPECT_NE(std::string::npos, error.err.find("no device")) << error.err;
    EXPECT_EQ(Error::GpuNotSupported, errorOf([&]() { create(dnn::DNN_BACKEND_DEFAULT, dnn::DNN_TARGET_CUDA, false); }).code);
    EXPECT_EQ(Error::StsNotImplemented, errorOf([&]() { create(dnn::DNN_BACKEND_OPENCV, dnn::DNN_TARGET_MYRIAD, false); }).code);
    EXPECT_EQ(Error::StsNotImplemented, errorOf([&]() { create(12345, dnn::DNN_TARGET_CPU, false); }).code);

    const Ptr<Perturber> perturber = create(dnn::DNN_BACKEND_CUDA, dnn::DNN_TARGET_CUDA, true);
    EXPECT_EQ((int)dnn::DNN_BACKEND_OPENCV, perturber->getBackend());
    EXPECT_EQ((int)dnn::DNN_TARGET_CPU, perturber->getTarget());
    Mat fallen_back, expected;
    perturber->perturb(randomFace(CV_8UC1, 1), fallen_back, 0);
    createPerturber()->perturb(randomFace(CV_8UC1, 1), expected, 0);
    EXPECT_EQ(0, cvtest::norm(fallen_back, expected, NORM_INF));
}

TEST(SanPrivacy_Perturber, cuda_equals_opencv)
{
    if (dnn::getAvailableTargets(dnn::DNN_BACKEND_CUDA).empty())
        throw SkipTestException(errorOf([]() { createPerturber(GENERATORS[0], dnn::DNN_BACKEND_CUDA, dnn::DNN_TARGET_CUDA); }).err);
    const Mat face = randomFace(CV_32FC1, 8);
    for (const char* generator : GENERATORS)
    {
        Mat by_cuda, by_opencv;
        createPerturber(generator, dnn::DNN_BACKEND_CUDA, dnn::DNN_TARGET_CUDA)->perturb(face, by_cuda, 1);
        createPerturber(generator, dnn::DNN_BACKEND_OPENCV)->perturb(face, by_opencv, 1);
        EXPECT_LE(cvtest::norm(by_cuda, by_opencv, NORM_INF), 1e-3) << generator;
    }
}

TEST(SanPrivacy_Perturber, default_backend_equals_opencv)
{
    const Mat face = randomFace(CV_32FC1, 8);
    for (const char* generator : GENERATORS)
    {
        Mat by_default, by_opencv;
        createPerturber(generator)->perturb(face, by_default, 1);
        createPerturber(generator, dnn::DNN_BACKEND_OPENCV)->perturb(face, by_opencv, 1);
        EXPECT_LE(cvtest::norm(by_default, by_opencv, NORM_INF), 1e-5) << generator;
    }
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
    for (int choice : CHOICES)
    {
        ASSERT_EQ(FACE_SIZE, all[choice].size());
        EXPECT_TRUE(checkRange(all[choice], true, 0, 0, 1.0001));
        Scalar mean, deviation;
        meanStdDev(all[choice], mean, deviation);
        EXPECT_GT(deviation[0], 0.02) << "output " << choice << " is flat";

        std::vector<Mat> batch;
        perturber.perturbBatch(std::vector<Mat>(2, face), batch, { 1, 0 }, choice);
        EXPECT_LE(cvtest::norm(batch[0], all[choice], NORM_INF), 1e-4);
    }
    EXPECT_GT(cvtest::norm(all[PROTOTYPE_SAME], all[PROTOTYPE_OPPOSITE], NORM_INF), 0.001);
}

TEST(SanPrivacy_Perturber, authors_network_runs)
{
    const char* root = std::getenv("SANPRIVACY_SHARED");
    const String data = findDataFile("classifier.onnx"), testdata = data.substr(0, data.find_last_of("/\\"));
    const String beside = testdata + "/../../../../shared"; // next to the repository
    const String model = (root ? String(root) : beside) + "/models/san-authors-2018.onnx";
    if (!std::ifstream(model.c_str()).good())
        throw SkipTestException("the authors' network is not here: " + model);
    const Mat face = randomFace(CV_32FC1, 9);
    const Ptr<Perturber> perturber = Perturber::create(model, prototypesFile(), findDataFile("classifier.onnx"));
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
    perturber->perturb(face, perturbed, 0, PROTOTYPE_OPPOSITE);
    EXPECT_LE(cvtest::norm(perturbed, expected, NORM_INF), CLOSED_FORM_TOLERANCE);
}

TEST(SanPrivacy_Perturber, shipped_network_runs)
{
    Ptr<Perturber> perturber;
    try
    {
        perturber = Perturber::create();
    }
    catch (const cv::Exception& e)
    {
        if (e.code != Error::StsObjectNotFound)
            throw;
        throw SkipTestException("the shipped network is not here: " + e.err);
    }
    checkTrained(*perturber, randomFace(CV_32FC1, 9));
    const double probability = perturber->predict(randomFace(CV_8UC3, 9));
    EXPECT_GE(probability, 0);
    EXPECT_LE(probability, 1);
}

}} // namespace
