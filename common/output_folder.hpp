// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#ifndef SANPRIVACY_COMMON_OUTPUT_FOLDER_HPP
#define SANPRIVACY_COMMON_OUTPUT_FOLDER_HPP

#include <filesystem>
#include <vector>

namespace sanprivacy {

//! A folder to write to, see makeWritableFolder(). Where it is made for that and stays empty, it goes with the object.
class OutputFolder
{
public:
    explicit OutputFolder(const std::filesystem::path& folder);
    OutputFolder(const OutputFolder&) = delete;
    OutputFolder& operator=(const OutputFolder&) = delete;
    ~OutputFolder();

private:
    std::vector<std::filesystem::path> made_; // the innermost first
};

} // namespace sanprivacy

#endif // SANPRIVACY_COMMON_OUTPUT_FOLDER_HPP
