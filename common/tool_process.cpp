// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#include "common/tool_process.hpp"

#include "common/workers.hpp"

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <stdexcept>
#include <utility>

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

extern char** environ;

namespace sanprivacy {

namespace {

const int SECOND_PIPE = 3;  // file descriptor in the tool
const int STEP = 5;         // milliseconds, of waiting for a tool that may stall
const int MOST_STEPS = 600; // ... after an interrupt, for it may have much to write

//! Two ends of a pipe, to read and to write; both close when the tool starts.
struct Pipe
{
    Pipe()
    {
        if (pipe2(ends, O_CLOEXEC) != 0)
            throw std::runtime_error(std::string("cannot open a pipe: ") + std::strerror(errno));
        const int size = 1 << 20; // bytes: fewer switches between the processes; the usual size does, too
        fcntl(ends[0], F_SETPIPE_SZ, size);
    }
    ~Pipe()
    {
        for (int end : ends)
            if (end >= 0)
                close(end);
    }
    int release(int k) { return std::exchange(ends[k], -1); }

    int ends[2] = { -1, -1 };
};

//! How the tool is started: its file descriptors, its process group, its signals.
struct Start
{
    Start()
    {
        posix_spawn_file_actions_init(&files);
        posix_spawnattr_init(&attributes);
        posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGDEF);
        sigset_t restored;
        sigemptyset(&restored);
        sigaddset(&restored, SIGPIPE);
        posix_spawnattr_setsigdefault(&attributes, &restored);
    }
    ~Start()
    {
        posix_spawnattr_destroy(&attributes);
        posix_spawn_file_actions_destroy(&files);
    }
    void give(int descriptor, int as) { posix_spawn_file_actions_adddup2(&files, descriptor, as); }
    void giveNothing(int as, int flags) { posix_spawn_file_actions_addopen(&files, as, "/dev/null", flags, 0); }

    posix_spawn_file_actions_t files;
    posix_spawnattr_t attributes;
};

} // namespace

ToolProcess::ToolProcess(std::vector<std::string> command, Direction direction, Patience patience)
    : name_(command.front()), direction_(direction),
      patience_(direction == LISTEN_ON_TWO_PIPES ? UNTIL_INTERRUPT : patience), process_(-1), messages_(std::tmpfile())
{
    if (!messages_)
        throw std::runtime_error("cannot start " + name_ + ": " + std::strerror(errno));
    fcntl(fileno(messages_), F_SETFL, O_APPEND); // wherever we read
    std::vector<char*> argv;
    for (std::string& argument : command)
        argv.push_back(&argument[0]);
    argv.push_back(nullptr);
    const int ours = direction == FEED ? 1 : 0, theirs = 1 - ours;

    Pipe pipe, second;
    Start start;
    start.give(pipe.ends[theirs], direction == FEED ? STDIN_FILENO : STDOUT_FILENO);
    if (direction == FEED)
        start.giveNothing(STDOUT_FILENO, O_WRONLY);
    else
        start.giveNothing(STDIN_FILENO, O_RDONLY);
    start.give(fileno(messages_), STDERR_FILENO);
    if (direction == LISTEN_ON_TWO_PIPES)
        start.give(second.ends[1], SECOND_PIPE);
    const int error = posix_spawnp(&process_, argv[0], &start.files, &start.attributes, argv.data(), environ);
    if (error != 0)
    {
        std::fclose(messages_);
        throw std::runtime_error(error == ENOENT ? "the tool " + name_ + " is not installed (apt install ffmpeg)"
                                                 : "cannot start " + name_ + ": " + std::strerror(error));
    }
    pipe_ = pipe.release(ours);
    if (direction == FEED && patience_ == UNTIL_INTERRUPT)
        fcntl(pipe_, F_SETFL, O_NONBLOCK);
    if (direction != FEED)
        output_.reset(new PipeReader(pipe_, patience_ == UNTIL_INTERRUPT));
    if (direction == LISTEN_ON_TWO_PIPES)
    {
        second_pipe_ = second.release(0);
        second_output_.reset(new PipeReader(second_pipe_, true));
    }
}

ToolProcess::~ToolProcess()
{
    if (process_ > 0)
    {
        kill(process_, SIGKILL);
        wait();
    }
    for (int pipe : { pipe_, second_pipe_ })
        if (pipe >= 0)
            close(pipe);
    std::fclose(messages_);
}

