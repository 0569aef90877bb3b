// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#ifndef SANPRIVACY_APPS_OPTIONS_WHOLE_NUMBER_HPP
#define SANPRIVACY_APPS_OPTIONS_WHOLE_NUMBER_HPP

#include <algorithm>
#include <string>

#include <CLI/CLI.hpp>

namespace sanprivacy { namespace apps {

//! Checks that an option is a number of digits only, 1 or more where zero is not allowed.
inline CLI::Validator wholeNumber(bool zero)
{
    const auto check = [zero](const std::string& text)
    {
        const bool digits = !text.empty() && text.size() <= 18 // that fit into 64 bits
                            && std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
        const bool above = text.find_first_not_of('0') != std::string::npos;
        return digits && (zero || above)
                   ? std::string()
                   : "expected a whole number from " + std::string(zero ? "0" : "1") + " on; found '" + text + "'";
    };
    return CLI::Validator(check, "");
}

}} // namespace sanprivacy::apps

#endif // SANPRIVACY_APPS_OPTIONS_WHOLE_NUMBER_HPP
