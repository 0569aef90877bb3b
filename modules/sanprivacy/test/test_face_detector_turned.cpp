// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#include "test_face_detector_common.hpp"

namespace opencv_test { namespace {

const char* const PEOPLE[] = { "man-bald", "man-beard", "man-brown-hair", "man-dark-skin", "man-glasses",
    "man-short-hair", "woman-brown-hair", "woman-curls", "woman-dark-skin", "woman-fair-hair", "woman-glasses",
    "woman-short-hair" };
const int COUNT = int(sizeof(PEOPLE) / sizeof(PEOPLE[0]));

//! Puts a portrait into an image. @return its middle.
Point2f paste(const Mat& face, double scale, const Point& corner, Mat& image)
{
    Mat small;
    resize(face, small, Size(), scale, scale, INTER_AREA);
    small.copyTo(image(Rect(corner, small.size())));
    return Point2f(float(corner.x) + float(small.cols) / 2, float(corner.y) + float(small.rows) / 2);
}

//! In how many faces a point lies.
int facesAt(const Mat& faces, const Point2f& point)
{
    int count = 0;
    for (int i = 0; i < faces.rows; ++i)
    {
        const float* const face = faces.ptr<float>(i);
        count += Rect2f(face[0], face[1], face[2], face[3]).contains(point);
    }
    return count;
}

TEST(SanPrivacy_FaceDetector, group_photos_that_lie_on_their_side_or_upside_down)
{
    const Ptr<FaceDetector> detector = shippedDetector("");
    Mat photo(900, 1200, CV_8UC3, Scalar(130, 120, 110));
    std::vector<Point2f> middles;
    for (int i = 0; i < COUNT; ++i)
        middles.push_back(
            paste(portrait(PEOPLE[i]), i % 2 ? .15 : .5, Point(30 + 300 * (i % 4), 20 + 290 * (i / 4)), photo));
    for (int quarters = 0; quarters < 4; ++quarters)
    {
        Mat faces;
        detector->detect(photo, faces);
        EXPECT_EQ(COUNT, faces.rows) << quarters;
        for (int i = 0; i < COUNT; ++i)
            EXPECT_EQ(1, facesAt(faces, middles[size_t(i)])) << PEOPLE[i] << ", " << quarters << " quarter turns";

        for (Point2f& middle : middles)
            middle = Point2f(float(photo.rows) - middle.y, middle.x);
        Mat turned;
        rotate(photo, turned, ROTATE_90_CLOCKWISE);
        photo = turned;
    }
}

TEST(SanPrivacy_FaceDetector, one_who_lies_in_the_shadow_beside_one_who_stands)
{
    const Ptr<FaceDetector> detector = shippedDetector("");
    int found = 0;
    for (int i = 0; i < COUNT; ++i)
    {
        Mat photo(900, 1200, CV_8UC3, Scalar(130, 120, 110)), lying, faces;
        const Point2f standing = paste(portrait(PEOPLE[i]), .7, Point(100, 50), photo);
        rotate(portrait(PEOPLE[(i + 5) % COUNT]), lying, i % 2 ? ROTATE_90_CLOCKWISE : ROTATE_90_COUNTERCLOCKWISE);
        const Point2f middle = paste(lying * .15, .5, Point(700, 400), photo);
        detector->detect(photo, faces);
        EXPECT_LE(faces.rows, 2) << PEOPLE[i];
        EXPECT_EQ(1, facesAt(faces, standing)) << PEOPLE[i];
        found += facesAt(faces, middle);
    }
    EXPECT_GE(found, COUNT - 2);
}

}} // namespace
