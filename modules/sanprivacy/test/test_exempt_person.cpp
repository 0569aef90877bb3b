// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#include "test_precomp.hpp"
#include "video_scene.hpp"

namespace opencv_test { namespace {

//! The test network's descriptor: mean colors of the face's quarters; enough to tell the two actors apart.
Ptr<FaceNetwork> quarters()
{
    ModelDescription description;
    description.name = "quarters";
    description.task = NETWORK_MATCHER;
    description.file = findDataFile("descriptor.onnx");
    description.size = Size(32, 32);
    description.scale = 1;
    description.color = "rgb";
    description.square = 1;
    description.output = "descriptor";
    description.distance = DISTANCE_EUCLIDEAN;
    return FaceNetwork::create(description);
}

const char MAN[] = "man-dark-skin", WOMAN[] = "woman-fair-hair";

//! A man and a woman who stay where they are.
Video couple(const Point2d& man, const Point2d& woman, int frames)
{
    return Video(
        Size(640, 360), frames, { { MAN, line(man, man, frames, 36) }, { WOMAN, line(woman, woman, frames, 36) } });
}

//! Both, the left one first, and what the matcher sees of them.
struct Couple
{
    Mat faces, descriptors[2];
    double least; //!< score of the same person

    Couple(const Mat& frame, FaceNetwork& matcher)
    {
        Mat found, crop;
        detector()->detect(frame, found);
        CV_Assert(found.rows == 2);
        const int left = found.at<float>(0, 0) < found.at<float>(1, 0) ? 0 : 1;
        for (int k = 0; k < 2; ++k)
        {
            faces.push_back(found.row(k == 0 ? left : 1 - left));
            matcher.crop(frame, faces.row(k), crop);
            matcher.forward(std::vector<Mat>(1, crop), descriptors[k]);
        }
        least = matcher.match(descriptors[0], descriptors[1]) / 2;
    }
};

//! Whether the first face of each of the frames, which were pushed, is left as it is.
std::vector<bool> exemptions(StreamAnonymizer& anonymizer, int frames)
{
    std::vector<bool> exempt;
    for (const OutputFrame& output : finishStream(anonymizer))
    {
        const std::vector<StreamFace>& faces = output.record.faces;
        EXPECT_GE(faces.size(), 1u) << output.record.frame;
        exempt.push_back(!faces.empty() && faces[0].exempt);
    }
    CV_Assert(exempt.size() == size_t(frames));
    return exempt;
}

//! A video of the couple, and a stream that covers given faces, but not the man's.
struct ExemptMan
{
    Video video;
    Couple two;
    Ptr<StreamAnonymizer> anonymizer;

