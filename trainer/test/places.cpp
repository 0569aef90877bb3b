// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

// The one source that knows folders of this machine: what the compiler cache has of the others serves every machine.
#include "places.hpp"

#include <cstdlib>

namespace sanprivacy { namespace train { namespace test {

std::string trainerProgram()
{
    return SANPRIVACY_TRAIN;
}

std::filesystem::path repository()
{
    return SANPRIVACY_SOURCE_DIR;
}

std::filesystem::path sharedFolder()
{
    const char* const given = std::getenv("SANPRIVACY_SHARED");
    return given ? std::filesystem::path(given) : repository() / ".." / "shared";
}

}}} // namespace sanprivacy::train::test
