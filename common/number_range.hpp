// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#ifndef SANPRIVACY_COMMON_NUMBER_RANGE_HPP
#define SANPRIVACY_COMMON_NUMBER_RANGE_HPP

#include <cmath>
#include <cstdlib>
#include <sstream>
#include <string>

#include <CLI/CLI.hpp>

namespace sanprivacy {

//! Checks that an option is a number in a range, both ends included. CLI::Range alone lets NaN pass.
inline CLI::Validator numberRange(double least, double greatest)
{
    const auto check = [least, greatest](std::string& text)
    {
        if (!std::isnan(std::strtod(text.c_str(), nullptr)))
            return CLI::Range(least, greatest)(text);
        std::ostringstream message;
        message << "expected a number from " << least << " to " << greatest << "; found " << text;
        return message.str();
    };
    return CLI::Validator(check, "");
}

} // namespace sanprivacy

#endif // SANPRIVACY_COMMON_NUMBER_RANGE_HPP
