// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#include "common/atomic_file.hpp"

#include <cerrno>
#include <cstring>
#include <fstream>
#include <stdexcept>

#include <fcntl.h>
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
    static const mode_t mask = [] { const mode_t found = umask(0); umask(found); return found; }();
    return mask;
}

//! A file of a name of its own next to `target`; gone with the object unless it has become the target.
class TemporaryFile
{
public:
    explicit TemporaryFile(const fs::path& target)
        : target_(target), name_((target.parent_path() / ".sanprivacy-XXXXXX").string())
    {
        descriptor_ = mkstemp(&name_[0]);
        if (descriptor_ < 0)
            throw systemError("cannot create a file for", target_);
    }
    TemporaryFile(const TemporaryFile&) = delete;
    TemporaryFile& operator=(const TemporaryFile&) = delete;

    ~TemporaryFile()
    {
        if (descriptor_ >= 0)
            close(descriptor_);
        if (!name_.empty())
            unlink(name_.c_str());
    }

    void write(const char* content, size_t size)
    {
        while (size > 0)
        {
            const ssize_t written = ::write(descriptor_, content, size);
            if (written < 0 && errno != EINTR)
                throw systemError("cannot write", target_);
            if (written > 0)
            {
                content += written;
                size -= size_t(written);
            }
        }
    }

    void becomeTarget()
    {
        // mkstemp gives access to the owner only; the finished file gets what any new file of the user would have.
        if (fchmod(descriptor_, 0666 & ~userMask()) != 0)
            throw systemError("cannot write", target_);
        const int descriptor = descriptor_;
        descriptor_ = -1;
        if (close(descriptor) != 0) // network file systems report a full disk only here
            throw systemError("cannot write", target_);
        if (rename(name_.c_str(), target_.c_str()) != 0)
            throw systemError("cannot write", target_);
        name_.clear();
    }

private:
    fs::path target_;
    std::string name_;
    int descriptor_;
};

} // namespace

std::vector<unsigned char> readFile(const fs::path& file)
{
    if (!fs::exists(file))
        throw std::runtime_error("no such file");
    if (!fs::is_regular_file(file))
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

void writeFile(const fs::path& file, const void* content, size_t size)
{
    TemporaryFile temporary(file);
    temporary.write(static_cast<const char*>(content), size);
    temporary.becomeTarget();
}

void writeFile(const fs::path& file, const std::string& content)
{
    writeFile(file, content.data(), content.size());
}

void makeWritableFolder(const fs::path& folder)
{
    std::error_code error;
    fs::create_directories(folder, error);
    if (error || !fs::is_directory(folder))
        throw std::runtime_error("cannot create the folder '" + folder.string() + "': "
                                 + (error ? error.message() : "a file of that name is in the way"));
    if (access(folder.c_str(), W_OK | X_OK) != 0)
        throw systemError("cannot write to the folder", folder);
}

} // namespace sanprivacy
