// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#include "common/atomic_file.hpp"
#include "temporary_folder.hpp"

#include <chrono>
#include <csignal>
#include <fstream>

#include <gtest/gtest.h>

#include <sys/resource.h>
#include <sys/stat.h>

namespace fs = std::filesystem;
using namespace sanprivacy;
using sanprivacy::test::numberOfFiles;
using sanprivacy::test::TemporaryFolder;
using sanprivacy::test::textOf;

namespace {

mode_t modeOf(const fs::path& file)
{
    struct stat there;
    return stat(file.c_str(), &there) == 0 ? there.st_mode & 0777 : 0;
}

} // namespace

TEST(AtomicFile, is_written_whole)
{
    const TemporaryFolder folder;
    const fs::path file = folder.path / "a.txt";
    writeFile(file, "one");
    writeFile(file, "two");
    EXPECT_EQ(textOf(file), "two");
    EXPECT_EQ(numberOfFiles(folder.path), 1u);
}

TEST(AtomicFile, keeps_permissions)
{
    const TemporaryFolder folder;
    const fs::path file = folder.path / "a.txt";
    const mode_t mask = umask(027);
    umask(mask);
    writeFile(file, "one");
    EXPECT_EQ(modeOf(file), mode_t(0666) & ~mask);
    fs::permissions(file, fs::perms(0600));
    writeFile(file, "two");
    EXPECT_EQ(modeOf(file), mode_t(0600));
}

TEST(AtomicFile, is_as_private_as_what_it_is_made_of)
{
    const TemporaryFolder folder;
    const fs::path source = folder.path / "source.txt";
    writeFile(source, "one");
    for (mode_t mode : { 0600, 0400 })
    {
        const fs::path file = folder.path / std::to_string(mode);
        fs::permissions(source, fs::perms(mode));
        writeFile(file, "two", 3, source);
        EXPECT_EQ(modeOf(file), mode_t(0600)) << "its owner may write it again";
    }
}

TEST(AtomicFile, has_the_permissions_of_its_target_where_a_tool_has_replaced_it)
{
    const TemporaryFolder folder;
    const fs::path file = folder.path / "a.txt", other = folder.path / "b.txt";
    writeFile(file, "one");
    writeFile(other, "two");
    fs::permissions(file, fs::perms(0600));
    TemporaryFile unfinished(file);
    fs::rename(other, unfinished.path());
    unfinished.replaceTarget();
    EXPECT_EQ(textOf(file), "two");
    EXPECT_EQ(modeOf(file), mode_t(0600));
}

TEST(AtomicFile, what_a_killed_run_has_left_goes_after_a_day)
{
    const TemporaryFolder folder;
    const char* const names[] = { ".sanprivacy+abcdef.jpg", ".0123-.sanprivacy+abcdef.gz", ".sanprivacy-film.mkv",
        "old.jpg", ".sanprivacy+ghijkl.jpg", ".sanprivacy+my holiday.jpg", "a.sanprivacy+abcdef.jpg" };
    for (const char* name : names)
    {
        std::ofstream(folder.path / name) << name;
        if (name != names[4])
            fs::last_write_time(folder.path / name, fs::file_time_type::clock::now() - std::chrono::hours(25));
    }
    writeFile(folder.path / "a.txt", "one");
    EXPECT_FALSE(fs::exists(folder.path / names[0]));
    EXPECT_FALSE(fs::exists(folder.path / names[1]));
    EXPECT_EQ(numberOfFiles(folder.path), 6u) << "an unfinished video, others' files, a new one and a.txt";
}

TEST(AtomicFile, a_full_disk_leaves_the_old_file_and_nothing_else)
{
    const TemporaryFolder folder;
    const fs::path file = folder.path / "a.txt";
    writeFile(file, "old");
    std::signal(SIGXFSZ, SIG_IGN);
    rlimit before, small;
    getrlimit(RLIMIT_FSIZE, &before);
    small = { 1000, before.rlim_max };
    setrlimit(RLIMIT_FSIZE, &small);
    EXPECT_THROW(writeFile(file, std::string(5000, 'x')), std::runtime_error);
    EXPECT_THROW(TemporaryFile(file).reserve(5000), std::runtime_error);
    EXPECT_NO_THROW(TemporaryFile(file).reserve(500));
    setrlimit(RLIMIT_FSIZE, &before);
    EXPECT_EQ(textOf(file), "old");
    EXPECT_EQ(numberOfFiles(folder.path), 1u);
}

TEST(AtomicFile, two_with_one_target_do_not_meet)
{
    const TemporaryFolder folder;
    const fs::path file = folder.path / "a.mkv";
    TemporaryFile first(file), second(file);
    EXPECT_NE(first.path(), second.path());
    EXPECT_EQ(first.path().extension(), ".mkv");
    first.write("first", 5);
    second.write("second", 6);
    first.replaceTarget();
    EXPECT_EQ(textOf(file), "first");
    second.replaceTarget();
    EXPECT_EQ(textOf(file), "second");
    EXPECT_EQ(numberOfFiles(folder.path), 1u);
}

TEST(AtomicFile, names_of_255_bytes)
{
    const TemporaryFolder folder;
    for (const std::string& name : { std::string(251, 'x') + ".mp4", "a." + std::string(253, 'y') })
    {
        const fs::path file = folder.path / name;
        writeFile(file, "long");
        EXPECT_EQ(textOf(file), "long");
        const fs::path unfinished = unfinishedName(file);
        EXPECT_LE(unfinished.filename().string().size(), 255u);
        writeFile(unfinished, "half");
        EXPECT_EQ(textOf(file), "long");
    }
    EXPECT_EQ(unfinishedName("b/x.mkv"), fs::path("b/.sanprivacy-x.mkv"));
    EXPECT_NE(unfinishedName(std::string(250, 'x') + "1.mkv"), unfinishedName(std::string(250, 'x') + "2.mkv"));
}

TEST(AtomicFile, replaces_regular_files_only)
{
    EXPECT_THROW(writeFile("/dev/null", "x"), std::runtime_error);
    const TemporaryFolder folder;
    EXPECT_THROW(writeFile(folder.path, "x"), std::runtime_error);
    EXPECT_THROW(writeFile(folder.path / "none" / "a", "x"), std::runtime_error);
}

TEST(AtomicFile, standard_output_is_none)
{
    EXPECT_THROW(writeFile("-", "text"), std::runtime_error);
    EXPECT_THROW(makeWritableFolder("-"), std::runtime_error);
    EXPECT_NO_THROW(refuseStandardOutput("./-"));
    EXPECT_FALSE(fs::exists("-"));
}

TEST(AtomicFile, temporary_files_go_when_asked)
{
    const TemporaryFolder folder;
    const TemporaryFile one(folder.path / "one"), two(folder.path / "two");
    EXPECT_EQ(numberOfFiles(folder.path), 2u);
    removeTemporaryFiles();
    EXPECT_EQ(numberOfFiles(folder.path), 0u);
}

TEST(AtomicFile, a_lock_is_held_once)
{
    const TemporaryFolder folder;
    for (const fs::path& held : { folder.path / "a", folder.path })
    {
        {
            const FileLock lock(held);
            EXPECT_THROW(FileLock { held }, std::runtime_error);
        }
        EXPECT_NO_THROW(FileLock { held });
    }
}
