// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#ifndef SANPRIVACY_COMMON_PIPE_READER_HPP
#define SANPRIVACY_COMMON_PIPE_READER_HPP

#include <cstddef>
#include <limits>
#include <string>

namespace sanprivacy {

/** Reads a pipe whose sender may stall, as a camera does. */
class PipeReader
{
public:
    /** @param descriptor stays the caller's to close.
    @param until_interrupt after SIGINT or SIGTERM, see interrupted(), nothing is waited for: the pipe is at its end. */
    PipeReader(int descriptor, bool until_interrupt) : descriptor_(descriptor), until_interrupt_(until_interrupt) {}

    //! After so many seconds without a byte the pipe is at its end; at first it is waited for.
    void giveUpAfter(double seconds) { most_wait_ = seconds; }
    size_t read(void* data, size_t size); //!< @return fewer bytes than `size` only at the end
    bool readLine(std::string& line);     //!< without its line feed; @return false at the end

private:
    size_t receive(void* data, size_t size);

    int descriptor_;
    bool until_interrupt_;
    double most_wait_ = std::numeric_limits<double>::infinity();
    std::string buffer_; // what was received after the last line
};

} // namespace sanprivacy

#endif // SANPRIVACY_COMMON_PIPE_READER_HPP
