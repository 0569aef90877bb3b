// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#include "test_perturber_common.hpp"

namespace opencv_test { namespace {

const Point LIPS(112, 160), TEETH(112, 150), CORNER(3, 3);
const Vec3f SKIN(.45f, .55f, .7f), RED(.35f, .3f, .75f), WHITE(.78f, .8f, .82f);

//! Skin with lips of more chroma and teeth of less, as a canonical crop.
Mat drawFace()
{
    Mat face(FACE_SIZE, CV_32FC3, Scalar(SKIN));
    rectangle(face, Rect(LIPS.x - 20, LIPS.y - 5, 40, 11), Scalar(RED), FILLED);
    rectangle(face, Rect(TEETH.x - 15, TEETH.y - 4, 30, 8), Scalar(WHITE), FILLED);
    rectangle(face, Rect(0, 0, 10, 10), Scalar(RED), FILLED);
    return face;
}

Mat canonicalRow()
{
    Mat landmarks, row(1, 15, CV_32F, Scalar(0));
    getCanonicalLandmarks(landmarks);
    landmarks.reshape(1, 1).copyTo(row.colRange(4, 14));
    return row;
}

double lumaOf(const Vec3f& bgr)
{
    return .114 * bgr[0] + .587 * bgr[1] + .299 * bgr[2];
}

Vec3d chromaOf(const Vec3f& bgr)
{
    return Vec3d(bgr) - Vec3d::all(lumaOf(bgr));
}

//! The image with its one face, which fills it, evened out and otherwise unchanged.
Mat evened(const Mat& image, double strength)
{
    Mat result = image.clone(), gray;
    cvtColor(image, gray, COLOR_BGR2GRAY);
    blendFace(result, image, gray, canonicalRow(), strength);
    return result;
}

//! The formula of blendFace() in double precision.
TEST(SanPrivacy_ColorEvening, is_the_documented_formula)
{
    const Mat face = drawFace(), result = evened(face, .8);
    Vec3d sum;
    double weights = 0;
    Mat weight(FACE_SIZE, CV_64F);
    for (int y = 0; y < face.rows; ++y)
        for (int x = 0; x < face.cols; ++x)
        {
            const double r = std::sqrt(std::pow((x - 111.5) / 82, 2) + std::pow((y - 111.5) / 102, 2));
            const double w = .5 - .5 * std::cos(CV_PI * std::min(std::max((1.1 - r) / .35, 0.), 1.));
            weight.at<double>(y, x) = w;
            weights += w;
            sum += w * chromaOf(face.at<Vec3f>(y, x));
        }
    const Vec3d mean = sum * (1 / weights);
    for (const Point& at : { LIPS, TEETH, CORNER, Point(112, 60), Point(40, 112), Point(112, 215) })
    {
        const Vec3f was = face.at<Vec3f>(at), is = result.at<Vec3f>(at);
        const Vec3d own = chromaOf(was);
        const double share = std::min(1., own.dot(own) / mean.dot(mean));
        const Vec3d expected = Vec3d(was) + .8 * weight.at<double>(at) * share * (mean - own);
        EXPECT_LE(cv::norm(Vec3d(is) - expected), 1e-5) << at;
    }
}

TEST(SanPrivacy_ColorEvening, takes_the_color_of_lips_and_leaves_teeth_luma_and_surroundings)
{
    const Mat face = drawFace(), result = evened(face, 1);
    const Vec3d skin = chromaOf(SKIN);
    const double before = cv::norm(chromaOf(RED) - skin);
    EXPECT_LE(cv::norm(chromaOf(result.at<Vec3f>(LIPS)) - skin), .1 * before);
    EXPECT_LE(cv::norm(chromaOf(result.at<Vec3f>(TEETH)) - chromaOf(WHITE)), .1 * cv::norm(chromaOf(WHITE) - skin));
    EXPECT_EQ(face.at<Vec3f>(CORNER), result.at<Vec3f>(CORNER));
    Mat was, is;
    cvtColor(face, was, COLOR_BGR2GRAY);
    cvtColor(result, is, COLOR_BGR2GRAY);
    EXPECT_LE(cvtest::norm(was, is, NORM_INF), 1e-5);
    EXPECT_EQ(0, cvtest::norm(face, evened(face, 0), NORM_INF));
}

TEST(SanPrivacy_ColorEvening, gray_has_none)
{
    Mat gray(FACE_SIZE, CV_8U), gray_in_color;
    randu(gray, 0, 256);
    cvtColor(gray, gray_in_color, COLOR_GRAY2BGR);
    EXPECT_EQ(0, cvtest::norm(gray_in_color, evened(gray_in_color, 1), NORM_INF));
    Mat same = gray.clone();
    blendFace(same, gray, gray, canonicalRow(), 1);
    EXPECT_EQ(0, cvtest::norm(gray, same, NORM_INF));
}

TEST(SanPrivacy_ColorEvening, wrong_arguments_are_refused)
{
    Mat face = drawFace(), gray;
    cvtColor(face, gray, COLOR_BGR2GRAY);
    EXPECT_THROW(blendFace(face, face, gray, canonicalRow(), -.1), cv::Exception);
    EXPECT_THROW(blendFace(face, face, gray, canonicalRow(), 1.1), cv::Exception);
    EXPECT_THROW(blendFace(face, face, gray, canonicalRow(), std::nan("")), cv::Exception);
    EXPECT_THROW(blendFace(face, gray, gray, canonicalRow(), 1), cv::Exception) << "the crop has no color";
    EXPECT_EQ(0, cvtest::norm(face, drawFace(), NORM_INF));

    const Ptr<Perturber> perturber = createPerturber();
    for (double wrong : { -.1, 1.1, std::nan("") })
        EXPECT_EQ(Error::StsOutOfRange, errorOf([&] { perturber->setColorStrength(wrong); }).code);
    EXPECT_THROW(Perturber().setColorStrength(1), cv::Exception);
}

//! Whether the color of the lips moves.
bool evensLips(const Mat& image, const Mat& result)
{
    return cv::norm(chromaOf(image.at<Vec3f>(LIPS)) - chromaOf(result.at<Vec3f>(LIPS))) > .02;
}

TEST(SanPrivacy_ColorEvening, every_output_but_the_same_is_evened_out)
{
    const Ptr<Perturber> perturber = createPerturber("generator_residual.onnx");
    const Mat image = drawFace() * .5 + Scalar::all(.2);
    Mat result;
    EXPECT_EQ(DEFAULT_COLOR_STRENGTH, perturber->getColorStrength());
    perturber->setColorStrength(.9);
    EXPECT_EQ(.9, perturber->getColorStrength());
    for (int label : { 0, 1 })
        for (PrototypeChoice prototype : { PROTOTYPE_SAME, PROTOTYPE_NEUTRAL, PROTOTYPE_OPPOSITE, PROTOTYPE_RANDOM })
        {
            perturber->perturbFaces(image, canonicalRow(), result, PerturbParams(prototype, label));
            EXPECT_EQ(prototype != PROTOTYPE_SAME, evensLips(image, result)) << int(prototype);
        }
    perturber->setColorStrength(0);
    perturber->perturbFaces(image, canonicalRow(), result, PerturbParams(PROTOTYPE_OPPOSITE, 0));
    EXPECT_FALSE(evensLips(image, result));
}

TEST(SanPrivacy_ColorEvening, faces_of_a_stream_are_evened_out)
{
    const Ptr<Perturber> perturber = createPerturber("generator_residual.onnx");
    perturber->setColorStrength(.9);
    Mat image = drawFace() * .5 + Scalar::all(.2), frame, result, face = canonicalRow();
    image.convertTo(frame, CV_8U, 255);
    face.at<float>(2) = face.at<float>(3) = 224;
    face.at<float>(14) = 1;
    for (PrototypeChoice prototype : { PROTOTYPE_SAME, PROTOTYPE_OPPOSITE, PROTOTYPE_RANDOM })
    {
        StreamParams params;
        params.prototype = prototype;
        params.label = prototype == PROTOTYPE_RANDOM ? int(LABEL_PREDICT) : 0;
        const Ptr<StreamAnonymizer> anonymizer = StreamAnonymizer::create(Ptr<FaceDetector>(), perturber, params);
        anonymizer->push(frame, face);
        ASSERT_TRUE(anonymizer->flush(result));
        result.convertTo(result, CV_32F, 1 / 255.);
        EXPECT_EQ(prototype != PROTOTYPE_SAME, evensLips(image, result)) << int(prototype);
    }
}

}} // namespace opencv_test::
