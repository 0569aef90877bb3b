// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#ifndef OPENCV_SANPRIVACY_VIDEO_SCENE_HPP
#define OPENCV_SANPRIVACY_VIDEO_SCENE_HPP

#include "test_precomp.hpp"

#include <functional>

namespace opencv_test {

// Where scripts/make_portraits.py puts the eyes of the sample portraits, and about where the head is.
const Point2f RIGHT_EYE(124, 164), LEFT_EYE(196, 164);
const Point2f HEAD(160, 192);
const Size2f HEAD_AXES(84, 112), FACE_AXES(52, 60);

//! Position, inter-ocular distance and roll of an actor.
struct Place
{
    Point2d centre; // of the head
    double eyes;    // pixels
    double roll;    // degrees
};

struct Actor
{
    std::string portrait;
    std::function<Place(int)> at; // of a frame
};

//! A video of portraits that move over a plain ground, with the truth about it.
class Video
{
public:
    Video(const Size& size, int frames, const std::vector<Actor>& actors, double noise = 2)
        : size_(size), frames_(frames), noise_(noise)
    {
        ground_.create(size, CV_8UC3); // a plain wall in soft light: no detector sees faces in it
        for (int x = 0; x < size.width; ++x)
            ground_.col(x).setTo(Scalar(110, 125, 135) + Scalar::all(60. * x / size.width));
        for (const Actor& actor : actors)
        {
            const Mat image = imread(shippedFile("portraits/" + actor.portrait + ".jpg"));
            Mat mask(image.size(), CV_8U, Scalar(0));
            ellipse(mask, RotatedRect(HEAD, HEAD_AXES * 2.f, 0), Scalar(255), FILLED);
            GaussianBlur(mask, mask, Size(), 3);
            portraits_.push_back(image);
            masks_.push_back(mask);
            actors_.push_back(actor);
        }
    }

    int frames() const { return frames_; }
    int actors() const { return int(actors_.size()); }

    Mat frame(int t) const
    {
        Mat image;
        ground_.convertTo(image, CV_32FC3);
        for (size_t i = 0; i < actors_.size(); ++i)
        {
            const Mat move = transformOf(i, t);
            Mat source, face, mask;
            const double scale = cv::norm(move.row(0).colRange(0, 2));
            if (scale < 1)
                GaussianBlur(portraits_[i], source, Size(), .4 / scale);
            else
                source = portraits_[i];
            warpAffine(source, face, move, size_);
            warpAffine(masks_[i], mask, move, size_);
            face.convertTo(face, CV_32F);
            cvtColor(mask, mask, COLOR_GRAY2BGR);
            mask.convertTo(mask, CV_32F, 1 / 255.);
            image = image + (face - image).mul(mask);
        }
        Mat grain(size_, CV_32FC3);
        RNG rng(1000 + t);
        rng.fill(grain, RNG::NORMAL, 0, noise_);
        Mat result;
        Mat(image + grain).convertTo(result, CV_8U);
        return result;
    }

    //! Eyes, nose and mouth of an actor, without what is hidden by those in front or by the frame's edge; `whole`: all
    //! of it.
    Mat faceMask(int i, int t, int& whole) const
    {
        const int margin = 200; // the frame and what is beyond it
        const Size large(size_.width + 2 * margin, size_.height + 2 * margin);
        Mat mask(large, CV_8U, Scalar(0));
        drawEllipse(mask, i, t, FACE_AXES, margin, 255);
        whole = countNonZero(mask);
        for (size_t front = size_t(i) + 1; front < actors_.size(); ++front)
            drawEllipse(mask, int(front), t, HEAD_AXES, margin, 0);
        return mask(Rect(margin, margin, size_.width, size_.height)).clone();
    }

    //! All heads, generously.
    Mat headMask(int t, double grown) const
    {
        Mat mask(size_, CV_8U, Scalar(0));
        for (int i = 0; i < actors(); ++i)
            drawEllipse(mask, i, t, HEAD_AXES * float(grown), 0, 255);
        return mask;
    }

    double eyes(int i, int t) const { return actors_[size_t(i)].at(t).eyes; }

private:
    Mat transformOf(size_t i, int t) const
    {
        const Place place = actors_[i].at(t);
        const double scale = place.eyes / cv::norm(LEFT_EYE - RIGHT_EYE);
        Mat move = getRotationMatrix2D(HEAD, -place.roll, scale);
        move.at<double>(0, 2) += place.centre.x - HEAD.x;
        move.at<double>(1, 2) += place.centre.y - HEAD.y;
        return move;
    }

    void drawEllipse(Mat& mask, int i, int t, const Size2f& axes, int margin, int value) const
    {
        const Place place = actors_[size_t(i)].at(t);
        const float scale = float(2 * place.eyes / cv::norm(LEFT_EYE - RIGHT_EYE));
        ellipse(mask,
            RotatedRect(Point2f(float(place.centre.x + margin), float(place.centre.y + margin)), axes * scale,
                float(place.roll)),
            Scalar(value), FILLED);
    }

