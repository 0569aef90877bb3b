// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#ifndef SANPRIVACY_TEST_FUZZ_FUZZED_FILE_HPP
#define SANPRIVACY_TEST_FUZZ_FUZZED_FILE_HPP

#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);

namespace sanprivacy { namespace test {

//! A folder of this process, in memory where there is room, and in it the file that is to be read.
class FuzzedFile
{
public:
    explicit FuzzedFile(const std::string& name)
        : folder_(((std::filesystem::is_directory("/dev/shm") ? "/dev/shm" : std::filesystem::temp_directory_path())
                   / "sanprivacy-fuzz-XXXXXX")
                      .string())
    {
        if (!mkdtemp(&folder_[0]))
            std::abort();
        path_ = (std::filesystem::path(folder_) / name).string();
    }
    FuzzedFile(const FuzzedFile&) = delete;
    FuzzedFile& operator=(const FuzzedFile&) = delete;
    ~FuzzedFile()
    {
        std::error_code ignored;
        std::filesystem::remove_all(folder_, ignored);
    }

    void write(const uint8_t* data, size_t size) const
    {
        std::ofstream(path_, std::ios::binary).write(reinterpret_cast<const char*>(data), std::streamsize(size));
    }
    const std::string& path() const { return path_; }

private:
    std::string folder_, path_;
};

//! Ends the process, which libFuzzer takes for a finding, where something does not hold.
inline void require(bool holds)
{
    if (!holds)
        std::abort();
}

}} // namespace sanprivacy::test

#endif // SANPRIVACY_TEST_FUZZ_FUZZED_FILE_HPP
