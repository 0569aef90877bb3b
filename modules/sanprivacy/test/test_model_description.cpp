// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#include "test_precomp.hpp"

namespace opencv_test { namespace {

//! The test networks take 32x32 pixels in color and 224x224 in gray; the classifier runs on any size.
ModelDescription describe(const char* file, const char* color, int side)
{
    ModelDescription d;
    d.name = "test";
    d.task = NETWORK_MATCHER;
    d.file = findDataFile(file);
    d.size = Size(side, side);
    d.color = color;
    d.square = 1;
    return d;
}

void expectRefusal(const ModelDescription& d, const String& part)
{
    const String refusal = errorOf([&] { FaceNetwork::create(d); }).err;
    EXPECT_NE(String::npos, refusal.find(part)) << refusal << "\nexpected: " << part;
}

TEST(SanPrivacy_ModelDescription, input_must_be_the_one_that_the_file_declares)
{
    EXPECT_NO_THROW(FaceNetwork::create(describe("classifier.onnx", "gray", 224)));
    expectRefusal(describe("classifier.onnx", "gray", 112),
        "(112x112 gray, output ''): its file declares an input of ?x1x224x224 (faces, channels, height, width)");
    expectRefusal(describe("classifier.onnx", "rgb", 224), "declares an input of ?x1x224x224");
    EXPECT_NO_THROW(FaceNetwork::create(describe("descriptor_single.onnx", "bgr", 32)));
    expectRefusal(describe("descriptor_single.onnx", "bgr", 64), "declares an input of 1x3x32x32");
}

TEST(SanPrivacy_ModelDescription, template_must_be_a_face_in_pixels)
{
    const Point2f right_eye(11, 11), left_eye(21, 11), nose(16, 16), right_mouth(12, 22), left_mouth(20, 22);
    const std::vector<Point2f> upright = { right_eye, left_eye, nose, right_mouth, left_mouth };
    const std::vector<Point2f> mirrored = { left_eye, right_eye, nose, left_mouth, right_mouth };
    const std::vector<Point2f> mouth_first = { right_mouth, left_mouth, nose, right_eye, left_eye };
    std::vector<Point2f> of_112_pixels, of_unit_square;
    for (const Point2f& point : upright)
    {
        of_112_pixels.push_back(point * 3.5);
        of_unit_square.push_back(point * (1. / 32));
    }
    ModelDescription d = describe("descriptor.onnx", "rgb", 32);
    d.landmark_template = upright;
    EXPECT_NO_THROW(FaceNetwork::create(d));
    for (const std::vector<Point2f>& wrong : { mirrored, mouth_first, of_112_pixels, of_unit_square })
    {
        d.landmark_template = wrong;
        expectRefusal(
            d, "landmark_template must be a face in the input of 32x32 pixels: right eye (left in the image)");
    }
}

}} // namespace opencv_test
