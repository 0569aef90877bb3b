// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#ifndef SANPRIVACY_COMMON_UNICODE_FORM_HPP
#define SANPRIVACY_COMMON_UNICODE_FORM_HPP

#include <filesystem>
#include <map>
#include <string>

namespace sanprivacy {

/** A text in UTF-8 with its letters taken apart, as the normalization form D of Unicode has them: an o-umlaut becomes
an o and a combining diaeresis. So texts can be compared which look alike, as names from a Mac and from elsewhere.
Latin, Greek, Cyrillic, Arabic, Japanese and Korean letters are; what is no UTF-8 stays. */
std::string decomposed(const std::string& text);

//! Finds files whose names are written in another form of Unicode. Each folder is read once.
class NameFinder
{
public:
    //! The file as it is there; as given where it is not there in any form.
    std::filesystem::path find(const std::filesystem::path& file);

private:
    std::map<std::filesystem::path, std::map<std::string, std::string>> names_; // decomposed, as they are
};

} // namespace sanprivacy

#endif // SANPRIVACY_COMMON_UNICODE_FORM_HPP
