// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#include "progress.hpp"

#include <algorithm>
#include <cstdio>

#include <unistd.h>

namespace sanprivacy { namespace train {

namespace {

std::string clockTime(double seconds)
{
    const long s = std::max(0L, long(seconds + .5));
    char text[32];
    std::snprintf(text, sizeof text, "%ld:%02ld:%02ld", s / 3600, s / 60 % 60, s % 60);
    return text;
}

} // namespace

Progress::Progress(const std::string& title, double total, double done)
    : title_(title), total_(total), first_(done), terminal_(isatty(STDERR_FILENO)), start_(Clock::now()), shown_()
{
}

void Progress::show(double done, const std::string& note)
{
    const Clock::time_point now = Clock::now();
    const std::chrono::milliseconds interval(terminal_ ? 200 : 60000);
    const double elapsed = std::chrono::duration<double>(now - start_).count();
    const double rate = elapsed > 0 ? (done - first_) / elapsed : 0;
    char text[160];
    std::snprintf(text, sizeof text, "%s %3.0f %% %.0f/%.0f, %.1f/s, %s left", title_.c_str(), 100 * done / total_, done, total_,
                  rate, rate > 0 ? clockTime((total_ - done) / rate).c_str() : "?");
    line_ = text + (note.empty() ? "" : ", " + note);
    pending_ = now - shown_ < interval;
    if (pending_)
        return;
    shown_ = now;
    std::fprintf(stderr, terminal_ ? "\r\033[K%s" : "%s\n", line_.c_str());
    std::fflush(stderr);
}

Progress::~Progress()
{
    if (pending_)
        std::fprintf(stderr, terminal_ ? "\r\033[K%s" : "%s\n", line_.c_str());
    if (terminal_ && !line_.empty())
        std::fprintf(stderr, "\n");
}

}} // namespace sanprivacy::train
