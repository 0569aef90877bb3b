// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#include "test_alignment_common.hpp"

namespace opencv_test { namespace {

//! A smooth image whose value at any point is known, 0..1.
double pattern(double x, double y, int channel)
{
    return .5 + .2 * std::sin(.061 * x + .5 * channel) + .2 * std::cos(.047 * y - .02 * x);
}

Mat patternImage(const Size& size, int type)
{
    Mat image(size, CV_32FC(CV_MAT_CN(type)));
    for (int y = 0; y < size.height; ++y)
        for (int x = 0; x < size.width; ++x)
            for (int c = 0; c < image.channels(); ++c)
                image.ptr<float>(y)[x * image.channels() + c] = float(pattern(x, y, c));
    const int depth = CV_MAT_DEPTH(type);
    image.convertTo(image, type, depth == CV_8U ? 255 : depth == CV_16U ? 65535 : 1);
    return image;
}

double white(int depth)
{
    return depth == CV_8U ? 255 : depth == CV_16U ? 65535 : 1;
}

TEST(SanPrivacy_Alignment, canonical_landmarks)
{
    Mat landmarks, half;
    getCanonicalLandmarks(landmarks);
    ASSERT_EQ(landmarks.size(), Size(2, 5));
    ASSERT_EQ(landmarks.type(), CV_32F);
    EXPECT_FLOAT_EQ(landmarks.at<float>(1, 0) - landmarks.at<float>(0, 0), 90);
    EXPECT_FLOAT_EQ(landmarks.at<float>(0, 1), 68);
    EXPECT_FLOAT_EQ(landmarks.at<float>(1, 1), 68);
    EXPECT_FLOAT_EQ(landmarks.at<float>(2, 0), 111.5);

    getCanonicalLandmarks(half, Size(112, 112));
    Mat expected = (landmarks + .5) / 2 - .5;
    EXPECT_LE(cvtest::norm(half, expected, NORM_INF), 1e-5);
    EXPECT_THROW(getCanonicalLandmarks(half, Size(0, 5)), cv::Exception);
}

TEST(SanPrivacy_Alignment, similarity_of_known_motion)
{
    const Mat src = landmarksAt(Point2f(0, 0), 1, 0), dst = landmarksAt(Point2f(30, -7), 1.7, 33);
    Mat transform;
    estimateSimilarity(src, dst, transform);
    ASSERT_EQ(transform.type(), CV_64F);
    const double angle = 33 * CV_PI / 180;
    const Matx23d expected(
        1.7 * std::cos(angle), -1.7 * std::sin(angle), 30, 1.7 * std::sin(angle), 1.7 * std::cos(angle), -7);
    EXPECT_LE(cvtest::norm(transform, Mat(expected), NORM_INF), 1e-4);

    // The forms that points come in.
    Mat face = Mat::zeros(1, 15, CV_32F), other;
    src.reshape(1, 1).copyTo(face.colRange(4, 14));
    estimateSimilarity(face, dst.reshape(1, 1), other);
    EXPECT_LE(cvtest::norm(transform, other, NORM_INF), 1e-9);
    estimateSimilarity(face.t(), dst.reshape(2), other);
    EXPECT_LE(cvtest::norm(transform, other, NORM_INF), 1e-9);
}

TEST(SanPrivacy_Alignment, similarity_is_the_least_squares_one)
{
    RNG rng(7);
    Mat src(5, 2, CV_64F), dst(5, 2, CV_64F), transform;
    rng.fill(src, RNG::UNIFORM, 0, 100);
    rng.fill(dst, RNG::UNIFORM, 0, 100);
    estimateSimilarity(src, dst, transform);

    struct Cost
    {
        static double of(const Mat& a, const Mat& b, double c, double s, double x, double y)
        {
            Mat moved = a * Mat(Matx22d(c, s, -s, c)) + Mat::ones(5, 1, CV_64F) * Mat(Matx12d(x, y));
            return cvtest::norm(moved, b, NORM_L2SQR);
        }
    };
    const double c = transform.at<double>(0, 0), s = transform.at<double>(1, 0);
    const double x = transform.at<double>(0, 2), y = transform.at<double>(1, 2);
    const double best = Cost::of(src, dst, c, s, x, y);
    for (double step : { -1e-3, 1e-3 })
    {
        EXPECT_GT(Cost::of(src, dst, c + step, s, x, y), best);
        EXPECT_GT(Cost::of(src, dst, c, s + step, x, y), best);
        EXPECT_GT(Cost::of(src, dst, c, s, x + step, y), best);
        EXPECT_GT(Cost::of(src, dst, c, s, x, y + step), best);
    }
}

TEST(SanPrivacy_Alignment, degenerate_points)
{
    const Mat good = landmarksAt(Point2f(100, 100), 1, 0);
    Mat transform, crop, image = patternImage(Size(200, 200), CV_8U), nan = good.clone();
    nan.at<float>(3, 1) = std::numeric_limits<float>::quiet_NaN();
    EXPECT_THROW(estimateSimilarity(Mat::ones(5, 2, CV_32F), good, transform), cv::Exception);
    EXPECT_THROW(estimateSimilarity(good, Mat::ones(5, 2, CV_32F), transform), cv::Exception);
    EXPECT_THROW(estimateSimilarity(Mat::ones(1, 2, CV_32F), Mat::ones(1, 2, CV_32F), transform), cv::Exception);
    EXPECT_THROW(estimateSimilarity(Mat::ones(3, 3, CV_32F), good, transform), cv::Exception);
    EXPECT_THROW(estimateSimilarity(good.rowRange(0, 4), good, transform), cv::Exception);
    EXPECT_THROW(estimateSimilarity(Mat(), good, transform), cv::Exception);
    EXPECT_THROW(alignFace(image, nan, crop), cv::Exception);
    EXPECT_THROW(alignFace(image, good.rowRange(0, 4), crop), cv::Exception);
    EXPECT_THROW(alignFace(image, landmarksAt(Point2f(5000, 100), 1, 0), crop), cv::Exception);
    EXPECT_THROW(alignFace(Mat(), good, crop), cv::Exception);
    EXPECT_THROW(alignFace(Mat(200, 200, CV_8UC4), good, crop), cv::Exception);
    EXPECT_THROW(alignFace(Mat(200, 200, CV_64F), good, crop), cv::Exception);
    EXPECT_THROW(alignFace(image, good, crop, Size()), cv::Exception);
}

typedef testing::TestWithParam<std::tuple<int, double, double>> SanPrivacy_Alignment_Motion; // type, scale, roll

TEST_P(SanPrivacy_Alignment_Motion, crop_shows_what_the_landmarks_say)
{
    const int type = std::get<0>(GetParam());
    const double scale = std::get<1>(GetParam()), degrees = std::get<2>(GetParam());
    const int side = cvCeil(340 * std::max(scale, .5));
    const Point2f centre(side / 2.f + .3f, side / 2.f - .2f);
    const Mat image = patternImage(Size(side, side), type);
    Mat crop;
    EXPECT_EQ(alignFace(image, landmarksAt(centre, scale, degrees), crop), 1);
    ASSERT_EQ(crop.size(), Size(224, 224));
    ASSERT_EQ(crop.type(), type);

    // The pattern's steepest slope is 0.015 per pixel: a shift of a tenth of a pixel would show.
    const double angle = degrees * CV_PI / 180, tolerance = CV_MAT_DEPTH(type) == CV_8U ? .005 : .002;
    Mat values;
    crop.convertTo(values, CV_32F, 1 / white(crop.depth()));
    double worst = 0;
    for (int y = 4; y < 220; ++y)
        for (int x = 4; x < 220; ++x)
            for (int c = 0; c < crop.channels(); ++c)
            {
                const double u = x - 111.5, v = y - 111.5;
                const double expected = pattern(centre.x + scale * (std::cos(angle) * u - std::sin(angle) * v),
                    centre.y + scale * (std::sin(angle) * u + std::cos(angle) * v), c);
                worst = std::max(worst, std::abs(values.ptr<float>(y)[x * crop.channels() + c] - expected));
            }
    EXPECT_LE(worst, scale > 1 ? tolerance * scale : tolerance);
}

INSTANTIATE_TEST_CASE_P(/**/, SanPrivacy_Alignment_Motion,
    testing::Combine(testing::Values(CV_8UC1, CV_8UC3, CV_16UC3, CV_32FC1), testing::Values(.3, 1., 1.9, 4.3),
        testing::Values(0., 25., -140.)));

TEST(SanPrivacy_Alignment, fine_detail_of_large_faces_does_not_alias)
{
    Mat image(1200, 1200, CV_8U), crop;
    for (int y = 0; y < image.rows; ++y)
        for (int x = 0; x < image.cols; ++x)
            image.at<uchar>(y, x) = (x + y) % 2 ? 255 : 0;
    for (double scale : { 1.6, 2.7, 3.9 })
    {
        alignFace(image, landmarksAt(Point2f(600, 600), scale, 7), crop);
        Scalar mean, deviation;
        meanStdDev(crop, mean, deviation);
        EXPECT_NEAR(mean[0], 127.5, 1.5);
        EXPECT_LE(deviation[0], 6) << scale;
    }
}

TEST(SanPrivacy_Alignment, share_inside_and_repeated_border)
{
    Mat image = patternImage(Size(224, 224), CV_8UC3), crop;
    // Half of the crop hangs over the left border.
    EXPECT_NEAR(alignFace(image, landmarksAt(Point2f(-.5f, 111.5f), 1, 0), crop), .5, .01);
    for (int y = 0; y < 224; ++y)
        EXPECT_EQ(crop.at<Vec3b>(y, 20), image.at<Vec3b>(y, 0));
}

TEST(SanPrivacy_Alignment, landmark_template_and_view_of_a_larger_image)
{
    const Mat image = patternImage(Size(400, 300), CV_8UC3), landmarks = landmarksAt(Point2f(200, 150), 1.2, 10);
    Mat canonical, crop, laidOut, fromView;
    getCanonicalLandmarks(canonical, Size(112, 112));
    alignFace(image, landmarks, crop, Size(112, 112));
    alignFace(image, landmarks, laidOut, Size(112, 112), canonical);
    EXPECT_EQ(cvtest::norm(crop, laidOut, NORM_INF), 0);

    Mat larger;
    cv::copyMakeBorder(image, larger, 50, 50, 50, 50, BORDER_CONSTANT, Scalar::all(255));
    alignFace(larger(Rect(50, 50, 400, 300)), landmarksAt(Point2f(30, 30), 1.2, 10), fromView);
    alignFace(image, landmarksAt(Point2f(30, 30), 1.2, 10), crop);
    EXPECT_EQ(cvtest::norm(crop, fromView, NORM_INF), 0);
}

typedef testing::TestWithParam<int> SanPrivacy_Blend; // image type

TEST_P(SanPrivacy_Blend, no_change_leaves_every_bit)
{
    Mat image(300, 400, GetParam());
    randu(image, 0, image.depth() == CV_32F ? 1 : white(image.depth()) + 1);
    const Mat before = image.clone();
    for (double scale : { .2, 1., 2.5 })
    {
        const Mat landmarks = landmarksAt(Point2f(210, 140), scale, 20);
        Mat face, gray;
        alignFace(image, landmarks, face);
        if (face.channels() == 3)
            cvtColor(face, gray, COLOR_BGR2GRAY);
        else
            gray = face.clone();
        blendFace(image, face, gray, landmarks);
        EXPECT_EQ(cvtest::norm(image, before, NORM_INF), 0) << scale;
    }
}

INSTANTIATE_TEST_CASE_P(
    /**/, SanPrivacy_Blend, testing::Values(CV_8UC1, CV_8UC3, CV_16UC1, CV_16UC3, CV_32FC1, CV_32FC3));

//! The change that blending leaves in a mid-gray 3-channel image where every pixel of the crop rises by the same
//! amount.
Mat blendedChange(const Size& size, const Mat& landmarks, double rise)
{
    Mat image(size, CV_32FC3, Scalar(.3, .4, .5)), face(224, 224, CV_32F, Scalar(.4)), perturbed = face + rise;
    const Mat before = image.clone();
    blendFace(image, face, perturbed, landmarks);
    return image - before;
}

TEST(SanPrivacy_Alignment, change_arrives_whole_inside_and_fades_without_a_step)
{
    for (double scale : { .25, 1., 3. })
    {
        const int side = cvCeil(340 * std::max(scale, 1.));
        const Mat landmarks = landmarksAt(Point2f(side / 2.f, side / 2.f), scale, 15);
        Mat change = blendedChange(Size(side, side), landmarks, .2);
        EXPECT_NEAR(change.at<Vec3f>(side / 2, side / 2)[0], .2, 1e-3) << scale;

        std::vector<Mat> planes;
        split(change, planes);
        double least, most;
        minMaxLoc(planes[0], &least, &most);
        EXPECT_GE(least, -2e-3); // cubic overshoot
        EXPECT_LE(most, .2 + 2e-3);
        EXPECT_EQ(planes[0].at<float>(0, 0), 0);

        // The steepest slope of the raised cosine (plus what interpolation adds), and nothing steeper anywhere, border
        // included.
        const double width = .12 * 224 * scale, steepest = .2 * CV_PI / 2 / width;
        Mat dx = planes[0].colRange(1, side) - planes[0].colRange(0, side - 1);
        Mat dy = planes[0].rowRange(1, side) - planes[0].rowRange(0, side - 1);
        EXPECT_LE(cvtest::norm(dx, NORM_INF), 1.4 * steepest) << scale;
        EXPECT_LE(cvtest::norm(dy, NORM_INF), 1.4 * steepest) << scale;
    }
}

TEST(SanPrivacy_Alignment, change_lands_where_the_crop_was_cut)
{
    // A blob drawn in the crop must appear at the same place of the image, whatever scale and roll.
    for (double scale : { .4, 1., 2.2 })
        for (double degrees : { 0., 70., -20. })
        {
            const int side = cvCeil(350 * std::max(scale, 1.));
            const Point2f centre(side / 2.f + .4f, side / 2.f);
            Mat image(side, side, CV_32F, Scalar(.2)), face(224, 224, CV_32F, Scalar(.2)), perturbed = face.clone();
            circle(perturbed, Point(150, 90), 9, Scalar(.8), FILLED, LINE_AA);
            const Mat landmarks = landmarksAt(centre, scale, degrees);
            blendFace(image, face, perturbed, landmarks);
            image -= .2;
            const Moments m = moments(image);
            const double angle = degrees * CV_PI / 180, u = 150 - 111.5, v = 90 - 111.5;
            EXPECT_NEAR(m.m10 / m.m00, centre.x + scale * (std::cos(angle) * u - std::sin(angle) * v), .1);
            EXPECT_NEAR(m.m01 / m.m00, centre.y + scale * (std::sin(angle) * u + std::cos(angle) * v), .1);
        }
}

TEST(SanPrivacy_Alignment, chroma_is_kept)
{
    Mat image = patternImage(Size(320, 320), CV_8UC3), face, perturbed, before, after;
    cvtColor(image, before, COLOR_BGR2YCrCb);
    const Mat landmarks = landmarksAt(Point2f(160, 160), 1.1, 30);
    alignFace(image, landmarks, face);
    cvtColor(face, perturbed, COLOR_BGR2GRAY);
    Mat noise(perturbed.size(), CV_8U);
    randu(noise, 0, 30); // the pattern stays within 25..230: nothing saturates
    perturbed += noise - Scalar(15);
    blendFace(image, face, perturbed, landmarks);
    cvtColor(image, after, COLOR_BGR2YCrCb);
    std::vector<Mat> was, is;
    split(before, was);
    split(after, is);
    EXPECT_GE(cvtest::norm(was[0], is[0], NORM_INF), 5); // luma did change
    EXPECT_LE(cvtest::norm(was[1], is[1], NORM_INF), 1);
    EXPECT_LE(cvtest::norm(was[2], is[2], NORM_INF), 1);
}

TEST(SanPrivacy_Alignment, small_faces_get_no_aliased_change)
{
    // A checkerboard change is beyond what a face of a sixth of the crop can carry.
    Mat face(224, 224, CV_32F, Scalar(.5)), perturbed = face.clone(), image(120, 120, CV_32F, Scalar(.5));
    for (int y = 0; y < 224; ++y)
        for (int x = 0; x < 224; ++x)
            perturbed.at<float>(y, x) += (x + y) % 2 ? .4f : -.4f;
    blendFace(image, face, perturbed, landmarksAt(Point2f(60, 60), .16, 5));
    EXPECT_LE(cvtest::norm(image, Mat(image.size(), CV_32F, Scalar(.5)), NORM_INF), .01);
}

TEST(SanPrivacy_Alignment, saturates_and_touches_only_the_face)
{
    Mat image(1000, 1000, CV_8UC3, Scalar::all(240)), face(224, 224, CV_8UC3, Scalar::all(100)),
        perturbed(224, 224, CV_8U, Scalar(200));
    blendFace(image, face, perturbed, landmarksAt(Point2f(500, 300), .5, 0));
    EXPECT_EQ(image.at<Vec3b>(300, 500), Vec3b(255, 255, 255));
    Mat rest = image.clone();
    rest(Rect(500 - 57, 300 - 57, 115, 115)).setTo(Scalar::all(240));
    EXPECT_EQ(cvtest::norm(rest, Mat(image.size(), CV_8UC3, Scalar::all(240)), NORM_INF), 0);
}

TEST(SanPrivacy_Alignment, face_partly_or_wholly_outside)
{
    Mat change = blendedChange(Size(200, 200), landmarksAt(Point2f(0, 60), 1, 0), .1);
    EXPECT_NEAR(change.at<Vec3f>(60, 0)[1], .1, 1e-4);
    change = blendedChange(Size(200, 200), landmarksAt(Point2f(900, 60), 1, 0), .1);
    EXPECT_EQ(cvtest::norm(change, NORM_INF), 0);
    change = blendedChange(Size(1, 1), landmarksAt(Point2f(0, 0), 1, 0), .1);
    EXPECT_NEAR(change.at<Vec3f>(0, 0)[1], .1, 1e-4);
}

TEST(SanPrivacy_Alignment, depths_of_image_and_crop_may_differ)
{
    Mat image(300, 300, CV_16UC3, Scalar::all(20000)), face(224, 224, CV_32F, Scalar(.4)), perturbed = face + .1;
    const Mat landmarks = landmarksAt(Point2f(150, 150), 1, 0);
    blendFace(image, face, perturbed, landmarks);
    EXPECT_NEAR(image.at<Vec3w>(150, 150)[2], 20000 + 6553.5, 2);

    EXPECT_THROW(blendFace(image, face, Mat(224, 224, CV_8U), landmarks), cv::Exception);
    EXPECT_THROW(blendFace(image, face, Mat(200, 224, CV_32F), landmarks), cv::Exception);
    Mat nan = landmarks.clone();
    nan.at<float>(0, 0) = std::numeric_limits<float>::infinity();
    EXPECT_THROW(blendFace(image, face, perturbed, nan), cv::Exception);
    Mat broken = face.clone();
    broken.at<float>(9, 9) = NAN;
    EXPECT_EQ(Error::StsOutOfRange, errorOf([&] { blendFace(image, broken, perturbed, landmarks); }).code);
    EXPECT_EQ(Error::StsOutOfRange, errorOf([&] { blendFace(image, face, broken, landmarks); }).code);
}

TEST(SanPrivacy_Alignment, floats_stay_within_their_range)
{
    const Mat face(224, 224, CV_32F, Scalar(.4)), landmarks = landmarksAt(Point2f(150, 150), 1, 0);
    for (float value : { .95f, .05f, 1.2f, -.2f }) // what is outside already goes no farther
        for (double change : { .1, -.1 })
        {
            Mat image(300, 300, CV_32FC3, Scalar::all(value));
            blendFace(image, face, face + change, landmarks);
            const double lowest = std::min(value, 0.f), highest = std::max(value, 1.f),
                         expected = std::min(std::max(value + change, lowest), highest);
            EXPECT_NEAR(expected, image.at<Vec3f>(150, 150)[1], 1e-6) << value << " " << change;
        }
}

TEST(SanPrivacy_Alignment, change_is_whole_from_an_eighth_of_the_side_on)
{
    const Mat change = blendedChange(Size(224, 224), landmarksAt(Point2f(111.5f, 111.5f), 1, 0), .2);
    for (int at : { 29, 194 }) // .13 of the side inside the border
    {
        EXPECT_NEAR(.2, change.at<Vec3f>(112, at)[0], .002);
        EXPECT_NEAR(.2, change.at<Vec3f>(at, 112)[0], .002);
    }
    EXPECT_NEAR(.1, change.at<Vec3f>(112, 13)[0], .005) << "half of it where the way is half";
    EXPECT_NEAR(.1, change.at<Vec3f>(13, 112)[0], .005);
}

TEST(SanPrivacy_Alignment, change_is_enlarged_smoothly)
{
    // Waves of 5 pixels, three times larger: cubic interpolation follows them to 3 % of their height, a linear one
    // misses 17 %.
    Mat image(720, 720, CV_32F, Scalar(.5)), face(224, 224, CV_32F, Scalar(.5)), perturbed = face.clone();
    for (int y = 0; y < 224; ++y)
        for (int x = 0; x < 224; ++x)
            perturbed.at<float>(y, x) += float(.2 * std::sin(x * 2 * CV_PI / 5));
    blendFace(image, face, perturbed, landmarksAt(Point2f(359.5f, 359.5f), 3, 0));
    double worst = 0;
    for (int x = 260; x < 460; ++x)
        worst = std::max(
            worst, std::abs(image.at<float>(360, x) - .5 - .2 * std::sin((111.5 + (x - 359.5) / 3) * 2 * CV_PI / 5)));
    EXPECT_LE(worst, .2 * .07);
}

}} // namespace
