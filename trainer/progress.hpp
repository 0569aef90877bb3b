// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#ifndef SANPRIVACY_TRAIN_PROGRESS_HPP
#define SANPRIVACY_TRAIN_PROGRESS_HPP

#include <chrono>
#include <string>

namespace sanprivacy { namespace train {

/** @brief How far a long task is, its rate and the time it will still take: one line on standard error.

On a terminal the line is redrawn in place; in a log file it is written once a minute. */
class Progress
{
public:
    Progress(const std::string& title, double total, double done = 0);
    ~Progress(); //!< leaves the last state as a whole line

    void show(double done, const std::string& note = std::string());

private:
    using Clock = std::chrono::steady_clock;

    std::string title_, line_;
    double total_, first_;
    bool terminal_, pending_ = false; // pending: the last state is not shown yet
    Clock::time_point start_, shown_;
};

}} // namespace sanprivacy::train

#endif // SANPRIVACY_TRAIN_PROGRESS_HPP
