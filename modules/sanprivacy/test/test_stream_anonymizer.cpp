// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#include "test_precomp.hpp"

#include <functional>
#include <map>
#include <set>
#include <thread>

namespace opencv_test { namespace {

// Where scripts/make_portraits.py puts the eyes of the sample portraits, and about where the head is.
const Point2f RIGHT_EYE(124, 164), LEFT_EYE(196, 164);
const Point2f HEAD(160, 192);
const Size2f HEAD_AXES(84, 112), FACE_AXES(52, 60);

//! Position, eye distance and roll of an actor.
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
            const Mat image = imread(fileOrSkip(moduleFolder() + "/../../data/portraits/" + actor.portrait + ".jpg"));
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

    //! Eyes, nose and mouth of an actor, without what is hidden by those in front or by the frame's edge; `whole`: all of it.
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
        ellipse(mask, RotatedRect(Point2f(float(place.centre.x + margin), float(place.centre.y + margin)),
                                  axes * scale, float(place.roll)), Scalar(value), FILLED);
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
    int faces, unprotected;  // face-frames
    double background;       // share of pixels away from all heads that changed
    int frames;
    std::string missed;      // which
};

Ptr<FaceDetector> detector()
{
    fileOrSkip(moduleFolder() + "/../../data/face_detection_yunet_2022mar.onnx");
    return FaceDetector::create();
}

//! A quick network whose output has nothing in common with the face.
Ptr<Perturber> quickPerturber()
{
    return Perturber::create(PerturberParams({ "gender" }, findDataFile("generator_project.onnx"), String(), findDataFile("classifier.onnx")));
}

StreamParams covering()
{
    StreamParams params;
    params.replacement = REPLACE_SOLID;
    return params;
}

//! Covers the faces of a video and compares with the truth. A face counts where at least half of it is to be seen.
Protection protect(const Video& video)
{
    const double shown = .5, covered = .8, headMargin = 1.35;
    const int changed = 3; // gray levels
    const Ptr<StreamAnonymizer> anonymizer = StreamAnonymizer::create(detector(), Ptr<Perturber>(), covering());
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
            anonymizer->push(inputs.back());
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

void expectProtected(const Video& video)
{
    const double background = .005; // share that may change
    const Protection result = protect(video);
    std::cout << "[  figures ] " << result.unprotected << " of " << result.faces << " face-frames unprotected, "
              << result.background * 100 << " % of the background changed" << std::endl;
    EXPECT_GT(result.faces, video.frames() / 3);
    EXPECT_EQ(result.unprotected, 0) << "actor@frame:" << result.missed;
    EXPECT_LT(result.background, background);
}

std::function<Place(int)> line(Point2d from, Point2d to, int frames, double eyes, double roll = 0)
{
    return [=](int t) { const Place place = { from + (to - from) * (double(t) / frames), eyes, roll }; return place; };
}

TEST(SanPrivacy_StreamAnonymizer, default_constructed_is_empty)
{
    StreamAnonymizer anonymizer;
    StreamRecord record;
    Mat frame(100, 100, CV_8UC3, Scalar(0)), output;
    EXPECT_TRUE(anonymizer.empty());
    EXPECT_THROW(anonymizer.push(frame), cv::Exception);
    EXPECT_THROW(anonymizer.pop(output, record), cv::Exception);
    EXPECT_THROW(anonymizer.finish(), cv::Exception);
    EXPECT_THROW(anonymizer.ready(), cv::Exception);
}

TEST(SanPrivacy_StreamAnonymizer, bad_arguments_are_refused)
{
    const Ptr<FaceDetector> faces = detector();
    EXPECT_THROW(StreamAnonymizer::create(Ptr<FaceDetector>(), quickPerturber()), cv::Exception);
    EXPECT_THROW(StreamAnonymizer::create(faces, Ptr<Perturber>()), cv::Exception);
    StreamParams wrong[7];
    wrong[0].detect_interval = 0;
    wrong[1].look_ahead = -1;
    wrong[2].replacement = 4;
    wrong[3].label = 2;
    wrong[4].sure_score = 2;
    wrong[5].label = LABEL_NEUTRAL; // has no opposite
    wrong[6].refresh_interval = 0;
    for (const StreamParams& params : wrong)
        EXPECT_THROW(StreamAnonymizer::create(faces, quickPerturber(), params), cv::Exception);

    const Ptr<StreamAnonymizer> anonymizer = StreamAnonymizer::create(faces, quickPerturber());
    EXPECT_THROW(anonymizer->push(Mat()), cv::Exception);
    EXPECT_THROW(anonymizer->push(Mat::zeros(50, 50, CV_32F)), cv::Exception);
    EXPECT_THROW(anonymizer->push(Mat::zeros(50, 50, CV_8UC4)), cv::Exception);
    EXPECT_EQ(anonymizer->ready(), 0);
}

TEST(SanPrivacy_StreamAnonymizer, frames_without_a_face_stay_as_they_are)
{
    const Video video(Size(320, 240), 8, std::vector<Actor>());
    for (int look_ahead : { 0, 5, 30 })
    {
        StreamParams params;
        params.look_ahead = look_ahead;
        const Ptr<StreamAnonymizer> anonymizer = StreamAnonymizer::create(detector(), quickPerturber(), params);
        Mat output;
        int given = 0;
        for (int t = 0; t < video.frames(); ++t)
        {
            const bool expected = t >= look_ahead;
            ASSERT_EQ(anonymizer->process(video.frame(t), output), expected);
            if (expected)
            {
                EXPECT_EQ(cvtest::norm(output, video.frame(given++), NORM_INF), 0);
            }
        }
        while (anonymizer->flush(output))
            EXPECT_EQ(cvtest::norm(output, video.frame(given++), NORM_INF), 0);
        EXPECT_EQ(given, video.frames());
    }
}

TEST(SanPrivacy_StreamAnonymizer, one_face_crosses_the_frame)
{
    expectProtected(Video(Size(400, 300), 60, { { "woman-dark-hair", line(Point2d(-80, 150), Point2d(480, 130), 60, 32) } }));
}

TEST(SanPrivacy_StreamAnonymizer, faces_cross_each_other)
{
    expectProtected(Video(Size(480, 240), 60, { { "man-bald", line(Point2d(80, 120), Point2d(400, 120), 60, 30) },
                                               { "woman-fair-hair", line(Point2d(400, 125), Point2d(80, 125), 60, 34) } }));
}

TEST(SanPrivacy_StreamAnonymizer, a_face_rolls_over)
{
    const auto rolling = [](int t) { const Place place = { Point2d(160, 160), 40, 6. * t }; return place; };
    expectProtected(Video(Size(320, 320), 60, { { "man-dark-hair", rolling } }));
}

TEST(SanPrivacy_StreamAnonymizer, a_face_that_lies_on_its_side_from_the_start)
{
    expectProtected(Video(Size(360, 280), 48, { { "man-gray-hair", line(Point2d(140, 140), Point2d(220, 140), 48, 36, 90) } }));
}

TEST(SanPrivacy_StreamAnonymizer, a_face_comes_near)
{
    const auto nearing = [](int t) { const Place place = { Point2d(200, 150), 14 * std::pow(1.03, t), 0 }; return place; };
    expectProtected(Video(Size(400, 300), 50, { { "woman-dark-skin", nearing } }));
}

TEST(SanPrivacy_StreamAnonymizer, a_face_comes_in_after_the_last_look)
{
    // The detector looks at frames 0, 8 and 16; half of the face is there from 18 on.
    const auto late = [](int t) { const Place place = { Point2d(std::max(10. + 30 * (t - 18), -150.), 150), 40, 0 }; return place; };
    const Protection protection = protect(Video(Size(400, 300), 22, { { "woman-dark-skin", late } }));
    EXPECT_EQ(4, protection.faces);
    EXPECT_EQ(0, protection.unprotected) << protection.missed;
}

TEST(SanPrivacy_StreamAnonymizer, a_small_face_comes_in_after_the_last_look)
{
    // The look at the end would be the fourth, which is one at half the size where it is not the last one.
    const auto late = [](int t) { const Place place = { Point2d(t < 20 ? -150. : 150., 150), 7, 0 }; return place; };
    const Protection protection = protect(Video(Size(400, 300), 23, { { "woman-dark-skin", late } }));
    EXPECT_EQ(3, protection.faces);
    EXPECT_EQ(0, protection.unprotected) << protection.missed;
}

TEST(SanPrivacy_StreamAnonymizer, a_hidden_face_is_covered_where_it_comes_back)
{
    // Somebody taller passes in front of a still face.
    expectProtected(Video(Size(480, 240), 60, { { "woman-glasses", line(Point2d(240, 130), Point2d(240, 130), 60, 28) },
                                               { "man-dark-skin", line(Point2d(50, 115), Point2d(430, 115), 60, 38) } }));
}

TEST(SanPrivacy_StreamAnonymizer, a_lost_face_stays_covered_for_the_hold_time)
{
    const int gone = 30, hold = 12; // the face vanishes; nobody sees where it is
    const Video with(Size(480, 360), 60, { { "woman-dark-hair", line(Point2d(240, 180), Point2d(240, 180), 60, 45) } }), without(Size(480, 360), 60, {});
    StreamParams params = covering();
    params.hold = hold;
    const Ptr<StreamAnonymizer> anonymizer = StreamAnonymizer::create(detector(), Ptr<Perturber>(), params);
    std::vector<StreamRecord> records;
    StreamRecord record;
    Mat output;
    for (int t = 0; t <= 60; ++t)
    {
        if (t < 60)
            anonymizer->push(t < gone ? with.frame(t) : without.frame(t));
        else
            anonymizer->finish();
        while (anonymizer->pop(output, record))
            records.push_back(record);
    }
    for (int t = 0; t < 60; ++t)
    {
        ASSERT_EQ(records[size_t(t)].faces.size(), t < gone + hold ? 1u : 0u) << t;
        if (t < gone + hold)
        {
            EXPECT_EQ(records[size_t(t)].faces[0].state == FACE_HELD, t >= gone) << t;
            if (t > gone) // it may have moved on
            {
                EXPECT_GT(records[size_t(t)].faces[0].box.area(), records[size_t(t) - 1].faces[0].box.area()) << t;
            }
        }
    }
}

TEST(SanPrivacy_StreamAnonymizer, a_face_that_is_cut_off_is_covered_generously)
{
    const int frames = 10;
    const double inside = 200, cutOff = 22; // place of the head; a quarter of it is missing
    double covered[2];
    for (int k = 0; k < 2; ++k)
    {
        const Point2d place(k == 0 ? inside : cutOff, 150);
        const Video video(Size(400, 300), frames, { { "woman-dark-hair", line(place, place, frames, 40) } });
        const Ptr<StreamAnonymizer> anonymizer = StreamAnonymizer::create(detector(), Ptr<Perturber>(), covering());
        for (int t = 0; t < frames; ++t)
            anonymizer->push(video.frame(t));
        anonymizer->finish();
        StreamRecord record;
        Mat output;
        ASSERT_TRUE(anonymizer->pop(output, record));
        ASSERT_EQ(record.faces.size(), 1u) << k;
        covered[k] = record.faces[0].box.width;
    }
    EXPECT_GT(covered[1], 1.2 * covered[0]);
}

TEST(SanPrivacy_StreamAnonymizer, doubtful_faces_follow_the_policy)
{
    const Video video(Size(320, 240), 20, { { "man-bald", line(Point2d(160, 120), Point2d(170, 120), 20, 30) } });
    StreamParams params;
    params.least_eyes = 60; // larger than they are
    for (int policy : { int(LOW_CONFIDENCE_BLUR), int(LOW_CONFIDENCE_DROP), int(LOW_CONFIDENCE_PASS) })
    {
        params.low_confidence = policy;
        const Ptr<StreamAnonymizer> anonymizer = StreamAnonymizer::create(detector(), quickPerturber(), params);
        for (int t = 0; t < video.frames(); ++t)
            anonymizer->push(video.frame(t));
        anonymizer->finish();
        StreamRecord record;
        Mat output;
        for (int t = 0; anonymizer->pop(output, record); ++t)
        {
            ASSERT_EQ(record.faces.size(), 1u);
            EXPECT_EQ(record.withheld, policy == LOW_CONFIDENCE_DROP);
            EXPECT_EQ(output.empty(), policy == LOW_CONFIDENCE_DROP);
            EXPECT_EQ(record.faces[0].protection, policy == LOW_CONFIDENCE_PASS ? int(PROTECTION_NONE) : int(PROTECTION_BLURRED));
            if (policy != LOW_CONFIDENCE_DROP)
            {
                EXPECT_EQ(cvtest::norm(output, video.frame(t), NORM_INF) > 30, policy == LOW_CONFIDENCE_BLUR);
            }
        }
    }
}

TEST(SanPrivacy_StreamAnonymizer, an_error_never_lets_a_face_through)
{
    const Video video(Size(320, 240), 10, { { "man-bald", line(Point2d(160, 120), Point2d(170, 120), 10, 30) } });
    StreamParams params;
    params.look_ahead = 2;
    const Ptr<FaceDetector> faces = detector();
    const Ptr<Perturber> perturber = quickPerturber();
    const Ptr<StreamAnonymizer> anonymizer = StreamAnonymizer::create(faces, perturber, params);
    *perturber = Perturber(); // breaks in use
    StreamRecord record;
    Mat output;
    for (int t = 0; t < video.frames(); ++t)
        anonymizer->push(video.frame(t));
    anonymizer->finish();
    for (int t = 0; anonymizer->pop(output, record); ++t)
    {
        EXPECT_TRUE(record.blurred);
        EXPECT_FALSE(record.error.empty());
        EXPECT_GT(cvtest::norm(output, video.frame(t), NORM_L1) / output.total(), 5);
    }

    *faces = FaceDetector();
    anonymizer->push(video.frame(0));
    anonymizer->finish();
    ASSERT_TRUE(anonymizer->pop(output, record));
    EXPECT_TRUE(record.blurred);
    EXPECT_NE(record.error.find("detector"), String::npos) << record.error;
}

//! How much a still face changes from frame to frame, against what it does in the input.
void expectNoFlicker(const Ptr<Perturber>& perturber)
{
    const Video video(Size(480, 360), 40, { { "woman-fair-hair", line(Point2d(240, 180), Point2d(240, 180), 40, 60) } });
    const Ptr<StreamAnonymizer> anonymizer = StreamAnonymizer::create(detector(), perturber);
    for (int t = 0; t < video.frames(); ++t)
        anonymizer->push(video.frame(t));
    anonymizer->finish();
    StreamRecord record;
    Mat output, last;
    int whole;
    const Mat face = video.faceMask(0, 0, whole);
    double before = 0, after = 0;
    for (int t = 0; anonymizer->pop(output, record); ++t)
    {
        ASSERT_EQ(record.faces.size(), 1u);
        EXPECT_EQ(record.faces[0].protection, int(PROTECTION_REPLACED));
        if (t > 0)
        {
            before += cvtest::norm(video.frame(t), video.frame(t - 1), NORM_L1, face);
            after += cvtest::norm(output, last, NORM_L1, face);
        }
        last = output.clone();
    }
    std::cout << "[  figures ] change from frame to frame: " << after / before << " of the input's" << std::endl;
    EXPECT_LT(after, 1.5 * before);
}

TEST(SanPrivacy_StreamAnonymizer, a_still_face_does_not_flicker)
{
    expectNoFlicker(quickPerturber());
}

TEST(SanPrivacy_StreamAnonymizer, a_still_face_does_not_flicker_with_the_default_model)
{
    fileOrSkip(moduleFolder() + "/../../data/residual.onnx");
    expectNoFlicker(Perturber::create());
}

TEST(SanPrivacy_StreamAnonymizer, a_face_keeps_its_perturbation_until_it_changes)
{
    const int dark = 7, frames = 10; // a cloud passes
    const Video video(Size(480, 360), 2, { { "woman-fair-hair", line(Point2d(240, 180), Point2d(240, 180), 2, 60) } });
    int whole;
    const Mat face = video.faceMask(0, 0, whole);
    std::vector<Mat> changes[2]; // of each frame, where the face passes the network in every frame and hardly ever
    for (int k = 0; k < 2; ++k)
    {
        StreamParams params;
        params.label = 0;
        params.refresh_interval = k == 0 ? 1 : 1000;
        const Ptr<StreamAnonymizer> anonymizer = StreamAnonymizer::create(detector(), quickPerturber(), params);
        std::vector<Mat> inputs;
        for (int t = 0; t < frames; ++t)
        {
            inputs.push_back(t < dark ? video.frame(0) : video.frame(0) * .85);
            anonymizer->push(inputs.back());
        }
        anonymizer->finish();
        StreamRecord record;
        Mat output, change;
        while (anonymizer->pop(output, record))
        {
            ASSERT_EQ(record.faces.size(), 1u);
            EXPECT_EQ(record.faces[0].protection, int(PROTECTION_REPLACED));
            EXPECT_EQ(record.faces[0].track, 0);
            cv::subtract(output, inputs[changes[k].size()], change, noArray(), CV_16S);
            changes[k].push_back(change.clone());
        }
        ASSERT_EQ(changes[k].size(), size_t(frames));
    }
    const auto distance = [&](const Mat& a, const Mat& b) { return cvtest::norm(a, b, NORM_L1, face) / countNonZero(face); };
    for (int t = 0; t < dark; ++t)
        EXPECT_LE(distance(changes[1][t], changes[1][0]), 1) << t;
    EXPECT_GE(distance(changes[1][dark], changes[1][0]), 3) << "another face, another perturbation";
    EXPECT_LE(distance(changes[1][dark], changes[0][dark]), 1) << "at once";
}

TEST(SanPrivacy_StreamAnonymizer, one_label_and_one_number_along_a_track)
{
    const Video video(Size(480, 270), 24, { { "man-bald", line(Point2d(110, 135), Point2d(160, 135), 24, 30) },
                                          { "woman-glasses", line(Point2d(340, 135), Point2d(360, 135), 24, 30) } });
    for (int label : { 0, 1, int(LABEL_PREDICT) })
    {
        StreamParams params;
        params.label = label;
        const Ptr<StreamAnonymizer> anonymizer = StreamAnonymizer::create(detector(), quickPerturber(), params);
        std::map<int, std::set<int> > labels;
        StreamRecord record;
        Mat output;
        for (int t = 0; t < video.frames(); ++t)
            anonymizer->push(video.frame(t));
        anonymizer->finish();
        while (anonymizer->pop(output, record))
            for (const StreamFace& face : record.faces)
                labels[face.track].insert(face.label);
        EXPECT_EQ(labels.size(), 2u);
        for (const auto& track : labels)
        {
            EXPECT_EQ(track.second.size(), 1u);
            EXPECT_TRUE(label == LABEL_PREDICT || *track.second.begin() == label);
        }
    }
}

TEST(SanPrivacy_StreamAnonymizer, several_attributes_are_voted_on)
{
    for (const char* file : { "residual-gender-age.onnx", "prototypes-gender.yml.gz", "prototypes-age.yml.gz", "gender.onnx", "age.onnx" })
        fileOrSkip(moduleFolder() + "/../../data/" + file);
    const Ptr<Perturber> perturber = Perturber::create(PerturberParams({ "gender", "age" }));
    const Video video(Size(480, 270), 4, { { "man-white-hair", line(Point2d(110, 135), Point2d(110, 135), 4, 45) },
                                         { "woman-dark-hair", line(Point2d(340, 135), Point2d(340, 135), 4, 45) } });
    StreamParams params;
    const Ptr<StreamAnonymizer> anonymizer = StreamAnonymizer::create(detector(), perturber, params);
    for (int t = 0; t < video.frames(); ++t)
        anonymizer->push(video.frame(t));
    anonymizer->finish();
    StreamRecord record;
    Mat output;
    int popped = 0;
    for (; anonymizer->pop(output, record); ++popped)
    {
        ASSERT_EQ(record.faces.size(), 2u);
        for (const StreamFace& face : record.faces)
        {
            EXPECT_EQ(face.protection, int(PROTECTION_REPLACED));
            EXPECT_EQ(face.label, face.landmarks[0].x < video.frame(0).cols / 2 ? 3 : 0) << "an old man, a young woman";
        }
    }
    EXPECT_EQ(popped, video.frames());

    params.label = 4; // there are 0 to 3
    EXPECT_THROW(StreamAnonymizer::create(detector(), perturber, params), cv::Exception);
    params.label = 3;
    EXPECT_NO_THROW(StreamAnonymizer::create(detector(), perturber, params));
    params.label = LABEL_NEUTRAL;
    params.prototype = PROTOTYPE_RANDOM;
    EXPECT_NO_THROW(StreamAnonymizer::create(detector(), perturber, params));
}

TEST(SanPrivacy_StreamAnonymizer, the_exempt_person_only_is_left)
{
    // The test network's descriptor: mean colors of the face's quarters; enough to tell these two apart.
    std::vector<ModelDescription> networks(1);
    ModelDescription& description = networks[0];
    description.name = "quarters";
    description.task = NETWORK_MATCHER;
    description.file = findDataFile("descriptor.onnx");
    description.size = Size(32, 32);
    description.scale = 1;
    description.color = "rgb";
    description.square = 1;
    description.output = "descriptor";
    description.distance = DISTANCE_EUCLIDEAN;
    const Ptr<FaceNetwork> matcher = FaceNetwork::create(description);
    const Ptr<FaceDetector> faces = detector();
    const Video video(Size(640, 360), 40, { { "man-dark-skin", line(Point2d(130, 180), Point2d(140, 180), 40, 36) },
                                          { "woman-fair-hair", line(Point2d(500, 180), Point2d(500, 180), 40, 36) } });
    Mat found, crop, descriptors[2];
    faces->detect(video.frame(0), found);
    ASSERT_EQ(found.rows, 2);
    const int left = found.at<float>(0, 0) < found.at<float>(1, 0) ? 0 : 1;
    for (int k = 0; k < 2; ++k)
    {
        matcher->crop(video.frame(0), found.row(k == 0 ? left : 1 - left), crop);
        matcher->forward(std::vector<Mat>(1, crop), descriptors[k]);
    }
    const double other = matcher->match(descriptors[0], descriptors[1]);

    const Ptr<StreamAnonymizer> anonymizer = StreamAnonymizer::create(faces, quickPerturber());
    anonymizer->setExemptPerson(matcher, descriptors[0], other / 2);
    for (int t = 0; t < video.frames(); ++t)
        anonymizer->push(video.frame(t));
    anonymizer->finish();
    StreamRecord record;
    Mat output;
    int left_alone = 0;
    while (anonymizer->pop(output, record))
        for (const StreamFace& face : record.faces)
        {
            const bool is_left = face.landmarks[2].x < 320;
            EXPECT_FALSE(face.exempt && !is_left) << record.frame;
            EXPECT_EQ(face.protection == PROTECTION_NONE, face.exempt);
            left_alone += face.exempt;
        }
    EXPECT_GE(left_alone, 25);
    EXPECT_LT(left_alone, video.frames());
}

TEST(SanPrivacy_StreamAnonymizer, threads_do_not_change_the_result)
{
    const Video video(Size(400, 300), 24, { { "man-bald", line(Point2d(100, 150), Point2d(280, 150), 24, 36) } });
    Mat output;
    StreamRecord record;
    std::vector<Mat> frames, expected;
    for (int t = 0; t < video.frames(); ++t)
        frames.push_back(video.frame(t));
    const int threads = getNumThreads();
    setNumThreads(1);
    const Ptr<StreamAnonymizer> one = StreamAnonymizer::create(detector(), quickPerturber());
    for (const Mat& frame : frames)
        if (one->process(frame, output))
            expected.push_back(output.clone());
    while (one->flush(output))
        expected.push_back(output.clone());
    setNumThreads(threads);

    const Ptr<StreamAnonymizer> two = StreamAnonymizer::create(detector(), quickPerturber());
    std::thread pushing([&]
    {
        for (const Mat& frame : frames)
            two->push(frame);
        two->finish();
    });
    for (size_t given = 0; given < expected.size(); )
    {
        if (!two->pop(output, record))
        {
            std::this_thread::yield();
            continue;
        }
        EXPECT_EQ(cvtest::norm(output, expected[given], NORM_INF), 0) << given;
        ++given;
    }
    pushing.join();
}

TEST(SanPrivacy_StreamAnonymizer, sixteen_faces)
{
    std::vector<Actor> actors;
    const char* const names[] = { "man-bald", "woman-dark-hair", "man-glasses", "woman-fair-hair" };
    for (int i = 0; i < 16; ++i)
    {
        const Point2d place(90 + 150 * (i % 4), 70 + 115 * (i / 4));
        actors.push_back({ names[i % 4], line(place, place + Point2d(30, 0), 24, 26) });
    }
    expectProtected(Video(Size(640, 480), 24, actors));
}

TEST(SanPrivacy_StreamAnonymizer, a_change_of_size_begins_a_new_scene)
{
    const Video small(Size(320, 240), 10, { { "man-bald", line(Point2d(160, 120), Point2d(160, 120), 10, 30) } });
    const Video large(Size(640, 480), 10, { { "man-bald", line(Point2d(500, 300), Point2d(500, 300), 10, 60) } });
    const Ptr<StreamAnonymizer> anonymizer = StreamAnonymizer::create(detector(), quickPerturber());
    for (int t = 0; t < 20; ++t)
        anonymizer->push(t < 10 ? small.frame(t) : large.frame(t - 10));
    anonymizer->finish();
    StreamRecord record;
    Mat output;
    for (int t = 0; anonymizer->pop(output, record); ++t)
    {
        EXPECT_EQ(output.size(), t < 10 ? Size(320, 240) : Size(640, 480));
        EXPECT_EQ(record.faces.size(), 1u) << t;
    }
}

TEST(SanPrivacy_StreamAnonymizer, a_face_that_comes_in_just_before_a_cut_is_covered)
{
    // The detector looks at frames 0 and 8; the face is there from 11 on, the scene ends with 13.
    const auto late = [](int t) { const Place place = { Point2d(t < 11 ? -500. : 200., 150), 40, 0 }; return place; };
    const Video video(Size(400, 300), 14, { { "woman-dark-skin", late } });
    const Ptr<StreamAnonymizer> anonymizer = StreamAnonymizer::create(detector(), Ptr<Perturber>(), covering());
    for (int t = 0; t < 20; ++t)
        anonymizer->push(t < 14 ? video.frame(t) : Mat(300, 400, CV_8UC3, Scalar::all(250)));
    anonymizer->finish();
    StreamRecord record;
    Mat output;
    for (int t = 0; anonymizer->pop(output, record); ++t)
    {
        if (t >= 11 && t < 14)
        {
            EXPECT_EQ(record.faces.size(), 1u) << t;
        }
    }
}

TEST(SanPrivacy_StreamAnonymizer, after_a_cut_a_face_in_the_same_place_is_another)
{
    const Video video(Size(400, 300), 10, { { "man-bald", line(Point2d(200, 150), Point2d(200, 150), 10, 40) } });
    const Ptr<StreamAnonymizer> anonymizer = StreamAnonymizer::create(detector(), Ptr<Perturber>(), covering());
    for (int t = 0; t < 20; ++t)
    {
        Mat frame = video.frame(t % 10);
        if (t >= 10)
            frame.convertTo(frame, -1, .5, 120);
        anonymizer->push(frame);
    }
    anonymizer->finish();
    StreamRecord record;
    Mat output;
    std::set<int> before, after;
    for (int t = 0; anonymizer->pop(output, record); ++t)
        for (const StreamFace& face : record.faces)
            (t < 10 ? before : after).insert(face.track);
    EXPECT_EQ(before.size(), 1u);
    ASSERT_FALSE(after.empty());
    for (int track : after)
        EXPECT_FALSE(before.count(track));
}

}} // namespace