    Size size_;
    int frames_;
    double noise_;
    Mat ground_;
    std::vector<Mat> portraits_, masks_;
    std::vector<Actor> actors_;
};

struct Protection
{
    int faces, unprotected; // face-frames
    double background;      // share of pixels away from all heads that changed
    int frames;
    std::string missed; // which
};

inline Ptr<FaceDetector> detector()
{
    return FaceDetector::create(); // the shipped one
}

//! A quick network whose output has nothing in common with the face.
inline Ptr<Perturber> quickPerturber()
{
    return Perturber::create(PerturberParams(
        { "gender" }, findDataFile("generator_project.onnx"), String(), findDataFile("classifier.onnx")));
}

inline StreamParams covering()
{
    StreamParams params;
    params.replacement = REPLACE_SOLID;
    return params;
}

//! A stream that covers the faces with which its frames come, without a detector.
inline Ptr<StreamAnonymizer> coveringGivenFaces()
{
    return StreamAnonymizer::create(Ptr<FaceDetector>(), Ptr<Perturber>(), covering());
}

//! A frame that comes out of a stream, and what was done to it.
struct OutputFrame
{
    Mat image;
    StreamRecord record;
};

//! Ends the input. @return all frames that are still in the stream, in their order.
inline std::vector<OutputFrame> finishStream(StreamAnonymizer& anonymizer)
{
    std::vector<OutputFrame> outputs;
    anonymizer.finish();
    for (OutputFrame next; anonymizer.pop(next.image, next.record); next = OutputFrame())
        outputs.push_back(next);
    return outputs;
}

//! The same after a video went in.
inline std::vector<OutputFrame> finishStream(StreamAnonymizer& anonymizer, const Video& video)
{
    for (int t = 0; t < video.frames(); ++t)
        anonymizer.push(video.frame(t));
    return finishStream(anonymizer);
}

//! Covers the faces of a video and compares with the truth. A face counts where at least half of it is to be seen.
//! @param rate frames per second.
inline Protection protect(const Video& video, StreamParams params = covering(), double rate = 25)
{
    const double shown = .5, covered = .8, headMargin = 1.35;
    const int changed = 3; // gray levels
    const Ptr<StreamAnonymizer> anonymizer = StreamAnonymizer::create(detector(), Ptr<Perturber>(), params);
    Protection result = { 0, 0, 0, 0, std::string() };
    double outside = 0, touched = 0;
    Mat output;
    StreamRecord record;
    std::vector<Mat> inputs;
    for (int t = 0; t <= video.frames(); ++t)
    {
        if (t < video.frames())
        {
            inputs.push_back(video.frame(t));
            anonymizer->push(inputs.back(), t / rate);
        }
        else
            anonymizer->finish();
        while (anonymizer->pop(output, record))
        {
            EXPECT_EQ(record.frame, result.frames);
            const int now = result.frames++;
            Mat difference;
            absdiff(inputs[size_t(now)], output, difference);
            cvtColor(difference, difference, COLOR_BGR2GRAY);
            const Mat altered = difference > 0;
            for (int i = 0; i < video.actors(); ++i)
            {
                int whole;
                const Mat face = video.faceMask(i, now, whole);
                const int visible = countNonZero(face);
                if (visible < shown * whole)
                    continue;
                ++result.faces;
                if (countNonZero(face & altered) < covered * visible)
                {
                    ++result.unprotected;
                    result.missed += format(" %d@%d", i, now);
                }
            }
            const Mat ground = ~video.headMask(now, headMargin);
            outside += countNonZero(ground);
            touched += countNonZero(ground & (difference > changed));
        }
    }
    result.background = touched / outside;
    EXPECT_EQ(result.frames, video.frames());
    return result;
}

inline void expectProtected(const Video& video)
{
    const double background = .005; // share that may change
    const Protection result = protect(video);
    std::cout << "[  figures ] " << result.unprotected << " of " << result.faces << " face-frames unprotected, "
              << result.background * 100 << " % of the background changed" << std::endl;
    EXPECT_GT(result.faces, video.frames() / 3);
    EXPECT_EQ(result.unprotected, 0) << "actor@frame:" << result.missed;
    EXPECT_LT(result.background, background);
}

inline std::function<Place(int)> line(Point2d from, Point2d to, int frames, double eyes, double roll = 0)
{
    return [=](int t)
    {
        const Place place = { from + (to - from) * (double(t) / frames), eyes, roll };
        return place;
    };
}

} // namespace opencv_test

#endif // OPENCV_SANPRIVACY_VIDEO_SCENE_HPP
