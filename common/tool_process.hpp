// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#ifndef SANPRIVACY_COMMON_TOOL_PROCESS_HPP
#define SANPRIVACY_COMMON_TOOL_PROCESS_HPP

#include "common/pipe_reader.hpp"

#include <cstdio>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <sys/types.h>

namespace sanprivacy {

/** A tool at work (ffmpeg, ffprobe), at the other end of a pipe. It is in a process group of its own: the terminal's
Ctrl-C is for us, and the tool is to finish its file. What it writes to stderr is kept for the error. */
class ToolProcess
{
public:
    enum Direction
    {
        FEED,               //!< its standard input is ours to write
        LISTEN,             //!< its standard output is ours to read
        LISTEN_ON_TWO_PIPES //!< as LISTEN until SIGINT or SIGTERM, and so is what it writes to its file descriptor 3
    };

    //! What an interrupt means to it, see interrupted().
    enum Patience
    {
        TO_ITS_END,     //!< nothing: what it does is waited for
        UNTIL_INTERRUPT //!< a tool that is read from is at its end, and finish() raises std::runtime_error; one that is
                        //!< fed and does not go on is asked to end its file, and takes no more
    };

    /** @param command the tool's name and arguments. Raises std::runtime_error where it cannot be started.
    @param patience UNTIL_INTERRUPT for a tool that may stall, as one that reads from a network does */
    ToolProcess(std::vector<std::string> command, Direction direction, Patience patience = TO_ITS_END);
    ToolProcess(const ToolProcess&) = delete;
    ToolProcess& operator=(const ToolProcess&) = delete;
    ~ToolProcess(); //!< kills a tool that has not ended

    void feed(const void* data, size_t size); //!< raises std::runtime_error with the tool's message where it has ended
    bool readLine(std::string& line);         //!< of the standard output; @return false at the end
    bool readSecondLine(std::string& line);   //!< of file descriptor 3; @return false at the end
    size_t read(void* data, size_t size);     //!< of the standard output; fewer bytes than `size` only at its end
    void finish();                            //!< waits for its end; raises std::runtime_error where it failed
    void end();                               //!< of one that is read from: asks it to end and waits for a moment
    //! One that is read from is at its end where nothing comes for so many seconds.
    void giveUpAfter(double seconds) { output_->giveUpAfter(seconds); }
    void forgetMessages(size_t most);         //!< where there are more bytes of them: one may complain for weeks
    bool stopped() const { return stopped_; } //!< by an interrupt, before its end
    std::string messages(size_t most) const; //!< what it has said on its standard error, up to so many bytes and a line

    static bool available(const std::string& name); //!< whether it can be run

private:
    int wait();
    bool ended(int& status);
    bool goesOn(const std::function<bool()>& ready);
    void stop();
    [[noreturn]] void fail();

    std::string name_;
    Direction direction_;
    Patience patience_;
    bool stopped_ = false; // it was asked to end its file
    pid_t process_;
    int pipe_ = -1, second_pipe_ = -1; // file descriptors
    std::unique_ptr<PipeReader> output_, second_output_;
    FILE* messages_;
};

} // namespace sanprivacy

#endif // SANPRIVACY_COMMON_TOOL_PROCESS_HPP