    explicit ExemptMan(int frames, const Ptr<FaceNetwork>& matcher = quarters())
        : video(couple(Point2d(130, 180), Point2d(500, 180), frames)), two(video.frame(0), *matcher),
          anonymizer(coveringGivenFaces())
    {
        anonymizer->addExemptPerson(matcher, two.descriptors[0], two.least);
    }
};

TEST(SanPrivacy_ExemptPerson, exempt_persons_only_are_left)
{
    const Ptr<FaceNetwork> matcher = quarters();
    const Video video(Size(640, 360), 40,
        { { MAN, line(Point2d(130, 180), Point2d(140, 180), 40, 36) },
            { WOMAN, line(Point2d(500, 180), Point2d(500, 180), 40, 36) } });
    const Couple two(video.frame(0), *matcher);

    for (int persons = 1; persons <= 2; ++persons)
    {
        const Ptr<StreamAnonymizer> anonymizer = StreamAnonymizer::create(detector(), quickPerturber());
        for (int k = 0; k < persons; ++k)
            anonymizer->addExemptPerson(matcher, two.descriptors[k], two.least);
        int alone[2] = { 0, 0 }; // left and right
        for (const OutputFrame& output : finishStream(*anonymizer, video))
            for (const StreamFace& face : output.record.faces)
            {
                const int side = face.landmarks[2].x < 320 ? 0 : 1;
                EXPECT_FALSE(face.exempt && side >= persons) << output.record.frame;
                EXPECT_EQ(face.protection == PROTECTION_NONE, face.exempt);
                alone[side] += face.exempt;
            }
        for (int k = 0; k < persons; ++k)
        {
            EXPECT_GE(alone[k], 25);
            EXPECT_LT(alone[k], video.frames()) << "the first recognition alone is not enough";
        }
    }
}

TEST(SanPrivacy_ExemptPerson, nobody_is_exempt_whom_nobody_confirms)
{
    const int confirmed = 8, frames = 12;
    const ExemptMan stream(frames);
    for (int t = 0; t < frames; ++t)
        stream.anonymizer->push(stream.video.frame(t), t < confirmed ? stream.two.faces : Mat(), t / 25.);
    const std::vector<bool> exempt = exemptions(*stream.anonymizer, frames);
    for (size_t t = 0; t < exempt.size(); ++t)
        EXPECT_EQ(exempt[t], t >= 1 && t < confirmed - 1)
            << t; // the second recognition counts, and what follows the last one
}

TEST(SanPrivacy_ExemptPerson, another_person_in_the_same_place_is_protected)
{
    // Frames searched are 0, 5, 10, 15 and 20; between the last two of them a woman takes the man's place.
    const int frames = 25, from = 15, to = 19;
    const Point2d place(130, 180);
    const Ptr<FaceNetwork> matcher = quarters();
    const Couple two(couple(place, Point2d(500, 180), 1).frame(0), *matcher);
    const Video man(Size(320, 360), frames, { { MAN, line(place, place, frames, 36) } }),
        woman(Size(320, 360), frames, { { WOMAN, line(place, place, frames, 36) } });
    const Ptr<StreamAnonymizer> anonymizer = StreamAnonymizer::create(detector(), Ptr<Perturber>(), covering());
    anonymizer->addExemptPerson(matcher, two.descriptors[0], two.least);
    for (int t = 0; t < frames; ++t)
    {
        Mat frame;
        const double share = std::min(std::max(double(t - from) / (to - from), 0.), 1.);
        addWeighted(woman.frame(t), share, man.frame(t), 1 - share, 0, frame);
        anonymizer->push(frame);
    }
    const std::vector<bool> exempt = exemptions(*anonymizer, frames);
    EXPECT_TRUE(exempt[size_t(from) - 2]);
    for (size_t t = size_t(from) + 1; t < exempt.size(); ++t)
        EXPECT_FALSE(exempt[t]) << t;
}

TEST(SanPrivacy_ExemptPerson, after_a_cut_a_person_is_recognised_anew)
{
    const int cut = 6, frames = 12;
    const ExemptMan stream(frames);
    for (int t = 0; t < frames; ++t)
    {
        Mat frame = stream.video.frame(t);
        if (t >= cut) // all but the man
        {
            const Rect where(80, 110, 100, 140);
            const Mat head = frame(where).clone();
            frame.setTo(Scalar::all(250));
            head.copyTo(frame(where));
        }
        stream.anonymizer->push(frame, stream.two.faces.row(0), t / 25.);
    }
    const std::vector<bool> exempt = exemptions(*stream.anonymizer, frames);
    for (size_t t = 0; t < exempt.size(); ++t)
        EXPECT_EQ(exempt[t], t != 0 && t != cut) << t;
}

TEST(SanPrivacy_ExemptPerson, near_somebody_else_nobody_is_exempt)
{
    const int frames = 8;
    const Ptr<FaceNetwork> matcher = quarters();
    const Video far = couple(Point2d(130, 180), Point2d(500, 180), frames),
                near = couple(Point2d(130, 180), Point2d(228, 180), frames);
    const Couple two(far.frame(0), *matcher);
    for (const Video* video : { &far, &near })
    {
        const Couple now(video->frame(0), *matcher);
        const Ptr<StreamAnonymizer> anonymizer = coveringGivenFaces();
        anonymizer->addExemptPerson(matcher, two.descriptors[0], two.least);
        for (int t = 0; t < frames; ++t)
            anonymizer->push(video->frame(t), now.faces, t / 25.);
        EXPECT_EQ(exemptions(*anonymizer, frames).back(), video == &far);
    }
}

TEST(SanPrivacy_ExemptPerson, a_matcher_that_fails_recognises_nobody)
{
    const int frames = 6;
    const Ptr<FaceNetwork> matcher = quarters();
    const Video video = couple(Point2d(130, 180), Point2d(500, 180), frames);
    const Couple two(video.frame(0), *matcher);
    const Ptr<StreamAnonymizer> anonymizer = coveringGivenFaces();
    for (const Mat& descriptor : two.descriptors)
        anonymizer->addExemptPerson(matcher, descriptor, two.least);
    *matcher = FaceNetwork(); // breaks in use
    for (int t = 0; t < frames; ++t)
        anonymizer->push(video.frame(t), two.faces, t / 25.);
    for (bool exempt : exemptions(*anonymizer, frames))
        EXPECT_FALSE(exempt);
}

TEST(SanPrivacy_ExemptPerson, bad_arguments_are_refused)
{
    const Ptr<StreamAnonymizer> anonymizer = coveringGivenFaces();
    EXPECT_THROW(anonymizer->addExemptPerson(Ptr<FaceNetwork>(), Mat::ones(1, 12, CV_32F), .5), cv::Exception);
    EXPECT_THROW(anonymizer->addExemptPerson(makePtr<FaceNetwork>(), Mat::ones(1, 12, CV_32F), .5), cv::Exception);
    EXPECT_THROW(anonymizer->addExemptPerson(quarters(), Mat::ones(2, 12, CV_32F), .5), cv::Exception);
    EXPECT_THROW(anonymizer->addExemptPerson(quarters(), Mat(1, 12, CV_32F, Scalar(NAN)), .5), cv::Exception);
    EXPECT_THROW(anonymizer->addExemptPerson(quarters(), Mat::ones(1, 12, CV_32F), NAN), cv::Exception);
    // The matcher would not compare these, so the person would never be recognised.
    EXPECT_THROW(anonymizer->addExemptPerson(quarters(), Mat::ones(1, 12, CV_64F), .5), cv::Exception);
    EXPECT_THROW(anonymizer->addExemptPerson(quarters(), Mat::ones(1, 13, CV_32F), .5), cv::Exception);
    EXPECT_NO_THROW(anonymizer->addExemptPerson(quarters(), Mat::ones(1, 12, CV_32F), .5));
}

}} // namespace
