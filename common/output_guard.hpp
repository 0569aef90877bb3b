// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#ifndef SANPRIVACY_COMMON_OUTPUT_GUARD_HPP
#define SANPRIVACY_COMMON_OUTPUT_GUARD_HPP

#include <filesystem>
#include <functional>
#include <map>
#include <string>
#include <vector>

namespace sanprivacy {

/** Makes sure, before any work, that nothing is written to what is read.

A file is the same under another path, through a symbolic or hard link, or with its name in another case where the
file system takes both for one. Empty paths do not count.
@param inputs every file that is read: images, videos, label files, networks
@param outputs every file that will be written, there or not
Raises UsageError that names the first output which is an input, or an address as https://host/x. */
void refuseInputsAsOutputs(
    const std::vector<std::filesystem::path>& inputs, const std::vector<std::filesystem::path>& outputs);

//! Whether a folder, there or not yet, takes names for one that differ by their case or by their form of Unicode.
bool foldsNames(const std::filesystem::path& folder);

//! Makes sure that no two outputs of a run are one file.
class DistinctOutputs
{
public:
    //! @param folds foldsNames() of a folder; called only where it matters
    explicit DistinctOutputs(std::function<bool(const std::filesystem::path&)> folds = foldsNames)
        : folds_(std::move(folds))
    {
    }

    //! Raises UsageError that names both sources where an earlier output is the same file.
    void add(const std::filesystem::path& output, const std::string& source);

private:
    struct Output
    {
        std::filesystem::path canonical;
        std::string source;
    };

    std::function<bool(const std::filesystem::path&)> folds_;
    std::map<std::string, std::vector<Output>> outputs_; // by names in small letters
};

//! Of files from which one output is made, that which the fewest may read: the source of permissionsFor().
std::filesystem::path mostPrivate(const std::vector<std::filesystem::path>& inputs);

} // namespace sanprivacy

#endif // SANPRIVACY_COMMON_OUTPUT_GUARD_HPP
