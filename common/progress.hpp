// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#ifndef SANPRIVACY_COMMON_PROGRESS_HPP
#define SANPRIVACY_COMMON_PROGRESS_HPP

#include <chrono>
#include <mutex>
#include <string>

namespace sanprivacy {

//! Progress of a long piece of work on stderr: a bar with rate and remaining time on a terminal; elsewhere messages,
//! and a line once a minute.
class Progress
{
public:
    //! @param done of the total, by an earlier call: the rate is that of the rest
    Progress(const std::string& title, size_t total, size_t done = 0);
    ~Progress(); //!< takes the bar away

    void step(const std::string& note =
                  std::string());          //!< one more is done; any thread may call. The note stands beside the bar
    void message(const std::string& line); //!< a line above the bar; any thread may call
    double seconds() const;                //!< since the start

private:
    void draw();
    void erase();

    std::string title_, note_;
    size_t total_, first_, done_;
    bool on_terminal_;
    std::chrono::steady_clock::time_point start_, drawn_;
    std::mutex mutex_;
};

} // namespace sanprivacy

#endif // SANPRIVACY_COMMON_PROGRESS_HPP
