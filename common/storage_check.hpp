// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#ifndef SANPRIVACY_COMMON_STORAGE_CHECK_HPP
#define SANPRIVACY_COMMON_STORAGE_CHECK_HPP

#include <filesystem>

namespace sanprivacy {

/** Refuses what cv::FileStorage would not survive: YAML, JSON or XML, compressed or not, that is nested so deeply that
its parser runs out of stack, or that unpacks to more than 256 MiB. Raises std::runtime_error that names the file. The
module, which has nothing to unpack with, looks at plain files only. */
void checkStorage(const std::filesystem::path& file);

} // namespace sanprivacy

#endif // SANPRIVACY_COMMON_STORAGE_CHECK_HPP
