// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

// Files that OpenCV's parsers would not survive, and those that only look so.

#include "test_precomp.hpp"

#include <cstdio>

namespace opencv_test { namespace {

std::string repeated(const std::string& text, int times)
{
    std::string all;
    for (int i = 0; i < times; ++i)
        all += text;
    return all;
}

//! What gzip would make of a text if it did not compress: RFC 1952 and 1951, without a checksum at the end.
std::string stored(const std::string& text)
{
    std::string packed("\x1f\x8b\x08\0\0\0\0\0\0\x03", 10);
    const size_t most = 65535;
    for (size_t at = 0; at < text.size(); at += most)
    {
        const unsigned length = unsigned(std::min(most, text.size() - at));
        const unsigned char head[] = { at + length == text.size(), uchar(length), uchar(length >> 8), uchar(~length),
            uchar(~length >> 8) };
        packed.append(reinterpret_cast<const char*>(head), sizeof(head));
        packed += text.substr(at, length);
    }
    return packed;
}

void write(const std::string& name, const std::string& bytes)
{
    std::ofstream(name.c_str(), std::ios::binary) << bytes;
}

//! The error of reading a file as prototypes; empty where there is none.
std::string errorOfReading(const std::string& name)
{
    try
    {
        PrototypeBuilder::load(name);
    }
    catch (const cv::Exception& e)
    {
        return e.err;
    }
    return std::string();
}

const char* const HEAD = "%YAML:1.0\n---\n";

TEST(SanPrivacy_StorageLimits, deep_nesting_is_refused_before_it_is_parsed)
{
    const int levels = 100000; // the parsers of 4.6 end at 30,000 to 60,000
    std::string indented = HEAD;
    for (int i = 0; i < 2000; ++i)
        indented += std::string(size_t(i), ' ') + "a:\n";
    const std::string texts[] = { HEAD + ("a: " + repeated("[", levels)), HEAD + ("a: " + repeated("[\n", levels)),
        HEAD + ("a: " + repeated("{a: ", levels)), HEAD + ("a:\n" + repeated("- ", levels)),
        HEAD + ("a: " + repeated("-", levels) + " 1\n"), HEAD + repeated("a: ", levels), HEAD + repeated("a:", levels),
        HEAD + ("a: " + repeated("[\"]\",", levels)), HEAD + ("a: " + repeated("[']',", levels)), indented,
        "{\"a\": " + repeated("[", levels), "<?xml version=\"1.0\"?>" + repeated("<a>", levels) };
    for (const char* ending : { ".yml", ".yml.gz" })
    {
        const std::string name = cv::tempfile(ending);
        for (const std::string& text : texts)
        {
            write(name, ending == std::string(".yml") ? text : stored(text));
            EXPECT_NE(std::string::npos, errorOfReading(name).find("nested too deeply"))
                << text.substr(0, 40) << ending << ": " << errorOfReading(name);
        }
        std::remove(name.c_str());
    }
}

TEST(SanPrivacy_StorageLimits, a_packed_file_that_grows_a_hundred_times_is_refused)
{
    const std::string name = cv::tempfile(".yml.gz");
    {
        FileStorage file(name, FileStorage::WRITE);
        const std::string line(4000, 'x');
        for (int i = 0; i < 6000; ++i) // 24 MB
            file.writeComment(line);
        file << "a" << 1;
    }
    EXPECT_NE(std::string::npos, errorOfReading(name).find("unpacks to more than 100 times its size"))
        << errorOfReading(name);
    std::remove(name.c_str());
}

// Found by a fuzzer: OpenCV reads such data for ever.
TEST(SanPrivacy_StorageLimits, binary_data_needs_a_type)
{
    const std::string yaml = HEAD + std::string("a: !!opencv-matrix\n   rows: 2\n   cols: 2\n   dt: \"3f\"\n   data: ");
    const std::string blanks = "ICAgICAgICAgICAgICAgICAgICAgICAgAACAPgAAgD4AAIA+";
    const std::string texts[] = { yaml + "!!binary |\n      " + blanks + "\n", yaml + "!^binary |\n   " + blanks + "\n",
        yaml + "!<tag:yaml.org,2002:binary> |\n    " + blanks + "\n", yaml + "!!binary |\n      AAAA" + blanks + "\n",
        yaml + "!!binary |\n      MgA2" + blanks + "\n", yaml + "!!binary |\n      MTIz" + blanks + "\n",
        yaml + "!!binary |\n      M2Y=\n", yaml + "!!binary\n |M2YgICAgICAgICAgICAgICAg\n",
        yaml + "!!binary |>>  M2YgICAgICAgICAgICAgICAg\n", yaml + "!!binary >M2YgICAgICAgICAgICAgICAg\n",
        yaml + "!!binary |\n      |\n      M2YgICAgICAgICAgICAgICAg\n",
        "{ \"a\": { \"type_id\": \"opencv-matrix\", \"rows\": 2, \"cols\": 2, \"dt\": \"3f\", \"data\": \"$base64$"
            + blanks + "\" } }",
        "<?xml version=\"1.0\"?><opencv_storage><a type_id=\"opencv-matrix\"><rows>2</rows><cols>2</cols><dt>3f</dt>"
        "<data type_id=\"binary\">\n  "
            + blanks + "</data></a></opencv_storage>" };
    const std::string name = cv::tempfile(".yml");
    for (const std::string& text : texts)
    {
        write(name, text);
        EXPECT_NE(std::string::npos, errorOfReading(name).find("binary data without a type")) << text;
    }
    write(name, yaml + std::string("!!binary \xe1\xa6:\0\x30", 13));
    EXPECT_NE(std::string(), errorOfReading(name));
    write(name, HEAD + std::string("a: 1\0\n", 6));
    EXPECT_NE(std::string::npos, errorOfReading(name).find("zero byte"));
    write(name, yaml + "!!binary |\n\r      M2YgICAgICAgICAgICAgICAg\n      AABAPwAAQD8AAEA/AABAPwAAQD8AAEA/\n");
    EXPECT_NE(std::string::npos, errorOfReading(name).find("carriage return"));
    std::remove(name.c_str());
}

// Found by a fuzzer: OpenCV looks for ever for the beginning of the next document.
TEST(SanPrivacy_StorageLimits, yaml_is_one_mapping)
{
    const std::string name = cv::tempfile(".yml");
    for (const char* text : { "   a: 2\n\xff"
                              "cv-\n",
             "   a: 2\nabc-d\n", "a: 1\n...\n-x\n", "a: 1\n---\n...\n-x\n", "- a\nabc-d\n", "{ a: 1 }\nabc-d\n",
             "---\n...\n-x\n", "--- { a: 1 }\nabc-d\n", "--- ...\n-x\n", "---\n---\n",
             "---\n         ...     -\n      \"  \n" })
    {
        write(name, std::string("%YAML:1.0\n") + text);
        EXPECT_NE(std::string::npos, errorOfReading(name).find("one mapping")) << text << errorOfReading(name);
    }
    for (const char* text :
        { "a: 1\n", "---\n# a\n         # b\na: 1\n...\n\n# b\n", "\n\n---  \r\n_a: 1\r\nb:\n- 1\n- 2\n" })
    {
        write(name, std::string("%YAML:1.0\n") + text);
        EXPECT_EQ(std::string::npos, errorOfReading(name).find("one mapping")) << text;
    }
    std::remove(name.c_str());
}

// Found by a fuzzer: OpenCV reads on at address 0.
TEST(SanPrivacy_StorageLimits, xml_does_not_end_within_a_tag)
{
    const std::string name = cv::tempfile(".xml");
    for (const char* text : { "<?xml version=\"1.0\"?", "<?xml version=\"1.", "\n <a><b type" })
    {
        write(name, text);
        EXPECT_NE(std::string::npos, errorOfReading(name).find("it ends within a tag")) << errorOfReading(name);
    }
    std::remove(name.c_str());
}

// Found by a fuzzer: OpenCV's parsers raise exceptions of other kinds, too.
TEST(SanPrivacy_StorageLimits, every_error_of_a_parser_is_one_of_opencv)
{
    const std::string name = cv::tempfile(".yml");
    write(name, HEAD + std::string("a: !!opencv-matrix\n   cols: 2\n   \xff\xff\xff\xff\n   data: 1\n"));
    EXPECT_NE(std::string(), errorOfReading(name));
    std::vector<ModelDescription> networks;
    EXPECT_THROW(readModelDescriptions(name, networks), cv::Exception);
    std::remove(name.c_str());
}

TEST(SanPrivacy_StorageLimits, whole_files_pass)
{
    for (const char* ending : { ".yml", ".yml.gz", ".json", ".xml" })
    {
        const std::string name = cv::tempfile(ending);
        {
            FileStorage file(name, FileStorage::WRITE);
            for (int label = 0; label <= 1; ++label) // of one color: packs well
                file << format("mean_%d", label) << Mat(Size(224, 224), CV_32FC3, Scalar::all(-0.))
                     << format("count_%d", label) << 2;
            file << "list"
                 << "[";
            for (int i = 0; i < 300; ++i)
            {
                file << "{";
                file << "number" << i << "text"
                     << "binary_c: - [' binary"
                     << "several" << std::vector<int> { -1, -2, -3 };
                file << "}";
            }
            file << "]"
                 << "text" << repeated("- [a]: ", 30) << "sanprivacy_prototypes" << 1;
        }
        EXPECT_EQ(std::string(), errorOfReading(name)) << ending;
        std::remove(name.c_str());
    }
}

}} // namespace
