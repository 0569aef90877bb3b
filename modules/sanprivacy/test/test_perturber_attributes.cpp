// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#include "test_perturber_common.hpp"

namespace opencv_test { namespace {

//! Data of two attributes, `left` and `right`, in a folder where Perturber::create() finds them.
class TwoAttributes
{
public:
    TwoAttributes() : folder_(cv::tempfile("")), data_("OPENCV_SANPRIVACY_DATA_PATH", folder_)
    {
        cv::utils::fs::createDirectory(folder_);
        for (int k = 0; k < 2; ++k)
        {
            prototypes[k] = PrototypeBuilder::create(FACE_SIZE);
            for (int i = 0; i < 5; ++i)
                prototypes[k]->add(
                    0.5f * randomFace(CV_32FC3, 300 + i), i % (2 + k) ? 1 : 0); // the same faces, divided otherwise
            prototypes[k]->save(folder_ + "/prototypes-" + NAMES[k] + ".yml.gz");
            std::ofstream(
                folder_ + "/" + NAMES[k] + ".onnx", std::ios::binary) // what is 1 to the one is 0 to the other
                << std::ifstream(findDataFile(k ? "classifier_inverted.onnx" : "classifier.onnx"), std::ios::binary)
                       .rdbuf();
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
        for (int k = 0; k < 2; ++k)
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
    const Ptr<Perturber> perturber =
        Perturber::create(PerturberParams(TwoAttributes::NAMES, findDataFile("generator_residual.onnx")));
    EXPECT_EQ(TwoAttributes::NAMES, perturber->getAttributes());
    EXPECT_EQ(std::vector<String>(1, "gender"), createPerturber()->getAttributes());
    const Mat face = randomFace(CV_32FC1, 5);
    const auto expected = [&](int target)
    { return sigmoid(4 * face - 2 + weighted(attributes.prototype(target), 1, -0.5, 0.25)); };
    const auto differs = [&](const Mat& output, int target)
    { return cvtest::norm(output, expected(target), NORM_INF); };
    Mat same, neutral, opposite;
    for (int label = 0; label < 4; ++label)
    {
        SCOPED_TRACE(format("label %d", label));
        perturber->perturbAll(face, same, neutral, opposite, label);
        EXPECT_LE(differs(same, label), CLOSED_FORM_TOLERANCE);
        EXPECT_LE(differs(neutral, LABEL_NEUTRAL), CLOSED_FORM_TOLERANCE);
        EXPECT_LE(differs(opposite, 3 - label), CLOSED_FORM_TOLERANCE);
        for (int other = 0; other < label; ++other)
            EXPECT_GT(differs(same, other), 0.01) << "another label, another output";
    }
    for (int k = 0; k < 2; ++k)
    {
        Mat given, used;
        attributes.prototypes[k]->same(1, given);
        perturber->getPrototypes(k)->same(1, used);
        EXPECT_LE(cvtest::norm(given, used, NORM_INF), 1e-6);
    }

    const Mat dark(FACE_SIZE, CV_32F, Scalar(0.45)), bright(FACE_SIZE, CV_32F, Scalar(0.55));
    for (const Mat& each : { dark, bright })
    {
        EXPECT_NEAR(1, perturber->predict(each, 0) + perturber->predict(each, 1), 1e-5);
        Mat predicted, told;
        perturber->perturb(each, predicted);
        perturber->perturb(each, told, PerturbParams(PROTOTYPE_OPPOSITE, perturber->predict(each, 0) < 0.5 ? 2 : 1));
        EXPECT_EQ(0, cvtest::norm(predicted, told, NORM_INF));
    }

    const size_t faces = 200; // the odds of fewer than 20 of one of the four are 1e-6
    std::vector<Mat> drawn;
    perturber->perturbBatch(std::vector<Mat>(faces, face), drawn, PerturbParams(PROTOTYPE_RANDOM, 0));
    int counts[4] = { 0, 0, 0, 0 };
    for (const Mat& output : drawn)
        for (int target = 0; target < 4; ++target)
            counts[target] += differs(output, target) <= CLOSED_FORM_TOLERANCE;
    EXPECT_EQ((int)faces, counts[0] + counts[1] + counts[2] + counts[3]);
    for (int count : counts)
        EXPECT_GE(count, 20);
}

TEST(SanPrivacy_Perturber, attributes_that_cannot_be_hidden_are_refused)
{
    const TwoAttributes attributes;
    const String model = findDataFile("generator_residual.onnx");
    const Ptr<Perturber> perturber = Perturber::create(PerturberParams(TwoAttributes::NAMES, model));
    Mat output;
    EXPECT_THROW(
        perturber->perturb(randomFace(CV_8UC1, 1), output, PerturbParams(PROTOTYPE_OPPOSITE, 4)), cv::Exception);
    EXPECT_THROW(perturber->predict(randomFace(CV_8UC1, 1), 2), cv::Exception);
    EXPECT_THROW(perturber->getPrototypes(-1), cv::Exception);

    const auto errorHiding = [](const std::vector<String>& names, const String& file)
    { return errorOf([&] { Perturber::create(PerturberParams(names, file)); }); };
    PerturberParams nothing;
    nothing.attributes.clear();
    EXPECT_EQ(Error::StsBadArg, errorOf([&] { Perturber::create(nothing); }).code);
    EXPECT_EQ(Error::StsBadArg,
        errorOf([&] { Perturber::create(PerturberParams(TwoAttributes::NAMES, model, "one.yml.gz")); }).code);
    EXPECT_EQ(Error::StsBadArg, errorHiding({ "left", "left" }, model).code);
    EXPECT_NE(String::npos, errorHiding({ "middle" }, model).err.find("prototypes-middle.yml.gz"));
    EXPECT_NE(String::npos, errorHiding({ "left" }, String()).err.find("'left'")) << "hidden by no shipped network";
    EXPECT_EQ(Error::StsBadArg, errorHiding({ "left", "right" }, findDataFile("generator_authors.onnx")).code)
        << "a network that is told the label has room for one";
    for (const char* gender_only : { "residual", "san2018" })
        EXPECT_NE(String::npos, errorHiding({ "age" }, gender_only).err.find("hides gender only")) << gender_only;
}

}} // namespace
