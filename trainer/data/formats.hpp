// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#ifndef SANPRIVACY_TRAIN_DATA_FORMATS_HPP
#define SANPRIVACY_TRAIN_DATA_FORMATS_HPP

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "data/manifest.hpp"

namespace sanprivacy { namespace train {

//! How a data set lists its faces.
struct Format
{
    const char* name;
    const char* sign; //!< what the folder must hold
    //! Whether a folder is such a data set.
    std::function<bool(const std::filesystem::path&)> recognize;
    std::vector<Sample> (*read)(const std::filesystem::path& folder, const std::string& attribute);
};

//! All that are known, see readManifest().
const std::vector<Format>& formats();

//! The same text in lower case.
std::string lower(std::string text);

}} // namespace sanprivacy::train

#endif // SANPRIVACY_TRAIN_DATA_FORMATS_HPP
