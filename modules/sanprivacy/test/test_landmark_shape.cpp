// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#include "test_alignment_common.hpp"

namespace opencv_test { namespace {

//! The code of the error that a call raises, or Error::StsOk.
template <class Call>
int errorOf(const Call& call)
{
    try
    {
        call();
    }
    catch (const cv::Exception& e)
    {
        return e.code;
    }
    return Error::StsOk;
}

//! The error with which a face in an image of 400x400 pixels is refused: the same where it is cut out and blended.
int codeOf(const Mat& landmarks)
{
    const Mat image(400, 400, CV_8U, Scalar(100)), face(224, 224, CV_32F, Scalar(.5));
    Mat crop, blended = image.clone();
    const int code = errorOf([&] { alignFace(image, landmarks, crop); });
    EXPECT_EQ(code, errorOf([&] { blendFace(blended, face, face, landmarks); }));
    EXPECT_EQ(code == Error::StsOk, !crop.empty());
    return code;
}

TEST(SanPrivacy_LandmarkShape, faces_that_are_too_small_are_refused)
{
    const Mat good = landmarksAt(Point2f(200, 200), 1, 20);
    EXPECT_EQ(Error::StsOk, codeOf(good));
    EXPECT_EQ(Error::StsBadSize, codeOf(good / 400.)) << "shares of the image";
    EXPECT_EQ(Error::StsBadSize, codeOf(landmarksAt(Point2f(200, 200), 1e-6, 0)));
    EXPECT_EQ(Error::StsBadSize, codeOf(landmarksAt(Point2f(200, 200), 1.9 / 90, 0)));
    EXPECT_EQ(Error::StsOk, codeOf(landmarksAt(Point2f(200, 200), 2.1 / 90, 0)));
}

TEST(SanPrivacy_LandmarkShape, points_on_a_line_are_refused)
{
    for (double degrees : { 0., 35., 90., 160. }) // equally far apart on a line, and five of a face pushed onto one
    {
        Mat line(5, 2, CV_32F), pushed = landmarksAt(Point2f(0, 0), 1, 0);
        const double c = std::cos(degrees * CV_PI / 180), s = std::sin(degrees * CV_PI / 180);
        for (int i = 0; i < 5; ++i)
        {
            line.at<float>(i, 0) = float(200 + 40 * (i - 2) * c);
            line.at<float>(i, 1) = float(200 + 40 * (i - 2) * s);
            const double along = pushed.at<float>(i, 0) * c + pushed.at<float>(i, 1) * s;
            pushed.at<float>(i, 0) = float(200 + along * c + .3 * (i % 2));
            pushed.at<float>(i, 1) = float(200 + along * s);
        }
        EXPECT_EQ(Error::StsBadArg, codeOf(line)) << degrees;
        EXPECT_EQ(Error::StsBadArg, codeOf(pushed)) << degrees;
    }
}

TEST(SanPrivacy_LandmarkShape, landmarks_in_another_order_are_refused)
{
    const Mat good = landmarksAt(Point2f(200, 200), 1, 20);
    Mat mirrored = good.clone(), mouth = good.clone(), exchanged = good.clone();
    mirrored.col(0) = 400 - mirrored.col(0);
    good.row(4).copyTo(mouth.row(3));
    good.row(3).copyTo(mouth.row(4));
    good.col(0).copyTo(exchanged.col(1));
    good.col(1).copyTo(exchanged.col(0));
    EXPECT_EQ(Error::StsBadArg, codeOf(mirrored)) << "left eye first";
    EXPECT_EQ(Error::StsBadArg, codeOf(mouth));
    EXPECT_EQ(Error::StsBadArg, codeOf(exchanged)) << "y before x";
}

TEST(SanPrivacy_LandmarkShape, heads_that_turn_away_are_faces)
{
    // Eyes in the plane, nose half an inter-ocular distance in front of it, mouth a little.
    const double depth[] = { 0, 0, 45, 12, 12 };
    for (double yaw : { -90., -60., -30., 30., 60., 90. })
    {
        Mat turned = landmarksAt(Point2f(0, 0), 1, 0);
        for (int i = 0; i < 5; ++i)
            turned.at<float>(i, 0) =
                float(turned.at<float>(i, 0) * std::cos(yaw * CV_PI / 180) + depth[i] * std::sin(yaw * CV_PI / 180));
        turned += 200;
        EXPECT_EQ(Error::StsOk, codeOf(turned)) << yaw;
    }
}

TEST(SanPrivacy_LandmarkShape, landmark_distance_is_in_inter_ocular_distances)
{
    const Mat reference = landmarksAt(Point2f(200, 200), 2, 30), moved = reference + 18;
    EXPECT_NEAR(0, landmarkDistance(reference, reference), 1e-6);
    EXPECT_NEAR(18 * std::sqrt(2.) / 180, landmarkDistance(moved, reference), 1e-5);
    EXPECT_GT(landmarkDistance(reference / 2, reference), .5) << "of an image of half the size";
    EXPECT_THROW(landmarkDistance(reference.rowRange(0, 4), reference), cv::Exception);
    EXPECT_THROW(landmarkDistance(reference, Mat::zeros(5, 2, CV_32F)), cv::Exception);
    EXPECT_THROW(landmarkDistance(reference * NAN, reference), cv::Exception);
    Mat mirrored = reference.clone(); // left and right swapped
    for (const std::pair<int, int>& rows : { std::make_pair(0, 1), std::make_pair(3, 4) })
    {
        reference.row(rows.first).copyTo(mirrored.row(rows.second));
        reference.row(rows.second).copyTo(mirrored.row(rows.first));
    }
    EXPECT_GT(landmarkDistance(mirrored, reference), .5);
    EXPECT_THROW(landmarkDistance(reference, mirrored), cv::Exception) << "its eyes are not where it says";
}

}} // namespace
