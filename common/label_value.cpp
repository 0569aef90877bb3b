// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#include "common/label_value.hpp"

#include <algorithm>
#include <cctype>
#include <set>
#include <system_error>

namespace fs = std::filesystem;

namespace sanprivacy {

std::optional<int> binaryLabel(const std::string& value)
{
    static const std::set<std::string> ones = { "1", "1.0", "m", "male", "man", "true", "yes" },
                                       zeros = { "0", "0.0", "-1", "-1.0", "f", "female", "woman", "false", "no" };
    std::string word(value);
    std::transform(word.begin(), word.end(), word.begin(), [](unsigned char c) { return char(std::tolower(c)); });
    if (ones.count(word) > 0)
        return 1;
    if (zeros.count(word) > 0)
        return 0;
    return std::nullopt;
}

std::string listedName(const fs::path& folder, const std::string& name)
{
    std::error_code no_file; // nor is a name that no file can have
    if (name.find('\\') == std::string::npos || fs::exists(folder / name, no_file))
        return name;
    std::string portable(name);
    std::replace(portable.begin(), portable.end(), '\\', '/');
    return portable;
}

} // namespace sanprivacy
