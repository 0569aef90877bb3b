// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#ifndef SANPRIVACY_COMMON_TEST_TEMPORARY_FOLDER_HPP
#define SANPRIVACY_COMMON_TEST_TEMPORARY_FOLDER_HPP

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <string>

namespace sanprivacy { namespace test {

//! A folder of its own, gone with the object.
struct TemporaryFolder
{
    TemporaryFolder() : path((std::filesystem::temp_directory_path() / "sanprivacy-XXXXXX").string())
    {
        std::string name = path.string();
        if (!mkdtemp(&name[0]))
            throw std::runtime_error("cannot create a temporary folder");
        path = name;
    }
    ~TemporaryFolder()
    {
        std::error_code ignored;
        std::filesystem::remove_all(path, ignored);
    }

    std::filesystem::path operator/(const std::string& name) const { return path / name; }

    std::filesystem::path path;
};

inline size_t numberOfFiles(const std::filesystem::path& folder)
{
    const std::filesystem::directory_iterator files(folder);
    return size_t(std::distance(begin(files), end(files)));
}

inline std::string textOf(const std::filesystem::path& file)
{
    std::ifstream stream(file, std::ios::binary);
    return std::string(std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>());
}

inline void write(const std::filesystem::path& file, const std::string& text)
{
    std::ofstream(file, std::ios::binary) << text;
}

}} // namespace sanprivacy::test

#endif // SANPRIVACY_COMMON_TEST_TEMPORARY_FOLDER_HPP
