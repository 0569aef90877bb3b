// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#include "test_precomp.hpp"
#include "video_scene.hpp"

namespace opencv_test { namespace {

TEST(SanPrivacy_ExemptPerson, exempt_persons_only_are_left)
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
    const Video video(Size(640, 360), 40,
        { { "man-dark-skin", line(Point2d(130, 180), Point2d(140, 180), 40, 36) },
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

    for (int persons = 1; persons <= 2; ++persons)
    {
        const Ptr<StreamAnonymizer> anonymizer = StreamAnonymizer::create(faces, quickPerturber());
        for (int k = 0; k < persons; ++k)
            anonymizer->addExemptPerson(matcher, descriptors[k], other / 2);
        for (int t = 0; t < video.frames(); ++t)
            anonymizer->push(video.frame(t));
        anonymizer->finish();
        StreamRecord record;
        Mat output;
        int alone[2] = { 0, 0 }; // left and right
        while (anonymizer->pop(output, record))
            for (const StreamFace& face : record.faces)
            {
                const int side = face.landmarks[2].x < 320 ? 0 : 1;
                EXPECT_FALSE(face.exempt && side >= persons) << record.frame;
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

TEST(SanPrivacy_ExemptPerson, bad_arguments_are_refused)
{
    const Ptr<StreamAnonymizer> anonymizer =
        StreamAnonymizer::create(Ptr<FaceDetector>(), Ptr<Perturber>(), covering());
    EXPECT_THROW(anonymizer->addExemptPerson(Ptr<FaceNetwork>(), Mat::ones(1, 12, CV_32F), .5), cv::Exception);
}

}} // namespace
