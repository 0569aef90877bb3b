// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#include "common/output_folder.hpp"

#include "common/atomic_file.hpp"

namespace fs = std::filesystem;

namespace sanprivacy {

OutputFolder::OutputFolder(const fs::path& folder)
{
    std::error_code ignored;
    fs::path missing = fs::absolute(folder / "", ignored).parent_path();
    for (; !missing.empty() && !fs::exists(missing, ignored); missing = missing.parent_path())
        made_.push_back(missing);
    makeWritableFolder(folder);
}

OutputFolder::~OutputFolder()
{
    std::error_code not_empty;
    for (const fs::path& folder : made_)
        fs::remove(folder, not_empty);
}

} // namespace sanprivacy
