// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#include "test_perturber_common.hpp"

namespace opencv_test { namespace {

const Size IMAGE(700, 600);
const Point LEFT(230, 280), RIGHT(430, 280); // centres of faces whose eyes are EYES apart
const double EYES = 45, SIGMA = .25;

Mat faceAround(const Point& centre)
{
    Mat landmarks, row(1, 15, CV_32F, Scalar(0));
    getCanonicalLandmarks(landmarks);
    landmarks *= EYES / 90;
    landmarks.col(0) += centre.x - 56;
    landmarks.col(1) += centre.y - 50;
    landmarks.reshape(1, 1).copyTo(row.colRange(4, 14));
    row.at<float>(0) = float(centre.x - 56);
    row.at<float>(1) = float(centre.y - 56);
    row.at<float>(2) = row.at<float>(3) = 112;
    row.at<float>(14) = 1;
    return row;
}

Mat bothFaces()
{
    Mat faces = faceAround(LEFT);
    faces.push_back(faceAround(RIGHT));
    return faces;
}

//! Fine noise.
Mat drawImage(int type)
{
    Mat image(IMAGE, CV_MAKETYPE(CV_8U, CV_MAT_CN(type)));
    RNG(3).fill(image, RNG::UNIFORM, 60, 196);
    const double scale = CV_MAT_DEPTH(type) == CV_8U ? 1 : CV_MAT_DEPTH(type) == CV_16U ? 257 : 1 / 255.;
    image.convertTo(image, CV_MAT_DEPTH(type), scale);
    return image;
}

Mat perturbed(const Ptr<Perturber>& perturber, const Mat& image, const Mat& faces, double blur,
    PrototypeChoice prototype = PROTOTYPE_OPPOSITE)
{
    Mat result;
    perturber->setSurroundingsBlur(blur);
    perturber->perturbFaces(image, faces, result, PerturbParams(prototype, 0));
    return result;
}

Mat part(const Mat& image, const Point2d& centre, double side = EYES)
{
    return image(Rect(cvRound(centre.x - side / 2), cvRound(centre.y - side / 2), cvRound(side), cvRound(side)));
}

double contrast(const Mat& image)
{
    Scalar mean, deviation;
    meanStdDev(image, mean, deviation);
    return deviation[0];
}

TEST(SanPrivacy_SurroundingsBlur, hair_and_background_are_blurred_and_the_face_is_not)
{
    const Ptr<Perturber> perturber = createPerturber("generator_residual.onnx");
    for (int type : { CV_8UC3, CV_8UC1, CV_16UC3, CV_32FC3, CV_32FC1 })
    {
        SCOPED_TRACE(typeToString(type));
        const Mat image = drawImage(type), before = image.clone(), face = faceAround(LEFT);
        const Mat sharp = perturbed(perturber, image, face, 0), soft = perturbed(perturber, image, face, SIGMA);
        EXPECT_EQ(0, cvtest::norm(before, image, NORM_INF));
        ASSERT_EQ(sharp.type(), soft.type());
        ASSERT_EQ(sharp.size(), soft.size());
        const Point2d centre(LEFT);
        for (double angle = 0; angle < 2 * CV_PI; angle += CV_PI / 8)
        {
            const Point2d direction(1.25 * EYES * std::cos(angle), 1.85 * EYES * std::sin(angle));
            EXPECT_EQ(0, cvtest::norm(part(sharp, centre + .85 * direction, 3), part(soft, centre + .85 * direction, 3),
                             NORM_INF))
                << "within the face's ellipse";
            const Point2d beside = centre + 1.5 * direction;
            EXPECT_LT(contrast(part(soft, beside, 15)), .2 * contrast(part(sharp, beside, 15))) << "around it";
        }
        const Rect far(int(LEFT.x + 2.55 * 1.25 * EYES), 0, 300, IMAGE.height);
        EXPECT_EQ(0, cvtest::norm(sharp(far), soft(far), NORM_INF));
        EXPECT_NEAR(mean(soft)[0], mean(sharp)[0], .003 * mean(sharp)[0]);
    }
}

TEST(SanPrivacy_SurroundingsBlur, faces_of_others_stay_sharp)
{
    const Ptr<Perturber> perturber = createPerturber("generator_residual.onnx");
    const Mat image = drawImage(CV_8UC3), sharp = perturbed(perturber, image, bothFaces(), 0),
              soft = perturbed(perturber, image, bothFaces(), SIGMA);
    for (const Point& centre : { LEFT, RIGHT })
        EXPECT_EQ(0, cvtest::norm(part(sharp, centre, 1.6 * EYES), part(soft, centre, 1.6 * EYES), NORM_INF));
    EXPECT_GT(cvtest::norm(part(sharp, (LEFT + RIGHT) / 2, 9), part(soft, (LEFT + RIGHT) / 2, 9), NORM_INF), 20);
}

TEST(SanPrivacy_SurroundingsBlur, skin_does_not_run_into_the_surroundings)
{
    const Ptr<Perturber> perturber = createPerturber("generator_residual.onnx");
    perturber->setStrength(.01); // the change itself may reach beyond the ellipse
    Mat image(IMAGE, CV_8UC3, Scalar(60, 90, 120));
    ellipse(image, LEFT, Size(cvRound(1.06 * EYES), cvRound(1.57 * EYES)), 0, 0, 360, Scalar(200, 180, 160), FILLED);
    const Mat sharp = perturbed(perturber, image, faceAround(LEFT), 0),
              soft = perturbed(perturber, image, faceAround(LEFT), 1);
    EXPECT_LE(cvtest::norm(sharp, soft, NORM_INF), 2);
}

TEST(SanPrivacy_SurroundingsBlur, large_and_cut_off_faces)
{
    const Ptr<Perturber> perturber = createPerturber("generator_residual.onnx");
    Mat image;
    resize(drawImage(CV_8UC3), image, Size(), 3, 3, INTER_NEAREST);
    for (const Point& centre : { Point(0, 0), Point(IMAGE.width * 3 - 1, IMAGE.height * 3 - 1), Point(900, 900) })
    {
        Mat face = faceAround(Point(0, 0)) * 8;
        for (int i = 4; i < 14; ++i)
            face.at<float>(i) += i % 2 ? centre.y : centre.x;
        const Mat soft = perturbed(perturber, image, face, 1), sharp = perturbed(perturber, image, face, 0);
        EXPECT_EQ(image.size(), soft.size());
        EXPECT_GT(cvtest::norm(sharp, soft, NORM_INF), 20);
    }
}

TEST(SanPrivacy_SurroundingsBlur, every_output_but_the_same)
{
    const Ptr<Perturber> perturber = createPerturber("generator_residual.onnx");
    const Mat image = drawImage(CV_8UC3), face = faceAround(LEFT);
    EXPECT_EQ(0, perturber->getSurroundingsBlur());
    for (PrototypeChoice prototype : { PROTOTYPE_SAME, PROTOTYPE_NEUTRAL, PROTOTYPE_OPPOSITE, PROTOTYPE_RANDOM })
    {
        const Mat corner = perturbed(perturber, image, face, SIGMA, prototype)(Rect(LEFT.x + 60, 240, 30, 30));
        EXPECT_EQ(prototype != PROTOTYPE_SAME, contrast(corner) < .3 * contrast(image)) << int(prototype);
    }
    EXPECT_EQ(SIGMA, perturber->getSurroundingsBlur());
}

TEST(SanPrivacy_SurroundingsBlur, wrong_arguments_are_refused)
{
    const Ptr<Perturber> perturber = createPerturber("generator_residual.onnx");
    for (double wrong : { -.1, 1.1, std::nan("") })
        EXPECT_EQ(Error::StsOutOfRange, errorOf([&] { perturber->setSurroundingsBlur(wrong); }).code);
    EXPECT_THROW(Perturber().setSurroundingsBlur(.1), cv::Exception);
    EXPECT_THROW(Perturber().getSurroundingsBlur(), cv::Exception);

    Mat image = drawImage(CV_32FC3), result;
    image.at<Vec3f>(5, 5)[1] = std::numeric_limits<float>::quiet_NaN(); // would run into the image
    perturber->setSurroundingsBlur(SIGMA);
    EXPECT_EQ(Error::StsOutOfRange, errorOf([&] { perturber->perturbFaces(image, faceAround(LEFT), result); }).code);
    EXPECT_TRUE(result.empty());
}

TEST(SanPrivacy_SurroundingsBlur, frames_of_a_stream)
{
    const Ptr<Perturber> perturber = createPerturber("generator_residual.onnx");
    const Mat frame = drawImage(CV_8UC3);
    Mat frames[2];
    for (int blurs : { 0, 1 })
    {
        StreamParams params;
        params.label = 0;
        perturber->setSurroundingsBlur(blurs * SIGMA);
        const Ptr<StreamAnonymizer> anonymizer = StreamAnonymizer::create(Ptr<FaceDetector>(), perturber, params);
        Mat faces = bothFaces();
        faces.at<float>(1, 14) = .1f; // too uncertain: it is covered, not replaced
        anonymizer->push(frame, faces);
        ASSERT_TRUE(anonymizer->flush(frames[blurs]));
    }
    const Point beside(LEFT.x - 75, LEFT.y);
    EXPECT_LT(contrast(part(frames[1], beside, 15)), .2 * contrast(part(frames[0], beside, 15)));
    for (const Point& centre : { LEFT, RIGHT })
        EXPECT_EQ(0, cvtest::norm(part(frames[0], centre), part(frames[1], centre), NORM_INF));
}

}} // namespace opencv_test::
