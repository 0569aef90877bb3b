// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#include "options/inputs.hpp"

#include "commands/commands.hpp"
#include "common/image_io.hpp"
#include "common/message.hpp"


#include <algorithm>
#include <set>

namespace fs = std::filesystem;

namespace sanprivacy { namespace apps {

std::string Inputs::skippedText() const
{
    size_t number = 0;
    std::string kinds;
    for (const auto& kind : skipped)
    {
        number += kind.second;
        kinds += (kinds.empty() ? "" : ", ") + std::to_string(kind.second) + ' '
                 + (kind.first.empty() ? "without ending" : kind.first);
    }
    return number == 0 ? std::string() : count(number, "other file") + " (" + kinds + ")";
}

Inputs findInputs(const std::vector<std::string>& arguments, const fs::path& output)
{
    Inputs inputs;
    const fs::path excluded = fs::weakly_canonical(output);
    for (const std::string& argument : arguments)
    {
        if (!fs::exists(argument))
            throw UsageError("no such file or folder: '" + argument + "'");
        if (!fs::is_directory(argument))
        {
            inputs.images.push_back({ argument, fs::path(argument).filename() });
            continue;
        }
        const size_t first = inputs.images.size();
        fs::recursive_directory_iterator entry(argument), end;
        for (; entry != end; ++entry)
        {
            if (entry->is_directory())
            {
                if (fs::weakly_canonical(entry->path()) == excluded)
                    entry.disable_recursion_pending();
            }
            else if (hasImageName(entry->path()))
                inputs.images.push_back({ entry->path(), entry->path().lexically_relative(argument) });
            else
                ++inputs.skipped[entry->path().extension().string()];
        }
        std::sort(inputs.images.begin() + std::ptrdiff_t(first), inputs.images.end(),
                  [](const Input& a, const Input& b) { return a.relative < b.relative; });
    }
    return inputs;
}

std::vector<fs::path> outputFiles(const Inputs& inputs, const fs::path& output)
{
    std::set<fs::path> originals;
    for (const Input& image : inputs.images)
        originals.insert(fs::weakly_canonical(image.file));

    std::vector<fs::path> files;
    std::map<fs::path, fs::path> taken;
    for (const Input& image : inputs.images)
    {
        const fs::path file = output / image.relative;
        const auto other = taken.emplace(fs::weakly_canonical(file), image.file);
        if (!other.second)
            throw UsageError("'" + other.first->second.string() + "' and '" + image.file.string()
                             + "' would both be written to '" + file.string() + "'");
        if (originals.count(other.first->first))
            throw UsageError("'" + file.string() + "' is an input and would be overwritten; name another output folder");
        files.push_back(file);
    }
    return files;
}

}} // namespace sanprivacy::apps
