// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#ifndef SANPRIVACY_COMMON_TOOL_PROCESS_HPP
#define SANPRIVACY_COMMON_TOOL_PROCESS_HPP

#include <cstdio>
#include <string>
#include <vector>

#include <sys/types.h>

namespace sanprivacy {

/** A tool at work (ffmpeg, ffprobe), at the other end of a pipe. It is in a process group of its own: the terminal's Ctrl-C is for
us, and the tool is to finish its file. What it has to say is kept for the error. */
class ToolProcess
{
public:
    enum Direction { FEED, LISTEN };

    //! @param command the tool's name and arguments. Raises std::runtime_error where it cannot be started.
    ToolProcess(std::vector<std::string> command, Direction direction);
    ToolProcess(const ToolProcess&) = delete;
    ToolProcess& operator=(const ToolProcess&) = delete;
    ~ToolProcess(); //!< kills a tool that has not ended

    void feed(const void* data, size_t size); //!< raises std::runtime_error with the tool's message where it has ended
    bool readLine(std::string& line);         //!< @return false at the end
    void finish();                            //!< waits for its end; raises std::runtime_error where it failed

    static bool available(const std::string& name); //!< whether it can be run

private:
    int wait();
    [[noreturn]] void fail();

    std::string name_;
    pid_t process_;
    FILE *pipe_, *messages_;
};

} // namespace sanprivacy

#endif // SANPRIVACY_COMMON_TOOL_PROCESS_HPP