void ToolProcess::feed(const void* data, size_t size)
{
    const char* content = static_cast<const char*>(data);
    pollfd waited = { pipe_, POLLOUT, 0 };
    while (size > 0)
    {
        if (patience_ == UNTIL_INTERRUPT && !goesOn([&] { return poll(&waited, 1, STEP) > 0; }))
            return;
        const ssize_t written = ::write(pipe_, content, size);
        if (written < 0 && (errno == EINTR || errno == EAGAIN))
            continue;
        if (written < 0)
            fail();
        content += written;
        size -= size_t(written);
    }
}

bool ToolProcess::readLine(std::string& line)
{
    return output_->readLine(line);
}

bool ToolProcess::readSecondLine(std::string& line)
{
    return second_output_->readLine(line);
}

size_t ToolProcess::read(void* data, size_t size)
{
    return output_->read(data, size);
}

void ToolProcess::finish()
{
    close(std::exchange(pipe_, -1));
    int status = 0;
    if (patience_ == UNTIL_INTERRUPT)
    {
        const auto has_ended = [&] { return ended(status) || (usleep(1000 * STEP), false); };
        goesOn(has_ended);
        if (stopped_ && direction_ != FEED)
            throw std::runtime_error("interrupted");
        for (int waited = 0; waited < MOST_STEPS && !has_ended(); ++waited)
            continue;
        if (process_ > 0)
            kill(process_, SIGKILL);
    }
    if (process_ > 0)
        status = wait();
    if (status != 0 && !stopped_)
        fail();
}

void ToolProcess::end()
{
    const int most_steps = 200; // one that takes leave of its server has ended long before
    close(std::exchange(pipe_, -1));
    for (int k = 0; k < 2 && process_ > 0; ++k) // the second one ends its waiting for a network
        kill(process_, SIGTERM);
    int status = 0;
    for (int waited = 0; waited < most_steps && !ended(status); ++waited)
        usleep(1000 * STEP);
    if (process_ > 0)
        kill(process_, SIGKILL);
    wait();
}

void ToolProcess::forgetMessages(size_t most)
{
    struct stat file;
    const bool done =
        fstat(fileno(messages_), &file) != 0 || size_t(file.st_size) <= most || ftruncate(fileno(messages_), 0) == 0;
    static_cast<void>(done); // else they take up space
}

bool ToolProcess::available(const std::string& name)
{
    const char* const path = std::getenv("PATH");
    const std::string folders = path ? path : "";
    for (size_t begin = 0, end; begin <= folders.size(); begin = end + 1)
    {
        end = std::min(folders.find(':', begin), folders.size());
        if (access((folders.substr(begin, end - begin) + '/' + name).c_str(), X_OK) == 0)
            return true;
    }
    return false;
}

/** Waits until something is ready.
@param ready waits for STEP itself where it is not
@return false where an interrupt came and the tool does not go on: it was stopped */
bool ToolProcess::goesOn(const std::function<bool()>& ready)
{
    const int most = direction_ == FEED ? MOST_STEPS : 0;
    for (int waited = 0; !stopped_ && !ready(); waited += interrupted())
        if (waited > most)
            stop();
    return !stopped_;
}

//! Asks ffmpeg, which is fed, to end its file; the second signal ends its waiting. Others are killed in the end.
void ToolProcess::stop()
{
    stopped_ = true;
    for (int k = 0; k < 2 && direction_ == FEED; ++k)
        kill(process_, SIGINT);
}

//! Whether it has ended, with what it returned.
bool ToolProcess::ended(int& status)
{
    if (process_ > 0 && waitpid(process_, &status, WNOHANG) == process_)
        process_ = -1;
    return process_ < 0;
}

int ToolProcess::wait()
{
    int status = 0;
    while (process_ > 0 && waitpid(process_, &status, 0) < 0 && errno == EINTR)
        continue;
    process_ = -1;
    return status;
}

std::string ToolProcess::messages(size_t most) const
{
    std::string text;
    std::rewind(messages_);
    char line[300];
    while (std::fgets(line, sizeof(line), messages_) && text.size() < most)
        text += line;
    return text;
}

void ToolProcess::fail()
{
    wait();
    const size_t most = 600;
    const std::string text = messages(most);
    throw std::runtime_error(name_ + " failed: " + (text.empty() ? "it ended early" : text));
}

} // namespace sanprivacy
