// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#include "test_face_detector_common.hpp"

namespace opencv_test { namespace {

const char* const PORTRAITS[] = { "man-bald", "man-beard", "man-brown-hair", "man-dark-hair", "man-dark-skin",
    "man-glasses", "man-gray-hair", "man-short-hair", "man-white-hair", "woman-brown-hair", "woman-curls",
    "woman-dark-hair", "woman-dark-skin", "woman-fair-hair", "woman-glasses", "woman-short-hair" };

TEST(SanPrivacy_FaceDetector, a_face_and_its_reflection_below)
{
    const Ptr<FaceDetector> detector = shippedDetector("");
    const int cut = 245; // just below the lips
    int found = 0;
    for (const char* name : PORTRAITS)
    {
        const Mat upper = portrait(name).rowRange(0, cut);
        Mat lower, both, faces;
        flip(upper, lower, 0);
        vconcat(upper, lower, both);
        detector->detect(both, faces);
        EXPECT_LE(faces.rows, 2) << name;

        // Upside down, the eyes are below the mouth, and the right one in the image's right half.
        for (int i = 0; i < faces.rows; ++i)
        {
            const float* const face = faces.ptr<float>(i);
            const Point2f rightEye(face[4], face[5]), leftEye(face[6], face[7]);
            const float mouth = (face[11] + face[13]) / 2;
            found += rightEye.y > mouth && leftEye.y > mouth && rightEye.y > cut && rightEye.x > leftEye.x;
        }
    }
    EXPECT_GE(found, 14);
}

TEST(SanPrivacy_FaceDetector, a_small_face_before_a_large_one_in_an_image_on_its_side)
{
    const Ptr<FaceDetector> detector = shippedDetector("");
    const int count = int(sizeof(PORTRAITS) / sizeof(PORTRAITS[0]));
    int found = 0;
    for (int i = 0; i < count; ++i)
    {
        Mat image = portrait(PORTRAITS[i]).clone(), small;
        resize(
            portrait(PORTRAITS[(i + 5) % count])(Range(90, 320), Range(75, 245)), small, Size(), .35, .35, INTER_AREA);
        const Rect onTheCheek(Point(230, 230) - Point(small.cols / 2, small.rows / 2), small.size());
        small.copyTo(image(onTheCheek));
        for (int turn : { ROTATE_90_CLOCKWISE, ROTATE_90_COUNTERCLOCKWISE })
        {
            Mat turned, faces;
            rotate(image, turned, turn);
            detector->detect(turned, faces);
            EXPECT_LE(faces.rows, 2) << PORTRAITS[i];
            found += faces.rows;
        }
    }
    EXPECT_GE(found, 4 * count - 4);
}

}} // namespace
