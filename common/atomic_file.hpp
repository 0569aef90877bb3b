// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#ifndef SANPRIVACY_COMMON_ATOMIC_FILE_HPP
#define SANPRIVACY_COMMON_ATOMIC_FILE_HPP

#include <filesystem>
#include <string>
#include <vector>

namespace sanprivacy {

//! The whole content of a regular file. Raises std::runtime_error where there is none, or nothing in it.
std::vector<unsigned char> readFile(const std::filesystem::path& file);

//! Raises std::runtime_error for "-", which many programs take for standard output: it would be a file of this name.
void refuseStandardOutput(const std::filesystem::path& name);

/** A new file in the folder of its target, under a hidden name that no other file has; it then takes the target's
place.

So a target appears whole or not at all, and two runs with one target never touch each other's file. What has not
become the target goes with the object, and with the program where removeTemporaryFiles() is called. What a program
that was killed has left goes when a later one makes a file in that folder, from a day on. */
class TemporaryFile
{
public:
    /** Raises std::runtime_error where no file can be made there, or the target is there and no regular file.
    Endings of up to 16 bytes are the target's, for tools that recognise a format by it. */
    explicit TemporaryFile(const std::filesystem::path& target);
    TemporaryFile(const TemporaryFile&) = delete;
    TemporaryFile& operator=(const TemporaryFile&) = delete;
    ~TemporaryFile();

    const std::filesystem::path& path() const { return path_; }

    //! Raises std::runtime_error where a file of that size has no room. The file then has it, and is to be made anew.
    void reserve(size_t size);
    void write(const void* content, size_t size); //!< appends; raises std::runtime_error where it cannot
    //! Replaces the target. Its permissions stay; those of a new one are permissionsFor() its source.
    void replaceTarget(const std::filesystem::path& source = std::filesystem::path());

private:
    std::filesystem::path target_, path_;
    int descriptor_, slot_;
};

/** The permissions of a file that takes the place of `target`: those that the target has. A new one has what any new
file of the user has, less what its source lacks: what is made from a private file is private. */
std::filesystem::perms permissionsFor(
    const std::filesystem::path& target, const std::filesystem::path& source = std::filesystem::path());

//! Makes an empty file that only its user can read, in the place of whatever has that name, a link as well.
void makePrivateFile(const std::filesystem::path& file);

//! Removes the temporary files of the process. May be called in a signal handler.
void removeTemporaryFiles();

//! Writes a file that appears whole or not at all, see TemporaryFile. `source` is what it is made from.
void writeFile(const std::filesystem::path& file, const void* content, size_t size,
    const std::filesystem::path& source = std::filesystem::path());
void writeFile(const std::filesystem::path& file, const std::string& content);

/** The hidden name beside a file under which a later run finds what an interrupted one left of it: `.sanprivacy-NAME`,
and where that is longer than a name may be, a digest of NAME in its place. The ending stays. */
std::filesystem::path unfinishedName(const std::filesystem::path& file);

//! Holds a file or folder for this process. The lock goes with the object or process; who does not ask can still write.
class FileLock
{
public:
    //! Creates a file where nothing is there. Raises std::runtime_error where
    //! another process holds it, or its name is that of a link, behind which another file could lie.
    explicit FileLock(const std::filesystem::path& file);
    FileLock(const FileLock&) = delete;
    FileLock& operator=(const FileLock&) = delete;
    ~FileLock();

private:
    int descriptor_;
};

//! Creates a folder and makes sure that files can be written to it. Raises std::runtime_error otherwise.
void makeWritableFolder(const std::filesystem::path& folder);

} // namespace sanprivacy

#endif // SANPRIVACY_COMMON_ATOMIC_FILE_HPP
