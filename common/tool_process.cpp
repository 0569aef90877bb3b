// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#include "common/tool_process.hpp"

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <stdexcept>

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

extern char** environ;

namespace sanprivacy {

ToolProcess::ToolProcess(std::vector<std::string> command, Direction direction)
    : name_(command.front()), process_(-1), pipe_(nullptr), messages_(std::tmpfile())
{
    int ends[2];
    if (!messages_ || pipe2(ends, O_CLOEXEC) != 0)
        throw std::runtime_error("cannot start " + name_ + ": " + std::strerror(errno));
    std::vector<char*> argv;
    for (std::string& argument : command)
        argv.push_back(&argument[0]);
    argv.push_back(nullptr);
    const int ours = direction == FEED ? 1 : 0, theirs = 1 - ours;

    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, ends[theirs], direction == FEED ? STDIN_FILENO : STDOUT_FILENO);
    if (direction == FEED)
        posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
    else
        posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&actions, fileno(messages_), STDERR_FILENO);
    posix_spawnattr_t attributes;
    posix_spawnattr_init(&attributes);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGDEF);
    sigset_t restored;
    sigemptyset(&restored);
    sigaddset(&restored, SIGPIPE);
    posix_spawnattr_setsigdefault(&attributes, &restored);
    const int error = posix_spawnp(&process_, argv[0], &actions, &attributes, argv.data(), environ);
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&actions);
    close(ends[theirs]);
    if (error == 0)
    {
        pipe_ = fdopen(ends[ours], direction == FEED ? "wb" : "rb");
        if (direction == FEED)
            std::setvbuf(pipe_, nullptr, _IONBF, 0);
        return;
    }
    close(ends[ours]);
    std::fclose(messages_);
    if (error == ENOENT)
        throw std::runtime_error("the tool " + name_ + " is not installed (apt install ffmpeg)");
    throw std::runtime_error("cannot start " + name_ + ": " + std::strerror(error));
}

ToolProcess::~ToolProcess()
{
    if (process_ > 0)
    {
        kill(process_, SIGKILL);
        wait();
    }
    if (pipe_)
        std::fclose(pipe_);
    std::fclose(messages_);
}

void ToolProcess::feed(const void* data, size_t size)
{
    const char* content = static_cast<const char*>(data);
    while (size > 0)
    {
        const ssize_t written = ::write(fileno(pipe_), content, size);
        if (written < 0 && errno == EINTR)
            continue;
        if (written < 0)
            fail();
        content += written;
        size -= size_t(written);
    }
}

bool ToolProcess::readLine(std::string& line)
{
    line.clear();
    char part[300];
    while (std::fgets(part, sizeof(part), pipe_))
    {
        line += part;
        if (line.back() != '\n')
            continue;
        line.pop_back();
        return true;
    }
    return !line.empty();
}

void ToolProcess::finish()
{
    std::fclose(pipe_);
    pipe_ = nullptr;
    if (wait() != 0)
        fail();
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

int ToolProcess::wait()
{
    int status = 0;
    while (process_ > 0 && waitpid(process_, &status, 0) < 0 && errno == EINTR)
        continue;
    process_ = -1;
    return status;
}

void ToolProcess::fail()
{
    wait();
    std::string text;
    std::rewind(messages_);
    char line[300];
    while (std::fgets(line, sizeof(line), messages_) && text.size() < 600)
        text += line;
    throw std::runtime_error(name_ + " failed: " + (text.empty() ? "it ended early" : text));
}

} // namespace sanprivacy
