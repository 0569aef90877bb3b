// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#include "common/pipe_reader.hpp"

#include "common/workers.hpp"

#include <algorithm>
#include <cerrno>

#include <poll.h>
#include <unistd.h>

namespace sanprivacy {

//! Some of the next bytes, or none at the end.
size_t PipeReader::receive(void* data, size_t size)
{
    const int milliseconds = 100; // a signal may come to another thread
    pollfd waited = { descriptor_, POLLIN, 0 };
    for (double wait = 0; (!until_interrupt_ || !interrupted()) && wait < most_wait_;)
    {
        if (poll(&waited, 1, milliseconds) <= 0)
        {
            wait += milliseconds / 1000.;
            continue;
        }
        const ssize_t got = ::read(descriptor_, data, size);
        if (got >= 0)
            return size_t(got);
        if (errno != EINTR && errno != EAGAIN)
            return 0;
    }
    return 0;
}

size_t PipeReader::read(void* data, size_t size)
{
    char* const content = static_cast<char*>(data);
    size_t done = std::min(size, buffer_.size());
    std::copy_n(buffer_.begin(), done, content);
    buffer_.erase(0, done);
    for (size_t got = 1; got > 0 && done < size; done += got)
        got = receive(content + done, size - done);
    return done;
}

bool PipeReader::readLine(std::string& line)
{
    char part[4096];
    size_t end, searched = 0, got = 1;
    while ((end = buffer_.find('\n', searched)) == std::string::npos && got > 0)
    {
        searched = buffer_.size();
        got = receive(part, sizeof(part));
        buffer_.append(part, got);
    }
    line = buffer_.substr(0, end);
    buffer_.erase(0, end == std::string::npos ? end : end + 1);
    return end != std::string::npos || !line.empty();
}

} // namespace sanprivacy
