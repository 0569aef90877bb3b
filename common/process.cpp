// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#include "common/process.hpp"

#include "common/quiet_stream.hpp"

#include <csignal>

#include <fcntl.h>
#include <unistd.h>

namespace sanprivacy {

void prepareProcess()
{
    // Without it the next file that is opened has the number of a closed stream, and messages go into that file.
    int descriptor;
    do
        descriptor = open("/dev/null", O_RDWR);
    while (descriptor >= 0 && descriptor <= STDERR_FILENO);
    if (descriptor >= 0)
        close(descriptor);
    std::signal(SIGXFSZ, SIG_IGN);
    std::signal(SIGPIPE, SIG_IGN);
    prepareQuietErrors();
}

} // namespace sanprivacy
