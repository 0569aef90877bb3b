// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#include "test_precomp.hpp"

#include <cstdio>

namespace opencv_test { namespace {

//! A model description file that goes with the test.
class NetworksFile
{
public:
    explicit NetworksFile(const std::string& content) : name(cv::tempfile(".yml"))
    {
        std::ofstream(name.c_str()) << content;
    }
    ~NetworksFile() { std::remove(name.c_str()); }
    NetworksFile(const NetworksFile&) = delete;
    NetworksFile& operator=(const NetworksFile&) = delete;

    const String name;
};

std::string onLines(const std::vector<std::string>& entries)
{
    std::string content = "%YAML:1.0\n---\ntested:\n";
    for (const std::string& entry : entries)
        content += "  " + entry + "\n";
    return content;
}

TEST(SanPrivacy_Networks, reads_every_key)
{
    const String file = findDataFile("descriptor.onnx");
    const NetworksFile networks_file(
        "%YAML:1.0\n---\n"
        "first:\n  task: \"matcher\"   # a comment\n  file: \""
        + file
        + "\"\n  width: 150\n  height: 140\n"
          "  mean: [ 1, 2.5, 3 ]\n  scale: 0.5\n  color: \"bgr\"\n"
          "  landmark_template: [ 47.55,46.60, 102.48,46.60, 74.01,76.56, 50.41,103.02, 97.61,103 ]\n"
          "  output: \"descriptor\"\n  distance: \"euclidean\"\n"
          "second:\n  task: \"classifier\"\n  file: \""
        + file
        + "\"\n  width: 32\n  height: 32\n"
          "  mean: 127.5\n  color: \"gray\"\n  square: 2\n  index: [ 3, 5 ]\n");
    std::vector<ModelDescription> networks;
    readModelDescriptions(networks_file.name, networks);
    ASSERT_EQ(2u, networks.size());

    const ModelDescription &first = networks[0], &second = networks[1];
    EXPECT_EQ("first", first.name);
    EXPECT_EQ(NETWORK_MATCHER, first.task);
    EXPECT_EQ(Size(150, 140), first.size);
    EXPECT_EQ(Scalar(1, 2.5, 3), first.mean);
    EXPECT_EQ(0.5, first.scale);
    EXPECT_EQ("bgr", first.color);
    ASSERT_EQ(5u, first.landmark_template.size());
    EXPECT_EQ(Point2f(47.55f, 46.60f), first.landmark_template[0]);
    EXPECT_EQ(Point2f(97.61f, 103.f), first.landmark_template[4]);
    EXPECT_EQ("descriptor", first.output);
    EXPECT_EQ(DISTANCE_EUCLIDEAN, first.distance);

    EXPECT_EQ("second", second.name);
    EXPECT_EQ(NETWORK_CLASSIFIER, second.task);
    EXPECT_EQ(Scalar::all(127.5), second.mean);
    EXPECT_EQ(1, second.scale);
    EXPECT_EQ("gray", second.color);
    EXPECT_TRUE(second.landmark_template.empty());
    EXPECT_EQ(2, second.square);
    EXPECT_EQ("", second.output);
    EXPECT_EQ(std::vector<int>({ 3, 5 }), second.index);
}

TEST(SanPrivacy_Networks, file_names_are_relative_to_the_networks_file)
{
    const NetworksFile beside("any content");
    const size_t folder_length = beside.name.find_last_of("/\\") + 1;
    const NetworksFile networks_file(
        onLines({ "task: \"classifier\"", "file: \"" + beside.name.substr(folder_length) + "\"", "width: 8",
            "height: 8", "color: \"rgb\"", "square: 1" }));
    std::vector<ModelDescription> networks;
    readModelDescriptions(networks_file.name, networks);
    ASSERT_EQ(1u, networks.size());
    EXPECT_NE(String::npos, networks[0].file.find(beside.name.substr(0, folder_length))) << networks[0].file;
    EXPECT_TRUE(std::ifstream(networks[0].file.c_str()).good()) << networks[0].file;
}

TEST(SanPrivacy_Networks, refuses_bad_descriptions)
{
    const std::vector<std::string> good = { "task: \"matcher\"", "file: \"" + findDataFile("descriptor.onnx") + "\"",
        "width: 32", "height: 32", "color: \"rgb\"", "square: 1", "distance: \"cosine\"" };
    std::vector<ModelDescription> networks;
    readModelDescriptions(NetworksFile(onLines(good)).name, networks);
    ASSERT_EQ(1u, networks.size());

    std::vector<std::vector<std::string>> bad;
    for (size_t i = 0; i < good.size(); ++i) // each key is needed
    {
        bad.push_back(good);
        bad.back().erase(bad.back().begin() + i);
    }
    const struct
    {
        size_t line;
        const char* value;
    } wrong[] = { { 0, "task: \"detector\"" }, { 0, "task: 1" }, { 1, "file: \"no such.onnx\"" }, { 2, "width: 0" },
        { 2, "width: \"wide\"" }, { 3, "height: 2.5" }, { 4, "color: \"cmyk\"" }, { 5, "square: -1" },
        { 5, "square: \"big\"" }, { 5, "landmark_template: [ 1, 2, 3 ]" }, { 6, "distance: \"far\"" },
        { 6, "scale: 0" }, { 6, "mean: [ 1, 2 ]" }, { 6, "mean: [ 1, 2, 3, 4 ]" }, { 6, "index: -1" },
        { 6, "index: [ 0, 1.5 ]" }, { 6, "colors: \"rgb\"" } };
    for (const auto& change : wrong)
    {
        bad.push_back(good);
        bad.back()[change.line] = change.value;
    }
    bad.push_back(good);
    bad.back().push_back("landmark_template: [ 1, 1, 2, 1, 1.5, 2, 1, 3, 2, 3 ]"); // beside square

    for (const std::vector<std::string>& lines : bad)
    {
        const NetworksFile file(onLines(lines));
        try
        {
            readModelDescriptions(file.name, networks);
            ADD_FAILURE() << "accepted\n" << onLines(lines);
        }
        catch (const cv::Exception& e)
        {
            EXPECT_EQ(Error::StsBadArg, e.code) << e.err;
            EXPECT_NE(std::string::npos, e.err.find("'tested'")) << e.err;
        }
        EXPECT_TRUE(networks.empty());
    }
}

TEST(SanPrivacy_Networks, refuses_bad_files)
{
    std::vector<ModelDescription> networks;
    EXPECT_THROW(readModelDescriptions("no such.yml", networks), cv::Exception);
    for (const char* content : { "", "no YAML at all", "%YAML:1.0\n---\n", "%YAML:1.0\n---\n- 1\n- 2\n",
             "%YAML:1.0\n---\nname: [ 1, 2\n", "%YAML:1.0\n---\nname: 5\n" })
    {
        const NetworksFile file(content);
        try
        {
            readModelDescriptions(file.name, networks);
            ADD_FAILURE() << "accepted\n" << content;
        }
        catch (const cv::Exception& e)
        {
            EXPECT_EQ(Error::StsBadArg, e.code) << e.err;
        }
    }
}

TEST(SanPrivacy_Networks, a_tab_is_told)
{
    const NetworksFile file("%YAML:1.0\n---\nname:\n\ttask: \"matcher\"\n");
    std::vector<ModelDescription> networks;
    try
    {
        readModelDescriptions(file.name, networks);
        ADD_FAILURE() << "accepted";
    }
    catch (const cv::Exception& e)
    {
        EXPECT_NE(e.err.find("(4): Tabs"), std::string::npos) << e.err;
    }
}

TEST(SanPrivacy_Networks, hostile_files_are_refused_before_they_are_parsed)
{
    std::vector<ModelDescription> read;
    const auto errorOf = [&](const std::string& content)
    {
        const NetworksFile file(content);
        try
        {
            readModelDescriptions(file.name, read);
        }
        catch (const cv::Exception& e)
        {
            return e.err;
        }
        return String();
    };
    const int levels = 100000; // each would be a call of OpenCV's parser within the last
    const String nested = errorOf("%YAML:1.0\n---\na: " + std::string(levels, '[') + std::string(levels, ']') + "\n");
    EXPECT_NE(String::npos, nested.find("nested too deeply")) << nested.substr(0, 300);
    EXPECT_NE(String::npos,
        errorOf("{ \"a\": " + std::string(levels, '{') + std::string(levels, '}') + "}").find("nested too deeply"));
    std::string xml = "<?xml version=\"1.0\"?><opencv_storage>";
    for (int i = 0; i < levels; ++i)
        xml += "<a>";
    EXPECT_NE(String::npos, errorOf(xml).find("nested too deeply"));
    EXPECT_NE(String::npos, errorOf("%YAML:1.0\n---\n" + std::string(2 << 20, '#')).find("more than 1048576 bytes"));

    const std::string file = findDataFile("descriptor.onnx");
    const auto described = [&](const std::string& name, const std::string& width)
    {
        return errorOf(
            "%YAML:1.0\n---\n" + name + ":\n  task: \"matcher\"\n  file: \"" + file + "\"\n  width: " + width
            + "\n  height: 32\n  color: \"rgb\"\n  square: 1.0\n  output: \"descriptor\"\n  distance: \"cosine\"\n");
    };
    EXPECT_EQ(String(), described("brackets", "32"));
    EXPECT_NE(String::npos, described("wide", "100000").find("1 to 4096"));
    EXPECT_NE(String::npos, described(std::string(300, 'n'), "32").find("255 characters"));
}

}} // namespace
