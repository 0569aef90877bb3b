// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#include "test_perturber_common.hpp"

namespace opencv_test { namespace {

//! The portraits that lie with the data, men's and women's composites; each has one face.
std::vector<String> portraits()
{
    std::vector<String> files;
    cv::glob(shippedFile("portraits/labels.csv").substr(0, shippedFile("portraits/labels.csv").rfind('/')) + "/*.jpg",
        files);
    return files;
}

int labelOf(const String& file)
{
    return file.find("woman") == String::npos;
}

Mat faceIn(const Mat& image)
{
    Mat faces;
    FaceDetector::create()->detect(image, faces);
    return faces;
}

TEST(SanPrivacy_GenderNetwork, tells_every_shipped_portrait)
{
    const Ptr<Perturber> perturber = Perturber::create();
    ASSERT_EQ(16u, portraits().size());
    for (const String& file : portraits())
    {
        const Mat image = imread(file), face = faceIn(image);
        ASSERT_EQ(1, face.rows) << file;
        EXPECT_EQ(labelOf(file), perturber->predictFace(image, face) >= .5) << file;
        for (bool gray : { false, true }) // the color is asked before it goes
        {
            Mat result;
            std::vector<FaceResult> results;
            ASSERT_TRUE(perturber->tryPerturbFaces(
                image, face, result, results, PerturbParams(PROTOTYPE_NEUTRAL, LABEL_PREDICT, gray)));
            EXPECT_EQ(labelOf(file), results[0].label) << file;
        }
    }
}

TEST(SanPrivacy_GenderNetwork, takes_every_depth)
{
    const Ptr<Perturber> perturber = Perturber::create();
    const Mat image = imread(portraits()[0]), face = faceIn(image);
    Mat deep, floats, gray;
    image.convertTo(deep, CV_16U, 257);
    image.convertTo(floats, CV_32F, 1 / 255.);
    cvtColor(image, gray, COLOR_BGR2GRAY);
    const double probability = perturber->predictFace(image, face);
    EXPECT_NEAR(probability, perturber->predictFace(deep, face), .02);
    EXPECT_NEAR(probability, perturber->predictFace(floats, face), .02);
    EXPECT_EQ(labelOf(portraits()[0]), perturber->predictFace(gray, face) >= .5);
    EXPECT_THROW(perturber->predictFace(Mat(), face), cv::Exception);
    EXPECT_THROW(perturber->predictFace(image, face, 1), cv::Exception) << "there is one attribute";
    EXPECT_THROW(Perturber().predictFace(image, face), cv::Exception);
}

TEST(SanPrivacy_GenderNetwork, a_given_classifier_is_asked_instead)
{
    const Ptr<Perturber> perturber = createPerturber();
    const Mat image = imread(portraits()[0]), face = faceIn(image);
    Mat crop, floats;
    alignFace(image, face, crop);
    EXPECT_NEAR(perturber->predict(crop), perturber->predictFace(image, face), 1e-5);
}

TEST(SanPrivacy_GenderNetwork, decides_the_label_of_a_track)
{
    for (const String& file : { portraits().front(), portraits().back() })
    {
        const Mat image = imread(file);
        const Ptr<StreamAnonymizer> anonymizer =
            StreamAnonymizer::create(Ptr<FaceDetector>(), Perturber::create(), StreamParams());
        anonymizer->push(image, faceIn(image));
        anonymizer->finish();
        Mat frame;
        StreamRecord record;
        ASSERT_TRUE(anonymizer->pop(frame, record));
        ASSERT_EQ(1u, record.faces.size());
        EXPECT_EQ(labelOf(file), record.faces[0].label) << file;
    }
}

}} // namespace opencv_test::
