// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#include "test_precomp.hpp"

#include "opencv2/core/utils/filesystem.hpp"

#include <fstream>

namespace opencv_test { namespace {

std::string contentsOf(const std::string& name)
{
    std::ifstream file(name.c_str(), std::ios::binary);
    return std::string((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
}

//! CRC-32, bit by bit.
std::string checksum(const std::string& bytes)
{
    unsigned remainder = ~0u;
    for (unsigned char byte : bytes)
    {
        remainder ^= byte;
        for (int bit = 0; bit < 8; ++bit)
            remainder = remainder >> 1 ^ (remainder & 1 ? 0xedb88320u : 0);
    }
    return format("%08x", ~remainder);
}

TEST(SanPrivacy_DataPath, shipped_files_are_as_listed)
{
    EXPECT_EQ("cbf43926", checksum("123456789")) << "the check value of CRC-32";
    const std::string data = moduleFolder() + "/../../data/", list = contentsOf(data + "checksums.txt");
    std::vector<String> files, more;
    cv::utils::fs::glob(data, "*.onnx", files);
    cv::utils::fs::glob(data, "*.gz", more);
    files.insert(files.end(), more.begin(), more.end());
    EXPECT_GE(files.size(), 10u);
    for (const String& file : files)
    {
        const std::string line = checksum(contentsOf(file)) + "  " + file.substr(file.find_last_of("/\\") + 1) + "\n";
        EXPECT_NE(std::string::npos, list.find(line)) << "data/checksums.txt lacks the line: " << line;
    }
}

TEST(SanPrivacy_DataPath, damaged_files_are_refused)
{
    const std::string data = moduleFolder() + "/../../data/", folder = cv::tempfile("");
    ASSERT_TRUE(cv::utils::fs::createDirectory(folder));
    const Environment chosen("OPENCV_SANPRIVACY_DATA_PATH", folder);
    const auto write = [&](const std::string& name, const std::string& bytes)
    { std::ofstream(folder + "/" + name, std::ios::binary) << bytes; };
    const auto codeOf = [&]
    {
        try
        {
            Perturber::create();
        }
        catch (const cv::Exception& e)
        {
            return e.code;
        }
        return int(Error::StsOk);
    };
    EXPECT_EQ(Error::StsObjectNotFound, codeOf()) << "an empty folder";

    std::string network = contentsOf(data + "residual.onnx");
    write("prototypes-gender.yml.gz", contentsOf(data + "prototypes-gender.yml.gz"));
    write("checksums.txt", contentsOf(data + "checksums.txt"));
    write("residual.onnx", network);
    EXPECT_EQ(Error::StsOk, codeOf());
    for (int length = 0; length < 8; ++length) // the checksum is computed of eight bytes at once
    {
        const char doc_string = 6 << 3 | 2; // of a model, in onnx.proto
        const std::string longer = network + doc_string + char(length) + std::string(size_t(length), 'x');
        write("residual.onnx", longer);
        write("checksums.txt", checksum(longer) + "  residual.onnx\n");
        EXPECT_EQ(Error::StsOk, codeOf());
    }
    write("checksums.txt", contentsOf(data + "checksums.txt"));
    network[network.size() / 2] ^= 4; // one weight, a little
    write("residual.onnx", network);
    EXPECT_EQ(Error::StsParseError, codeOf());
    write("checksums.txt", "# a list of nothing\n");
    EXPECT_EQ(Error::StsOk, codeOf()) << "files of one's own are in no list";
    cv::utils::fs::remove_all(folder);
}

}} // namespace
