// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#ifndef SANPRIVACY_COMMON_LABEL_VALUE_HPP
#define SANPRIVACY_COMMON_LABEL_VALUE_HPP

#include <filesystem>
#include <optional>
#include <string>

namespace sanprivacy {

/** The label that a value of a table stands for, in any case: 1 for 1, m, male, man, true and yes, 0 for 0, -1, f,
female, woman, false and no; nothing for any other. Numbers may end with .0, as tables with empty cells have them. */
std::optional<int> binaryLabel(const std::string& value);

//! The name of a file in a folder as a table lists it: with / for the \ of Windows, unless there is such a file.
std::string listedName(const std::filesystem::path& folder, const std::string& name);

} // namespace sanprivacy

#endif // SANPRIVACY_COMMON_LABEL_VALUE_HPP
