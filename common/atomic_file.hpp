// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#ifndef SANPRIVACY_COMMON_ATOMIC_FILE_HPP
#define SANPRIVACY_COMMON_ATOMIC_FILE_HPP

#include <filesystem>
#include <string>
#include <vector>

namespace sanprivacy {

//! The whole content of a regular file. Raises std::runtime_error where there is none, or nothing in it.
std::vector<unsigned char> readFile(const std::filesystem::path& file);

//! Writes a file that appears whole or not at all: under another name in the same folder first, then renamed.
void writeFile(const std::filesystem::path& file, const void* content, size_t size);
void writeFile(const std::filesystem::path& file, const std::string& content);

//! Creates a folder and makes sure that files can be written to it. Raises std::runtime_error otherwise.
void makeWritableFolder(const std::filesystem::path& folder);

} // namespace sanprivacy

#endif // SANPRIVACY_COMMON_ATOMIC_FILE_HPP
