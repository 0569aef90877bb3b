// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#include "common/output_guard.hpp"

#include "common/atomic_file.hpp"
#include "common/errors.hpp"
#include "common/message.hpp"
#include "common/unicode_form.hpp"

#include <set>
#include <stdexcept>
#include <utility>

#include <sys/stat.h>

namespace fs = std::filesystem;

namespace sanprivacy {

namespace {

//! "https://host/x" would become the folder "https:", unless there is one.
bool isAddress(const fs::path& output)
{
    const std::string name = output.string();
    const size_t end = name.find("://");
    std::error_code ignored;
    return end != std::string::npos && !fs::exists(name.substr(0, end + 1), ignored);
}

} // namespace

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
        // In "new/../a.jpg" the folder is made before the file is written, and leads back.
        const fs::path written = fs::weakly_canonical(fs::absolute(output, ignored), ignored);
        if (isAddress(output))
            throw UsageError(
                "'" + withoutPasswords(output.string()) + "' is an address; expected a file or folder of this machine");
        const bool is_input = stat(output.c_str(), &there) == 0 || stat(written.c_str(), &there) == 0
                                  ? S_ISREG(there.st_mode) && files.count({ there.st_dev, there.st_ino }) > 0
                                  : paths.count(written) > 0;
        if (is_input)
            throw UsageError("'" + output.string() + "' is an input and would be overwritten; name another output");
    }
}

namespace {

//! In small letters, where the alphabet is Latin, Greek or Cyrillic, and decomposed.
std::string folded(const std::string& name)
{
    std::string result = decomposed(name);
    for (size_t i = 0; i < result.size(); ++i)
    {
        unsigned char c = static_cast<unsigned char>(result[i]);
        const unsigned char next = i + 1 < result.size() ? static_cast<unsigned char>(result[i + 1]) : 0;
        if (c >= 'A' && c <= 'Z')
            result[i] = char(c + 'a' - 'A');
        else if (c == 0xCE && next >= 0x91 && next <= 0x9F) // Alpha to Omicron
            result[i + 1] = char(next + 0x20);
        else if ((c == 0xCE && next >= 0xA0 && next <= 0xA9) || (c == 0xD0 && next >= 0xA0 && next <= 0xAF))
        {
            result[i] = char(c + 1);
            result[i + 1] = char(next - 0x20);
        }
        else if (c == 0xD0 && next >= 0x90 && next <= 0x9F) // A to Pe
            result[i + 1] = char(next + 0x20);
    }
    return result;
}

} // namespace

bool foldsNames(const fs::path& folder)
{
    std::error_code error;
    fs::path there = fs::absolute(folder, error);
    while (!fs::exists(there, error) && there.has_relative_path())
        there = there.parent_path();
    try
    {
        const TemporaryFile probe(there / "probe.o\u0308a"); // the ending stays
        std::string name = probe.path().filename().string(), capital = name;
        capital.back() = 'A';
        std::string composed = name.substr(0, name.size() - 4) + "\u00F6a";
        return fs::exists(there / capital, error) || fs::exists(there / composed, error);
    }
    catch (const std::runtime_error&)
    {
        return false; // where nothing can be written, writing raises the error
    }
}

void DistinctOutputs::add(const fs::path& output, const std::string& source)
{
    std::error_code none;
    const fs::path canonical = fs::weakly_canonical(output, none);
    std::vector<Output>& alike = outputs_[folded(canonical.string())];
    for (const Output& other : alike)
        if (other.canonical == canonical && other.source == source)
            throw UsageError("'" + source + "' is given twice");
        else if (other.canonical == canonical)
            throw UsageError(
                "'" + other.source + "' and '" + source + "' would both be written to '" + output.string() + "'");
    if (!alike.empty() && folds_(output.parent_path()))
        throw UsageError("'" + alike[0].source + "' and '" + source + "' would both be written to '" + output.string()
                         + "': that folder takes such names for one");
    alike.push_back({ canonical, source });
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
