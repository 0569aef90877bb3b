// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#include "test_face_detector_common.hpp"
#include "test_perturber_common.hpp"

namespace opencv_test { namespace {

Mat scaledTo(const Mat& image, int depth, double factor)
{
    Mat scaled;
    image.convertTo(scaled, depth, factor);
    return scaled;
}

TEST(SanPrivacy_Brightness, gain_is_the_largest_power_of_2_that_keeps_the_range)
{
    struct
    {
        int depth, most, gain;
    } const cases[] = { { CV_8U, 255, 1 }, { CV_8U, 64, 1 }, { CV_8U, 63, 4 }, { CV_8U, 31, 8 }, { CV_8U, 1, 128 },
        { CV_8U, 0, 128 }, { CV_16U, 16384, 1 }, { CV_16U, 16383, 4 }, { CV_16U, 4095, 16 }, { CV_16U, 255, 256 },
        { CV_16U, 1, 32768 }, { CV_16U, 0, 32768 }, { CV_32F, 0, 1 } };
    for (const auto& expected : cases)
        for (int channels : { 1, 3 })
        {
            Mat image(200, 30, CV_MAKETYPE(expected.depth, channels), Scalar::all(0));
            image(Rect(29, 199, 1, 1)).setTo(Scalar::all(expected.most));
            EXPECT_EQ(expected.gain, brightnessGain(image)) << expected.depth << " " << expected.most;
            const int largest = expected.depth == CV_8U ? 128 : 32768;
            if (expected.depth != CV_32F)
            {
                EXPECT_EQ(largest, brightnessGain(image.rowRange(0, 199))) << "a part of an image";
            }
        }
    EXPECT_EQ(1, brightnessGain(Mat()));
}

TEST(SanPrivacy_Brightness, face_of_a_very_dark_image_is_found)
{
    const Mat bright = portrait("woman-fair-hair"), dark = scaledTo(bright, CV_8U, .05), before = dark.clone();
    for (const char* name : { "", "cascade" })
    {
        SCOPED_TRACE(name);
        const Ptr<FaceDetector> detector = shippedDetector(name);
        Mat expected, found, foundDeep, expectedDeep;
        detector->detect(bright, expected);
        detector->detect(dark, found);
        detector->detect(scaledTo(bright, CV_16U, 1), foundDeep);
        detector->detect(scaledTo(bright, CV_16U, 256), expectedDeep);
        ASSERT_EQ(1, expected.rows);
        ASSERT_EQ(1, found.rows);
        ASSERT_EQ(1, foundDeep.rows);
        ASSERT_EQ(1, expectedDeep.rows);
        const Rect2f a(expected.at<float>(0), expected.at<float>(1), expected.at<float>(2), expected.at<float>(3)),
            b(found.at<float>(0), found.at<float>(1), found.at<float>(2), found.at<float>(3));
        EXPECT_GT((a & b).area(), .7 * (a | b).area());
        EXPECT_EQ(0, cvtest::norm(expectedDeep, foundDeep, NORM_INF)) << "8 bits stored in 16";
        EXPECT_EQ(0, cvtest::norm(before, dark, NORM_INF));

        for (int type : { CV_8UC1, CV_8UC3, CV_16UC1, CV_16UC3 })
        {
            detector->detect(Mat::zeros(bright.size(), type), found);
            EXPECT_EQ(0, found.rows) << type;
        }
    }
}

TEST(SanPrivacy_Brightness, faces_of_a_very_dark_image_are_perturbed_as_bright_ones)
{
    const Ptr<Perturber> perturber = createPerturber();
    Mat landmarks, image, face(1, 15, CV_32F, Scalar(0));
    getCanonicalLandmarks(landmarks);
    landmarks = landmarks * .7 + 60;
    landmarks.reshape(1, 1).copyTo(face.colRange(4, 14));
    resize(randomFace(CV_8UC3, 7), image, Size(320, 300));
    image.at<Vec3b>(0, 0) = Vec3b::all(255); // the gain of 8 bits in 16 is 256

    for (bool gray : { false, true })
    {
        SCOPED_TRACE(gray);
        const PerturbParams params(PROTOTYPE_OPPOSITE, LABEL_PREDICT, gray);
        const Mat dark = scaledTo(image, CV_16U, 1), before = dark.clone();
        Mat expected, result, inPlace = dark.clone();
        std::vector<FaceResult> results;
        perturber->perturbFaces(scaledTo(image, CV_16U, 256), face, expected, params);
        expected = scaledTo(expected, CV_16U, 1. / 256);
        perturber->perturbFaces(dark, face, result, params);
        EXPECT_EQ(0, cvtest::norm(before, dark, NORM_INF));
        ASSERT_EQ(expected.type(), result.type());
        EXPECT_EQ(0, cvtest::norm(expected, result, NORM_INF));
        Mat unperturbed = dark;
        if (gray)
            cvtColor(dark, unperturbed, COLOR_BGR2GRAY);
        EXPECT_GT(cvtest::norm(unperturbed, result, NORM_INF), 5) << "the face is perturbed";

        EXPECT_TRUE(perturber->tryPerturbFaces(inPlace, face, inPlace, results, params));
        EXPECT_EQ(0, cvtest::norm(expected, inPlace, NORM_INF));
        perturber->perturbFaces(dark, Mat(0, 15, CV_32F), result, params);
        EXPECT_LE(cvtest::norm(unperturbed, result, NORM_INF), gray ? 1 : 0);
    }
    EXPECT_EQ(perturber->predictFace(scaledTo(image, CV_16U, 256), face),
        perturber->predictFace(scaledTo(image, CV_16U, 1), face));
}

}} // namespace
