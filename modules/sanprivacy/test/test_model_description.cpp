// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#include "test_precomp.hpp"

#include <cstdio>
#include <fstream>

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

String refusalOf(const ModelDescription& d)
{
    return errorOf([&] { FaceNetwork::create(d); }).err;
}

void expectRefusal(const ModelDescription& d, const String& part)
{
    const String refusal = refusalOf(d);
    EXPECT_NE(String::npos, refusal.find(part)) << refusal << "\nexpected: " << part;
}

TEST(SanPrivacy_ModelDescription, input_must_be_the_one_that_the_file_declares)
{
    EXPECT_NO_THROW(FaceNetwork::create(describe("classifier.onnx", "gray", 224)));
    expectRefusal(describe("classifier.onnx", "gray", 112),
        "(112x112 gray, output ''): its file declares an input of ?x1x224x224 (faces, channels, height, "
        "width); `color`, `height` and `width` give it 1x1x112x112");
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

// A network that is a Sum of so many inputs of 1x1x2x2; written by hand, so that nothing is needed to make it.
std::string field(int number, const std::string& content)
{
    return std::string(1, char(number << 3 | 2)) + char(content.size()) + content;
}

std::string whole(int number, int value)
{
    return std::string(1, char(number << 3)) + char(value);
}

std::string value(const std::string& name, int type)
{
    std::string shape;
    for (int side : { 1, 1, 2, 2 })
        shape += field(1, whole(1, side));
    return field(1, name) + field(2, field(1, whole(1, type) + field(2, shape)));
}

std::string sumOfInputs(const std::vector<std::string>& names)
{
    const int float32 = 1;
    std::string node, inputs;
    for (const std::string& name : names)
    {
        node += field(1, name);
        inputs += field(11, value(name, float32));
    }
    node += field(2, "sum") + field(4, "Sum");
    const std::string graph = field(1, node) + field(2, "graph") + inputs + field(12, value("sum", float32));
    return whole(1, 6) + field(7, graph) + field(8, whole(2, 11));
}

TEST(SanPrivacy_ModelDescription, network_must_have_one_input)
{
    const String file = cv::tempfile(".onnx");
    const auto refusalWith = [&](const std::vector<std::string>& inputs)
    {
        std::ofstream(file.c_str(), std::ios::binary) << sumOfInputs(inputs);
        ModelDescription d = describe("descriptor.onnx", "gray", 2);
        d.file = file;
        return refusalOf(d);
    };
    EXPECT_EQ("no error", refusalWith({ "x" }));
    EXPECT_EQ(
        "The network 'test' '" + file + "': expected one input, an image; found 2 (x, y)", refusalWith({ "x", "y" }));
    EXPECT_EQ("The network 'test' '" + file + "': expected one input, an image; found none", refusalWith({}));
    std::remove(file.c_str());
}

TEST(SanPrivacy_ModelDescription, output_must_be_one_of_the_network)
{
    ModelDescription d = describe("descriptor_two.onnx", "bgr", 32);
    expectRefusal(d, "it has 2 outputs, so `output` must name one of them: ");
    d.output = "mean";
    EXPECT_NO_THROW(FaceNetwork::create(d));
    d.output = "average";
    const String refusal = refusalOf(d);
    EXPECT_NE(String::npos, refusal.find("expected for `output`: '")) << refusal;
    EXPECT_NE(String::npos, refusal.find("'descriptor'")) << refusal;
    EXPECT_NE(String::npos, refusal.find("'mean'")) << refusal;
}

TEST(SanPrivacy_ModelDescription, errors_name_file_network_and_key)
{
    const String file = cv::tempfile(".yml");
    const std::string good = "task: \"matcher\", file: \"" + findDataFile("descriptor.onnx")
                             + "\", height: 32, color: \"rgb\", distance: \"cosine\", ";
    const std::string header = "%YAML:1.0\n---\n";
    const auto refusalWith = [&](const std::string& networks, const std::string& beginning)
    {
        std::ofstream(file.c_str()) << beginning << networks;
        std::vector<ModelDescription> read;
        return errorOf([&] { readModelDescriptions(file, read); }).err;
    };
    const std::string whole_one = "mine: { " + good + "width: 32, square: 1 }\n";
    EXPECT_EQ("no error", refusalWith(whole_one, header));
    const String begin = "'" + file + "': network 'mine': ";
    EXPECT_EQ(begin + "expected a whole number for width; found 'wide'",
        refusalWith("mine: { " + good + "width: \"wide\", square: 1 }\n", header));
    EXPECT_EQ(begin + "expected a number for square; found a list of 2",
        refusalWith("mine: { " + good + "width: 32, square: [ 1, 2 ] }\n", header));
    EXPECT_EQ(begin + "the key 'height' is there twice",
        refusalWith("mine: { " + good + "width: 32, square: 1, height: 64 }\n", header));
    EXPECT_EQ("'" + file + "': two networks are called 'mine'", refusalWith(whole_one + whole_one, header));
    const String not_one = "'" + file + "' is not a model description file: ";
    EXPECT_EQ(not_one + "expected the first line %YAML:1.0, or JSON", refusalWith(whole_one, ""));
    EXPECT_EQ(not_one + "it begins with a byte order mark; save it in UTF-8 without one",
        refusalWith(whole_one, "\xEF\xBB\xBF" + header));
    const std::string fraction = refusalWith("mine:\n  scale: 1/255\n", header);
    EXPECT_EQ(0u, fraction.find(not_one)) << fraction;
    EXPECT_NE(std::string::npos, fraction.find("numbers such as 0.0039, not 1/255")) << fraction;
    std::remove(file.c_str());
}

}} // namespace opencv_test
