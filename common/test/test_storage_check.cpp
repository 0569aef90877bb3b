// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#include "common/storage_check.hpp"
#include "temporary_folder.hpp"

#include <gtest/gtest.h>

#include <opencv2/core.hpp>
#include <zlib.h>

using namespace sanprivacy;

TEST(StorageCheck, deep_nesting_is_refused)
{
    const test::TemporaryFolder folder;
    const auto repeated = [](const std::string& text)
    {
        std::string all;
        for (int i = 0; i < 5000; ++i)
            all += text;
        return all;
    };
    const std::string head = "%YAML:1.0\n---\na: ";
    std::string indented = "%YAML:1.0\n---\n";
    for (int i = 0; i < 300; ++i)
        indented += std::string(size_t(i), ' ') + "a:\n";
    for (const std::string& text : { head + repeated("["), head + repeated("{a: "), head + "\n" + repeated("- "),
             indented, "{\"a\": " + repeated("["), "<?xml version=\"1.0\"?>" + repeated("<a>") })
    {
        test::write(folder.path / "deep.yml", text);
        EXPECT_THROW(checkStorage(folder.path / "deep.yml"), std::runtime_error) << text.substr(0, 40);
        const gzFile packed = gzopen((folder.path / "deep.yml.gz").c_str(), "wb");
        gzwrite(packed, text.data(), unsigned(text.size()));
        gzclose(packed);
        EXPECT_THROW(checkStorage(folder.path / "deep.yml.gz"), std::runtime_error) << text.substr(0, 40);
    }
    EXPECT_THROW(checkStorage(folder.path / "none.yml"), std::runtime_error);
}

TEST(StorageCheck, whole_files_pass)
{
    const test::TemporaryFolder folder;
    for (const char* name : { "a.yml", "a.yml.gz", "a.json", "a.xml" })
    {
        const std::string file = (folder.path / name).string();
        cv::FileStorage storage(file, cv::FileStorage::WRITE);
        storage << "list"
                << "[";
        for (int i = 0; i < 200; ++i)
            storage << "{"
                    << "a" << i << "b" << cv::Mat::eye(3, 3, CV_32F) << "}";
        storage << "]"
                << "numbers" << std::vector<int> { -1, -2, -3 };
        storage.release();
        EXPECT_NO_THROW(checkStorage(file)) << name;
    }
}
