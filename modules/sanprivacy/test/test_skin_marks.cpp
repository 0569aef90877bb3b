// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#include "test_precomp.hpp"

namespace opencv_test { namespace {

const int SIDE = 224;

//! Smooth skin above, a texture as of a beard below; gray, 0..1.
Mat smoothAndTextured()
{
    Mat face(SIDE, SIDE, CV_32F, Scalar(.6));
    for (int y = SIDE / 2; y < SIDE; ++y)
        for (int x = 0; x < SIDE; ++x)
            face.at<float>(y, x) = (x / 2 + y / 2) % 2 ? .45f : .75f;
    return face;
}

//! What blendFace() adds for a change of a face that fills its image.
Mat added(const Mat& face, const Mat& change, bool weaken_marks)
{
    Mat landmarks, row(1, 15, CV_32F, Scalar(0)), image = face.clone();
    getCanonicalLandmarks(landmarks);
    landmarks.reshape(1, 1).copyTo(row.colRange(4, 14));
    blendFace(image, face, face + change, row, 0, weaken_marks);
    return image - face;
}

double largest(const Mat& change, const Rect& place)
{
    return cvtest::norm(change(place), NORM_INF);
}

TEST(SanPrivacy_SkinMarks, are_weakened_on_smooth_skin_only)
{
    const Mat face = smoothAndTextured();
    Mat change = Mat::zeros(SIDE, SIDE, CV_32F);
    const Rect drop(100, 70, 5, 12), drop_below(100, 140, 5, 12);
    change(drop).setTo(.1);
    change(drop_below).setTo(.1);

    const Mat as_is = added(face, change, false), weakened = added(face, change, true);
    EXPECT_GT(largest(as_is, drop), .09);
    EXPECT_LT(largest(weakened, drop), .6 * largest(as_is, drop));
    EXPECT_GT(largest(weakened, drop), .1 * largest(as_is, drop)) << "it is weakened, not removed";
    EXPECT_GT(largest(weakened, drop_below), .95 * largest(as_is, drop_below)) << "the texture hides it";
}

TEST(SanPrivacy_SkinMarks, shades_and_faint_changes_stay)
{
    const Mat face = smoothAndTextured();
    Mat shade(SIDE, SIDE, CV_32F), faint = Mat::zeros(SIDE, SIDE, CV_32F);
    for (int x = 0; x < SIDE; ++x)
        shade.col(x).setTo(.1 * std::sin(CV_PI * x / SIDE));
    faint(Rect(100, 70, 5, 12)).setTo(.01);
    for (const Mat& change : { shade, faint })
        EXPECT_LT(cvtest::norm(added(face, change, false), added(face, change, true), NORM_INF), 1e-4);
}

TEST(SanPrivacy_SkinMarks, the_depth_does_not_matter)
{
    const Mat face = smoothAndTextured();
    Mat change = Mat::zeros(SIDE, SIDE, CV_32F);
    change(Rect(100, 70, 5, 12)).setTo(.1);
    const Mat expected = added(face, change, true);
    for (int depth : { CV_8U, CV_16U })
    {
        const double white = depth == CV_8U ? 255 : 65535;
        Mat same, changed, image, landmarks, row(1, 15, CV_32F, Scalar(0)), difference;
        getCanonicalLandmarks(landmarks);
        landmarks.reshape(1, 1).copyTo(row.colRange(4, 14));
        face.convertTo(same, depth, white);
        Mat(face + change).convertTo(changed, depth, white);
        image = same.clone();
        blendFace(image, same, changed, row, 0, true);
        subtract(image, same, difference, noArray(), CV_32F);
        EXPECT_LT(cvtest::norm(difference / white, expected, NORM_INF), 1.1 / 255);
    }
}

}} // namespace opencv_test
