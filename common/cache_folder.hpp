// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#ifndef SANPRIVACY_COMMON_CACHE_FOLDER_HPP
#define SANPRIVACY_COMMON_CACHE_FOLDER_HPP

#include <filesystem>

namespace sanprivacy {

//! Where what can be computed anew is kept unless the user says otherwise: `sanprivacy` in the user's cache folder. May
//! not exist yet.
std::filesystem::path cacheFolder();

} // namespace sanprivacy

#endif // SANPRIVACY_COMMON_CACHE_FOLDER_HPP
