// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#include "test_face_detector_common.hpp"
#include "video_scene.hpp"

namespace opencv_test { namespace {

//! Number of frames in which the face of a scene is covered; every output stays as dark as its input.
int coveredFrames(const Video& video, double brightness, int bright_columns)
{
    const Ptr<StreamAnonymizer> anonymizer = StreamAnonymizer::create(detector(), Ptr<Perturber>(), covering());
    std::vector<Mat> frames;
    for (int t = 0; t < video.frames(); ++t)
    {
        Mat frame;
        video.frame(t).convertTo(frame, CV_8U, brightness);
        if (bright_columns > 0)
            video.frame(t).colRange(0, bright_columns).copyTo(frame.colRange(0, bright_columns));
        frames.push_back(frame);
        anonymizer->push(frame);
    }
    const std::vector<OutputFrame> outputs = finishStream(*anonymizer);
    CV_Assert(outputs.size() == frames.size());
    int covered = 0;
    for (int t = 0; t < video.frames(); ++t)
    {
        int whole;
        const Mat face = video.faceMask(0, t, whole), &output = outputs[size_t(t)].image;
        Mat changed, same;
        absdiff(output, frames[size_t(t)], changed);
        inRange(changed, Scalar::all(0), Scalar::all(0), same);
        covered += countNonZero(face & ~same) > .9 * whole;
        EXPECT_EQ(cvtest::norm(output, frames[size_t(t)], NORM_INF, ~video.headMask(t, 2)), 0) << t;
    }
    return covered;
}

TEST(SanPrivacy_Shadows, faces_of_dark_frames_are_found)
{
    const Video video(
        Size(400, 300), 12, { { "woman-fair-hair", line(Point2d(230, 150), Point2d(270, 150), 12, 36) } });
    for (double brightness : { 1., .1, .05 })
        EXPECT_EQ(coveredFrames(video, brightness, 0), video.frames()) << brightness;
    EXPECT_EQ(coveredFrames(video, .05, 100), video.frames()) << "beside a window";
}

TEST(SanPrivacy_Shadows, faces_of_very_dark_photos_with_a_hot_pixel)
{
    const Ptr<FaceDetector> finder = shippedDetector("");
    for (const char* name : { "man-dark-skin", "woman-fair-hair", "woman-dark-skin", "man-bald", "woman-glasses" })
    {
        SCOPED_TRACE(name);
        Mat dark, expected, found;
        portrait(name).convertTo(dark, CV_8U, .01);
        finder->detect(dark, expected);
        dark.at<Vec3b>(1, 1) = Vec3b::all(255);
        finder->detect(dark, found);
        EXPECT_EQ(expected.rows, found.rows);
        EXPECT_EQ(1, found.rows);
    }
}

TEST(SanPrivacy_Shadows, faces_in_the_dark_beside_one_in_the_light)
{
    const Ptr<FaceDetector> finder = shippedDetector("");
    const char* const names[] = { "man-dark-skin", "woman-fair-hair", "woman-dark-skin", "man-bald", "woman-glasses" };
    Mat photo(500, 1100, CV_8UC3, Scalar::all(90)), dark, faces;
    int x = 15;
    for (const char* name : names)
    {
        Mat small;
        resize(portrait(name), small, Size(), .6, .6, INTER_AREA);
        small.copyTo(photo(Rect(Point(x, 100), small.size())));
        x += 215;
    }
    photo.convertTo(dark, CV_8U, .04);
    const int lit = 215; // columns
    photo.colRange(0, lit).copyTo(dark.colRange(0, lit));
    finder->detect(dark, faces);
    EXPECT_GE(faces.rows, 4);
    EXPECT_LE(faces.rows, 5);
}

}} // namespace
