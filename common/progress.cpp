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

Progress::Progress(const std::string& title, size_t total)
    : title_(title), total_(total), done_(0), on_terminal_(isatty(STDERR_FILENO) == 1),
      start_(std::chrono::steady_clock::now()), drawn_(start_)
{
}

Progress::~Progress()
{
    erase();
}

void Progress::step()
{
    const std::chrono::milliseconds redraw_interval(100);
    std::lock_guard<std::mutex> lock(mutex_);
    ++done_;
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
    draw();
}

double Progress::seconds() const
{
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count();
}

void Progress::draw()
{
    if (!on_terminal_ || total_ == 0 || done_ == 0)
        return;
    const size_t width = 30;
    const size_t filled = std::min(width, width * done_ / total_);
    const double rate = double(done_) / std::max(seconds(), 1e-3);
    char numbers[80];
    std::snprintf(numbers, sizeof(numbers), " %zu/%zu  %.1f/s  %.0f s left", done_, total_, rate,
                  double(total_ - std::min(done_, total_)) / rate);
    std::cerr << '\r' << title_ << " [" << std::string(filled, '#') << std::string(width - filled, '.') << ']'
              << numbers << "\033[K" << std::flush; // the escape clears what a longer line left
}

void Progress::erase()
{
    if (on_terminal_)
        std::cerr << "\r\033[K" << std::flush;
}

} // namespace sanprivacy
