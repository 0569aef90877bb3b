// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#ifndef SANPRIVACY_COMMON_ERRORS_HPP
#define SANPRIVACY_COMMON_ERRORS_HPP

#include <stdexcept>

namespace sanprivacy {

//! INTERRUPTED is what shells report of SIGINT: work that goes on later is saved, but not finished.
enum ExitCode
{
    SUCCEEDED = 0,
    FAILED = 1,
    BAD_USAGE = 2,
    INTERRUPTED = 130
};

//! Arguments that contradict each other or the files they name; found before any work is done.
struct UsageError : std::runtime_error
{
    using std::runtime_error::runtime_error;
};

} // namespace sanprivacy

#endif // SANPRIVACY_COMMON_ERRORS_HPP
