// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#include "common/cache_folder.hpp"

#include <cstdlib>

namespace fs = std::filesystem;

namespace sanprivacy {

fs::path cacheFolder()
{
    const char* const cache = std::getenv("XDG_CACHE_HOME");
    const char* const home = std::getenv("HOME");
    std::error_code error;
    fs::path temporary = fs::temp_directory_path(error); // of TMPDIR, which may name none
    if (error)
        temporary = "/tmp";
    const fs::path user = cache && *cache ? fs::path(cache) : home && *home ? fs::path(home) / ".cache" : temporary;
    return user / "sanprivacy";
}

} // namespace sanprivacy
