// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#include "test_perturber_common.hpp"

#include "concurrency.hpp"

#include <atomic>

namespace opencv_test { namespace {

// perturbFaces() is alignFace(), perturb() and blendFace() for every face, all crops cut from the unperturbed image.
TEST(SanPrivacy_Perturber, perturbs_faces_of_an_image)
{
    const Ptr<Perturber> perturber = createPerturber();
    Mat landmark_template, faces(2, 15, CV_32F, Scalar(0));
    getCanonicalLandmarks(landmark_template);
    for (int i = 0; i < faces.rows; ++i) // two faces that overlap
    {
        Mat landmarks = landmark_template * 0.7 + (60 + 50 * i);
        landmarks.reshape(1, 1).copyTo(faces.row(i).colRange(4, 14));
    }

    for (int depth : { CV_8U, CV_16U, CV_32F })
        for (bool gray : { false, true })
        {
            SCOPED_TRACE(format("depth %d%s", depth, gray ? ", gray" : ""));
            const bool weaken = depth == CV_16U;
            perturber->setWeakenMarks(weaken);
            const double scale = depth == CV_8U ? 1 : depth == CV_16U ? 257 : 1 / 255.;
            Mat image, source, dst;
            resize(randomFace(CV_8UC3, 7), image, Size(320, 300));
            image.convertTo(image, depth, scale);
            const Mat before = image.clone();
            if (gray)
                cvtColor(image, source, COLOR_BGR2GRAY);
            else
                source = image;

            perturber->perturbFaces(
                image, faces, dst, PerturbParams(PROTOTYPE_OPPOSITE, LABEL_PREDICT, gray), { 0, 1 });
            EXPECT_EQ(0, cvtest::norm(before, image, NORM_INF));
            ASSERT_EQ(source.type(), dst.type());
            ASSERT_EQ(source.size(), dst.size());

            Mat expected = source.clone();
            for (int i = 0; i < faces.rows; ++i)
            {
                Mat crop, perturbed;
                alignFace(source, faces.row(i), crop);
                crop.convertTo(crop, CV_32F, 1 / (255 * scale));
                perturber->perturb(crop, perturbed, PerturbParams(PROTOTYPE_OPPOSITE, i));
                blendFace(expected, crop, perturbed, faces.row(i), perturber->getColorStrength(), weaken);
            }
            EXPECT_LE(cvtest::norm(expected, dst, NORM_INF), depth == CV_32F ? 1e-6 : 1);
            EXPECT_GT(cvtest::norm(source, dst, NORM_INF), 5 * scale) << "the faces are perturbed";

            perturber->perturbFaces(image, Mat(0, 15, CV_32F), dst, PerturbParams(PROTOTYPE_OPPOSITE, 0, gray));
            EXPECT_EQ(0, cvtest::norm(source, dst, NORM_INF)) << "no face, no change";
        }

    Mat image = Mat::zeros(300, 320, CV_8UC3), dst;
    EXPECT_THROW(perturber->perturbFaces(Mat(), faces, dst), cv::Exception);
    EXPECT_THROW(perturber->perturbFaces(image, faces.colRange(0, 14), dst), cv::Exception);
    EXPECT_THROW(perturber->perturbFaces(image, faces, dst, PROTOTYPE_OPPOSITE, { 0, 1, 0 }), cv::Exception);
    EXPECT_TRUE(dst.empty()) << "an error leaves no half-made image";
}

//! A row of FaceDetector::detect() with the canonical landmarks, scaled and moved.
Mat faceAt(double scale, const Point2f& shift)
{
    Mat landmarks, face(1, 15, CV_32F, Scalar(0));
    getCanonicalLandmarks(landmarks);
    landmarks *= scale;
    landmarks.col(0) += shift.x;
    landmarks.col(1) += shift.y;
    landmarks.reshape(1, 1).copyTo(face.colRange(4, 14));
    return face;
}

TEST(SanPrivacy_PerturbFaces, each_face_has_its_result)
{
    const Ptr<Perturber> perturber = createPerturber();
    const Mat image(300, 320, CV_8UC3, Scalar(90, 120, 150));
    Mat faces, dst, line = faceAt(.7, Point2f(60, 60)), nan = line.clone();
    for (int i = 0; i < 5; ++i)
        line.at<float>(4 + 2 * i) = line.at<float>(5 + 2 * i) = 30.f + 40 * i;
    nan.at<float>(7) = std::numeric_limits<float>::quiet_NaN();
    for (const Mat& face :
        { faceAt(.7, Point2f(60, 60)), faceAt(.7, Point2f(900, 60)), faceAt(.001, Point2f(0, 0)), line, nan })
        faces.push_back(face);

    std::vector<FaceResult> results;
    EXPECT_FALSE(
        perturber->tryPerturbFaces(image, faces, dst, results, PROTOTYPE_OPPOSITE, { 1, 0, 0, 0, LABEL_PREDICT }));
    const int expected[] = { FACE_PERTURBED, FACE_OUTSIDE_IMAGE, FACE_TOO_SMALL, FACE_WRONG_LANDMARKS,
        FACE_WRONG_LANDMARKS };
    ASSERT_EQ(5u, results.size());
    for (size_t i = 0; i < results.size(); ++i)
    {
        EXPECT_EQ(expected[i], results[i].status) << i;
        EXPECT_EQ(i == 0, results[i].reason.empty()) << i << ": " << results[i].reason;
    }
    EXPECT_EQ(1, results[0].label);

    Mat only;
    perturber->perturbFaces(image, faces.row(0), only, PerturbParams(PROTOTYPE_OPPOSITE, 1));
    EXPECT_EQ(0, cvtest::norm(dst, only, NORM_INF)) << "the others are as they were";
    EXPECT_GT(cvtest::norm(image, only, NORM_INF), 5);
    EXPECT_TRUE(perturber->tryPerturbFaces(image, faces.row(0), dst, results));
    EXPECT_TRUE(perturber->tryPerturbFaces(image, Mat(), dst, results));
    EXPECT_TRUE(results.empty());

    Mat none;
    for (int i = 1; i < faces.rows; ++i)
        EXPECT_THROW(perturber->perturbFaces(image, faces.row(i), none), cv::Exception) << i;
    const cv::Exception error = errorOf([&] { perturber->perturbFaces(image, faces, none); });
    EXPECT_NE(String::npos, error.err.find("Face 1 of 5")) << error.err;
    EXPECT_TRUE(none.empty()) << "all faces or no image";
}

TEST(SanPrivacy_PerturbFaces, label_that_was_used_is_told)
{
    const Ptr<Perturber> perturber = createPerturber("generator_residual.onnx");
    const Mat dark(224, 224, CV_8U, Scalar(100)), bright(224, 224, CV_8U, Scalar(150)), face = faceAt(1, Point2f(0, 0));
    Mat dst;
    std::vector<FaceResult> results;
    perturber->tryPerturbFaces(dark, face, dst, results);
    EXPECT_EQ(0, results[0].label);
    perturber->tryPerturbFaces(bright, face, dst, results);
    EXPECT_EQ(1, results[0].label);
    perturber->tryPerturbFaces(bright, face, dst, results, PerturbParams(PROTOTYPE_SAME, LABEL_NEUTRAL));
    EXPECT_EQ(LABEL_NEUTRAL, results[0].label);
    perturber->tryPerturbFaces(bright, face, dst, results, PerturbParams(PROTOTYPE_RANDOM, 1));
    EXPECT_EQ(LABEL_PREDICT, results[0].label) << "what was drawn is told to nobody";
}

// Networks that answer NaN, or more than 1, for faces brighter than .6: neither such an output nor such a label reaches
// an image.
TEST(SanPrivacy_PerturbFaces, network_that_answers_no_number_protects_nothing)
{
    const String sound = findDataFile("generator_residual.onnx"), classifier = findDataFile("classifier.onnx");
    const char* const broken[] = { "generator_nan.onnx", "classifier_nan.onnx", "generator_beyond.onnx" };
    Mat image(224, 448, CV_8U, Scalar(60)), faces, dst;
    image.colRange(224, 448).setTo(220);
    faces.push_back(faceAt(1, Point2f(0, 0)));
    faces.push_back(faceAt(1, Point2f(224, 0)));
    for (const char* name : broken)
    {
        SCOPED_TRACE(name);
        const bool classifies = name[0] == 'c';
        const Ptr<Perturber> created = createFrom(
            classifies ? sound : findDataFile(name), prototypesFile(), classifies ? findDataFile(name) : classifier);
        Perturber& perturber = *created;
        std::vector<FaceResult> results;
        EXPECT_FALSE(perturber.tryPerturbFaces(image, faces, dst, results, PROTOTYPE_SAME));
        ASSERT_EQ(2u, results.size());
        EXPECT_EQ(FACE_PERTURBED, results[0].status) << results[0].reason;
        EXPECT_EQ(FACE_NETWORK_FAILED, results[1].status);
        EXPECT_NE(String::npos, results[1].reason.find(name)) << results[1].reason;
        EXPECT_EQ(0, cvtest::norm(image.colRange(224, 448), dst.colRange(224, 448), NORM_INF));
        EXPECT_GT(cvtest::norm(image.colRange(0, 224), dst.colRange(0, 224), NORM_INF), 5);

        const Mat bright(FACE_SIZE, CV_8U, Scalar(220)), dark(FACE_SIZE, CV_8U, Scalar(60));
        Mat same, none;
        std::vector<Mat> batch;
        EXPECT_EQ(Error::StsOutOfRange, errorOf([&] { perturber.perturbFaces(image, faces, none); }).code);
        EXPECT_EQ(Error::StsOutOfRange, errorOf([&] { perturber.perturb(bright, none, PROTOTYPE_SAME); }).code);
        EXPECT_EQ(
            Error::StsOutOfRange, errorOf([&] { perturber.perturbAll(bright, none, noArray(), noArray()); }).code);
        const cv::Exception error = errorOf([&] { perturber.perturbBatch(std::vector<Mat>({ dark, bright }), batch); });
        EXPECT_EQ(Error::StsOutOfRange, error.code);
        EXPECT_NE(String::npos, error.err.find("Face 1")) << error.err;
        EXPECT_TRUE(none.empty() && batch.empty());
        EXPECT_FALSE(perturber.tryPerturbBatch(std::vector<Mat>({ bright, dark }), batch, results, PROTOTYPE_SAME));
        ASSERT_EQ(2u, batch.size());
        EXPECT_TRUE(batch[0].empty());
        EXPECT_EQ(FACE_SIZE, batch[1].size());
        EXPECT_EQ(FACE_NETWORK_FAILED, results[0].status);
        EXPECT_EQ(FACE_PERTURBED, results[1].status);
        EXPECT_NO_THROW(perturber.perturb(dark, same, PROTOTYPE_SAME));
        if (classifies)
        {
            EXPECT_EQ(Error::StsOutOfRange, errorOf([&] { perturber.predict(bright); }).code);
            EXPECT_NO_THROW(perturber.perturb(bright, same, PerturbParams(PROTOTYPE_SAME, 1)))
                << "nobody asks the classifier";
        }
    }
}

TEST(SanPrivacy_PerturbFaces, threads_share_one_object)
{
    const Ptr<Perturber> perturber = createPerturber();
    std::vector<Mat> images(4), faces, expected(4);
    for (int i = 0; i < 4; ++i)
    {
        resize(randomFace(CV_8UC3, 40 + i), images[i], Size(300 + 10 * i, 280));
        faces.push_back(faceAt(.5 + .1 * i, Point2f(20, 20)));
        perturber->perturbFaces(images[i], faces[i], expected[i]);
    }
    std::atomic<int> wrong(0);
    runConcurrently(4,
        [&](int i)
        {
            for (int k = 0; k < 10; ++k)
            {
                Mat output;
                perturber->perturbFaces(images[i], faces[i], output);
                wrong += cvtest::norm(output, expected[i], NORM_INF) > 0;
            }
        });
    EXPECT_EQ(0, wrong);
}

TEST(SanPrivacy_PerturbFaces, overlong_and_flat_arrays_are_refused)
{
    const Ptr<Perturber> perturber = createPerturber();
    const int shape[] = { 2, 224, 224 };
    const Mat batch(3, shape, CV_8UC3, Scalar::all(9)), face = faceAt(1, Point2f(0, 0)),
                                                        image(224, 224, CV_8U, Scalar(90));
    Mat dst, column;
    for (const Mat& wrong : { batch, Mat(300, 1, CV_8U, Scalar(9)), Mat(1, 300, CV_8U, Scalar(9)) })
    {
        EXPECT_EQ(Error::StsBadArg, errorOf([&] { perturber->perturbFaces(wrong, face, dst); }).code);
        EXPECT_EQ(Error::StsBadArg, errorOf([&] { perturber->perturbFaces(wrong, Mat(), dst); }).code);
    }
    EXPECT_EQ(Error::StsBadArg, errorOf([&] { perturber->perturb(batch, dst); }).code);
    EXPECT_EQ(Error::StsBadArg, errorOf([&] { perturber->predict(batch); }).code);
    EXPECT_EQ(Error::StsBadArg, errorOf([&] { perturber->perturbFaces(std::vector<Mat>(2, image), face, dst); }).code);
    EXPECT_EQ(Error::StsBadArg, errorOf([&] { perturber->perturbFaces(image, batch, dst); }).code);
    EXPECT_TRUE(dst.empty());
    perturber->perturbFaces(image, face, dst);
    perturber->perturbFaces(image, face.t(), column); // a row as Python gives it
    EXPECT_EQ(0, cvtest::norm(dst, column, NORM_INF));
}

}} // namespace
