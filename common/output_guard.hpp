// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#ifndef SANPRIVACY_COMMON_OUTPUT_GUARD_HPP
#define SANPRIVACY_COMMON_OUTPUT_GUARD_HPP

#include <filesystem>
#include <vector>

namespace sanprivacy {

/** Makes sure, before any work, that nothing is written to what is read.

A file is the same under another path, through a symbolic or hard link, or with its name in another case where the
file system takes both for one. Empty paths do not count.
@param inputs every file that is read: images, videos, label files, networks
@param outputs every file that will be written, there or not
Raises UsageError that names the first output which is an input. */
void refuseInputsAsOutputs(
    const std::vector<std::filesystem::path>& inputs, const std::vector<std::filesystem::path>& outputs);

//! Of files from which one output is made, that which the fewest may read: the source of permissionsFor().
std::filesystem::path mostPrivate(const std::vector<std::filesystem::path>& inputs);

} // namespace sanprivacy

#endif // SANPRIVACY_COMMON_OUTPUT_GUARD_HPP
