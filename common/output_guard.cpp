// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#include "common/output_guard.hpp"

#include "common/errors.hpp"

#include <set>
#include <utility>

#include <sys/stat.h>

namespace fs = std::filesystem;

namespace sanprivacy {

void refuseInputsAsOutputs(const std::vector<fs::path>& inputs, const std::vector<fs::path>& outputs)
{
    // Device and inode are the same for all paths of a file. What is not there yet is compared by its path.
    std::set<std::pair<dev_t, ino_t>> files;
    std::set<fs::path> paths;
    std::error_code ignored;
    for (const fs::path& input : inputs)
    {
        struct stat there;
        if (stat(input.c_str(), &there) == 0)
            files.emplace(there.st_dev, there.st_ino);
        else if (!input.empty())
            paths.insert(fs::weakly_canonical(fs::absolute(input, ignored), ignored));
    }
    for (const fs::path& output : outputs)
    {
        struct stat there;
        if (output.empty())
            continue;
        const bool is_input = stat(output.c_str(), &there) == 0
                                  ? S_ISREG(there.st_mode) && files.count({ there.st_dev, there.st_ino }) > 0
                                  : paths.count(fs::weakly_canonical(fs::absolute(output, ignored), ignored)) > 0;
        if (is_input)
            throw UsageError("'" + output.string() + "' is an input and would be overwritten; name another output");
    }
}

fs::path mostPrivate(const std::vector<fs::path>& inputs)
{
    fs::path found;
    mode_t least = 0;
    for (const fs::path& input : inputs)
    {
        struct stat there;
        if (input.empty() || stat(input.c_str(), &there) != 0)
            continue;
        const mode_t others = there.st_mode & 0077; // the owner always may
        if (found.empty() || others < least)
        {
            found = input;
            least = others;
        }
    }
    return found;
}

} // namespace sanprivacy
