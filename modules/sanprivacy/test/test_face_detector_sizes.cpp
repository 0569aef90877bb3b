// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#include "test_face_detector_common.hpp"

#ifdef __GLIBC__
#include <malloc.h>
#endif

namespace opencv_test { namespace {

//! Small portraits on a large plain ground, and where their boxes are.
struct Crowd
{
    Mat image;
    std::vector<Rect2f> boxes;

    Crowd(const Size& size, const std::vector<Point>& places, int width) // of a face's box, pixels
    {
        const char* const names[] = { "man-bald", "woman-dark-hair", "man-glasses", "woman-fair-hair", "man-dark-skin",
            "woman-curls" };
        const Rect2f box(74, 100, 172, 215); // of a sample portrait's face
        image = Mat(size, CV_8UC3, Scalar(110, 125, 135));
        for (size_t i = 0; i < places.size(); ++i)
        {
            Mat small;
            const double scale = width / double(box.width);
            resize(portrait(names[i % 6]), small, Size(), scale, scale, INTER_AREA);
            const Point corner = places[i] - Point(small.cols / 2, small.rows / 2);
            small.copyTo(image(Rect(corner, small.size())));
            boxes.push_back(Rect2f(corner.x + box.x * float(scale), corner.y + box.y * float(scale),
                box.width * float(scale), box.height * float(scale)));
        }
    }
};

//! Each face is found, once, and nothing else is.
void expectAllFound(const Crowd& crowd)
{
    Mat faces;
    shippedDetector("")->detect(crowd.image, faces);
    EXPECT_EQ(faces.rows, int(crowd.boxes.size()));
    for (const Rect2f& box : crowd.boxes)
    {
        int found = 0;
        for (int i = 0; i < faces.rows; ++i)
        {
            const Rect2f other(
                faces.at<float>(i, 0), faces.at<float>(i, 1), faces.at<float>(i, 2), faces.at<float>(i, 3));
            const float common = (other & box).area();
            found += common > .4f * (other.area() + box.area() - common);
        }
        EXPECT_EQ(found, 1) << box;
    }
}

TEST(SanPrivacy_FaceDetector, small_faces_of_a_large_image)
{
    // Two tiles of 1,920 pixels wide images share the columns 800 to 1120; a face lies on each of their edges.
    expectAllFound(Crowd(
        Size(1920, 500), { Point(70, 60), Point(801, 250), Point(960, 120), Point(1119, 400), Point(1860, 440) }, 34));
    expectAllFound(Crowd(Size(4000, 400),
        { Point(200, 150), Point(1390, 200), Point(1650, 200), Point(2500, 240), Point(3900, 200) }, 86));
}

TEST(SanPrivacy_FaceDetector, a_face_larger_than_what_tiles_share)
{
    expectAllFound(Crowd(Size(2400, 800), { Point(300, 400), Point(1200, 400), Point(1900, 400) }, 320));
}

TEST(SanPrivacy_FaceDetector, the_smallest_faces_wherever_tiles_end)
{
    // Only the largest view shows them, which has several tiles of 1600 pixels; the image ends where the last one does.
    std::vector<Point> places;
    for (int x = 20; x < 1900; x += 47)
        places.push_back(Point(x, 40 + 45 * int(places.size() % 3)));
    expectAllFound(Crowd(Size(1920, 180), places, 13));
}

#ifdef __GLIBC__

TEST(SanPrivacy_FaceDetector, a_low_and_wide_image_whatever_was_in_the_memory)
{
    Mat strip;
    for (const char* name : { "man-bald", "woman-glasses", "man-glasses", "woman-dark-hair" })
    {
        Mat small;
        resize(portrait(name), small, Size(50, 61), 0, 0, INTER_AREA);
        strip.empty() ? small.copyTo(strip) : hconcat(strip, small, strip);
    }
    strip = repeat(strip, 1, 8);
    Mat first;
    for (int filling : { 0, 127, 200 })
    {
        mallopt(M_PERTURB, filling);
        Mat faces;
        FaceDetector::create()->detect(strip, faces);
        mallopt(M_PERTURB, 0);
        EXPECT_GT(faces.rows, 20);
        if (first.empty())
            first = faces;
        ASSERT_EQ(faces.size(), first.size());
        EXPECT_EQ(cvtest::norm(faces, first, NORM_INF), 0);
    }
}

#endif // __GLIBC__

TEST(SanPrivacy_FaceDetector, what_is_too_small_is_told)
{
    const Ptr<FaceDetector> yunet = shippedDetector(""), cascades = shippedDetector("cascade");
    for (const Size& size : { Size(320, 240), Size(16000, 3000) })
        EXPECT_EQ(yunet->getSmallestFace(size), 12) << size;
    EXPECT_LE(cascades->getSmallestFace(Size(1000, 500)), 24);
    EXPECT_NEAR(cascades->getSmallestFace(Size(8000, 6000)), 8 * cascades->getSmallestFace(Size(1000, 500)), 8);
    EXPECT_THROW(yunet->getSmallestFace(Size()), cv::Exception);
    EXPECT_THROW(FaceDetector().getSmallestFace(Size(10, 10)), cv::Exception);

    // All that are as large are found.
    std::vector<Point> places;
    for (int i = 0; i < 6; ++i)
        places.push_back(Point(60 + 80 * i, 60 + 20 * (i % 3)));
    expectAllFound(Crowd(Size(540, 180), places, 12));
}

}} // namespace
