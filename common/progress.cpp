// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#include "common/progress.hpp"

#include "common/message.hpp"

#include <algorithm>
#include <cstdio>
#include <iostream>

#include <unistd.h>

namespace sanprivacy {

Progress::Progress(const std::string& title, size_t total, size_t done)
    : title_(printable(title)), total_(total), first_(done), done_(done), on_terminal_(isatty(STDERR_FILENO) == 1),
      start_(std::chrono::steady_clock::now()), drawn_(start_)
{
}

Progress::~Progress()
{
    erase();
}

void Progress::step(const std::string& note)
{
    const std::chrono::milliseconds redraw_interval(on_terminal_ ? 100 : 60000);
    std::lock_guard<std::mutex> lock(mutex_);
    ++done_;
    note_ = note;
    const auto now = std::chrono::steady_clock::now();
    if (now - drawn_ >= redraw_interval)
    {
        drawn_ = now;
        draw();
    }
}

void Progress::message(const std::string& line)
{
    std::lock_guard<std::mutex> lock(mutex_);
    erase();
    std::cerr << printable(line) << std::endl;
    if (on_terminal_)
        draw();
}

double Progress::seconds() const
{
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count();
}

void Progress::draw()
{
    if (total_ == 0 || done_ == first_)
        return;
    const double rate = double(done_ - first_) / std::max(seconds(), 1e-3);
    char numbers[80];
    std::snprintf(numbers, sizeof(numbers), " %zu/%zu  %.1f/s  %.0f s left", done_, total_, rate,
        double(total_ - std::min(done_, total_)) / rate);
    const std::string text = numbers + (note_.empty() ? "" : "  " + note_);
    if (on_terminal_)
    {
        const size_t width = 30, filled = std::min(width, width * done_ / total_);
        std::cerr << '\r' << title_ << " [" << std::string(filled, '#') << std::string(width - filled, '.') << ']'
                  << text << "\033[K" << std::flush; // the escape clears what a longer line left
    }
    else
        std::cerr << title_ << text << std::endl;
}

void Progress::erase()
{
    if (on_terminal_)
        std::cerr << "\r\033[K" << std::flush;
}

} // namespace sanprivacy
