// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#ifndef SANPRIVACY_COMMON_NUMBER_RANGE_HPP
#define SANPRIVACY_COMMON_NUMBER_RANGE_HPP

#include <cmath>
#include <cstdlib>
#include <iomanip>
#include <sstream>
#include <string>

#include <CLI/CLI.hpp>

namespace sanprivacy {

/** Checks that an option is a finite number that fits. CLI::Range alone lets NaN pass, and CLI11 takes -1 for a large
unsigned number.
@param expected completes "expected ...; found ..." */
template <class Fits>
CLI::Validator fittingNumber(const Fits& fits, const std::string& expected)
{
    const auto check = [fits, expected](std::string& text)
    {
        char* end = nullptr;
        const double value = std::strtod(text.c_str(), &end);
        const bool number = end != text.c_str() && *end == '\0' && std::isfinite(value);
        return number && fits(value) ? std::string() : "expected " + expected + "; found " + text;
    };
    return CLI::Validator(check, "");
}

//! Checks that an option is a number in a range, both ends included.
inline CLI::Validator numberRange(double least, double greatest)
{
    std::ostringstream expected;
    expected << "a number from " << std::setprecision(15) << least << " to " << greatest;
    return fittingNumber([=](double value) { return value >= least && value <= greatest; }, expected.str());
}

//! Checks that an option is a number of at least zero.
inline CLI::Validator numberFromZero()
{
    return fittingNumber([](double value) { return value >= 0; }, "a number of at least 0");
}

//! Checks that an option is a number above zero.
inline CLI::Validator numberAboveZero()
{
    return fittingNumber([](double value) { return value > 0; }, "a number above 0");
}

} // namespace sanprivacy

#endif // SANPRIVACY_COMMON_NUMBER_RANGE_HPP
