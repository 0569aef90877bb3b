// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#include "common/atomic_file.hpp"

#include "common/digest.hpp"
#include "common/message.hpp"

#include <atomic>
#include <cerrno>
#include <chrono>
#include <climits>
#include <cstring>
#include <fstream>
#include <iterator>
#include <mutex>
#include <regex>
#include <set>
#include <stdexcept>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

namespace fs = std::filesystem;

namespace sanprivacy {

namespace {

std::runtime_error systemError(const std::string& action, const fs::path& path)
{
    return std::runtime_error(action + " '" + path.string() + "': " + std::strerror(errno));
}

//! The permissions that new files of this process lack. Asking means setting, so it is done once.
mode_t userMask()
{
    static const mode_t mask = []
    {
        const mode_t found = umask(0);
        umask(found);
        return found;
    }();
    return mask;
}

//! Names of the temporary files there are, where a signal handler finds them.
std::atomic<const char*> temporary_names[256];

const char* const TEMPORARY = ".sanprivacy+"; // no unfinishedName()

//! Whether a TemporaryFile had this name, or a PrototypeBuilder made a file of it. Others' names are longer or shorter.
bool isTemporaryName(const std::string& name)
{
    static const std::regex names(R"(\.([0-9a-f]+-\.)?sanprivacy\+[A-Za-z0-9]{6}(\.[^.]{0,15})?)");
    return std::regex_match(name, names);
}

//! Removes the temporary files of runs that were killed, once they are a day old. Looks at a folder once.
void removeLeftovers(const fs::path& folder)
{
    static std::mutex mutex;
    static std::set<fs::path> seen;
    {
        std::lock_guard<std::mutex> lock(mutex);
        if (!seen.insert(folder).second)
            return;
    }
    const auto yesterday = fs::file_time_type::clock::now() - std::chrono::hours(24);
    std::error_code error, ignored;
    for (fs::directory_iterator file(folder.empty() ? fs::path(".") : folder, error), end; !error && file != end;
         file.increment(error))
    {
        if (isTemporaryName(file->path().filename().string()) && fs::is_regular_file(file->symlink_status(ignored))
            && file->last_write_time(ignored) < yesterday && !ignored)
            fs::remove(file->path(), ignored);
    }
}

} // namespace

void refuseStandardOutput(const fs::path& name)
{
    if (name == "-" || name == "-/")
        throw std::runtime_error("'-' is not taken for standard output; './-' is a file or folder of this name");
}

std::vector<unsigned char> readFile(const fs::path& file)
{
    std::error_code error;
    const fs::file_status status = fs::status(file, error);
    if (status.type() == fs::file_type::not_found)
        throw std::runtime_error("no such file");
    if (status.type() == fs::file_type::none)
        throw std::runtime_error(reason(error));
    if (!fs::is_regular_file(status))
        throw std::runtime_error("not a regular file");
    std::ifstream stream(file, std::ios::binary);
    if (!stream)
        throw std::runtime_error(std::string("cannot be read: ") + std::strerror(errno));
    std::vector<unsigned char> content(fs::file_size(file));
    if (content.empty())
        throw std::runtime_error("the file is empty");
    if (!stream.read(reinterpret_cast<char*>(content.data()), std::streamsize(content.size())))
        throw std::runtime_error("cannot be read to its end");
    return content;
}

fs::perms permissionsFor(const fs::path& target, const fs::path& source)
{
    struct stat there;
    if (stat(target.c_str(), &there) == 0)
        return fs::perms(there.st_mode & 0777);
    const bool known = !source.empty() && stat(source.c_str(), &there) == 0;
    return fs::perms(0666 & ~userMask() & (known ? there.st_mode | 0200 : mode_t(0777))); // always to be written again
}

void makePrivateFile(const fs::path& file)
{
    std::error_code none;
    fs::remove(file, none);
    const int descriptor = open(file.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (descriptor < 0)
        throw systemError("cannot write", file);
    close(descriptor);
}

TemporaryFile::TemporaryFile(const fs::path& target) : target_(target), slot_(-1)
{
    refuseStandardOutput(target);
    std::error_code ignored;
    if (fs::exists(target, ignored) && !fs::is_regular_file(target, ignored))
        throw std::runtime_error("cannot write '" + target.string() + "': not a regular file");
    removeLeftovers(target.parent_path());
    const size_t longest_ending = 16;
    const std::string whole_ending = target.extension().string();
    const std::string ending = whole_ending.size() <= longest_ending ? whole_ending : std::string();
    std::string name = (target.parent_path() / (TEMPORARY + ("XXXXXX" + ending))).string();
    descriptor_ = mkostemps(&name[0], int(ending.size()), O_CLOEXEC);
    if (descriptor_ < 0)
        throw systemError("cannot create a file for", target_);
    path_ = name;
    const int slots = int(std::size(temporary_names));
    const char* free_slot = nullptr;
    for (int slot = 0; slot < slots && slot_ < 0; ++slot, free_slot = nullptr)
        if (temporary_names[slot].compare_exchange_strong(free_slot, path_.c_str()))
            slot_ = slot;
}

TemporaryFile::~TemporaryFile()
{
    if (descriptor_ >= 0)
        close(descriptor_);
    if (!path_.empty())
        unlink(path_.c_str());
    if (slot_ >= 0)
        temporary_names[slot_] = nullptr;
}

void TemporaryFile::reserve(size_t size)
{
    errno = posix_fallocate(descriptor_, 0, off_t(size));
    if (errno == ENOSPC || errno == EFBIG || errno == EDQUOT) // others: it cannot be asked there
        throw systemError("cannot write", target_);
}

void TemporaryFile::write(const void* content, size_t size)
{
    const char* position = static_cast<const char*>(content);
    while (size > 0)
    {
        const ssize_t written = ::write(descriptor_, position, size);
        if (written < 0 && errno != EINTR)
            throw systemError("cannot write", target_);
        if (written > 0)
        {
            position += written;
            size -= size_t(written);
        }
    }
}

void TemporaryFile::replaceTarget(const fs::path& source)
{
    // By its name: what writes to it may put a file of its own there.
    if (chmod(path_.c_str(), mode_t(permissionsFor(target_, source))) != 0)
        throw systemError("cannot write", target_);
    const int descriptor = descriptor_;
    descriptor_ = -1;
    if (close(descriptor) != 0) // network file systems report a full disk only here
        throw systemError("cannot write", target_);
    if (rename(path_.c_str(), target_.c_str()) != 0)
        throw systemError("cannot write", target_);
    if (slot_ >= 0)
        temporary_names[slot_] = nullptr;
    slot_ = -1;
    path_.clear();
}

void removeTemporaryFiles()
{
    for (std::atomic<const char*>& name : temporary_names)
        if (const char* file = name.exchange(nullptr))
            unlink(file);
}

void writeFile(const fs::path& file, const void* content, size_t size, const fs::path& source)
{
    TemporaryFile temporary(file);
    temporary.write(content, size);
    temporary.replaceTarget(source);
}

void writeFile(const fs::path& file, const std::string& content)
{
    writeFile(file, content.data(), content.size());
}

fs::path unfinishedName(const fs::path& file)
{
    std::string hidden = ".sanprivacy-";
    const std::string name = file.filename().string();
    if (hidden.size() + name.size() <= NAME_MAX)
        return file.parent_path() / (hidden + name);
    for (unsigned char byte : Digest().add(name).value())
        hidden += cv::format("%02x", byte);
    return file.parent_path() / (hidden + file.extension().string().substr(0, NAME_MAX - hidden.size()));
}

FileLock::FileLock(const fs::path& file)
{
    std::error_code ignored;
    const bool folder = fs::is_directory(fs::symlink_status(file, ignored));
    descriptor_ =
        open(file.c_str(), (folder ? O_RDONLY | O_DIRECTORY : O_RDWR | O_CREAT) | O_NOFOLLOW | O_CLOEXEC, 0666);
    if (descriptor_ < 0)
        throw systemError("cannot write", file);
    if (flock(descriptor_, LOCK_EX | LOCK_NB) == 0)
        return;
    const bool held = errno == EWOULDBLOCK;
    if (folder && !held) // file systems of other machines may lock none
        return;
    const std::runtime_error error = held
                                         ? std::runtime_error("'" + file.string() + "' is being written by another run")
                                         : systemError("cannot lock", file);
    close(descriptor_);
    throw error;
}

FileLock::~FileLock()
{
    close(descriptor_);
}

void makeWritableFolder(const fs::path& folder)
{
    refuseStandardOutput(folder);
    std::error_code error;
    fs::create_directories(folder, error);
    if (error || !fs::is_directory(folder))
        throw std::runtime_error("cannot create the folder '" + folder.string()
                                 + "': " + (error ? reason(error) : "it is a file; expected a folder"));
    if (access(folder.c_str(), W_OK | X_OK) != 0)
        throw systemError("cannot write to the folder", folder);
}

} // namespace sanprivacy
