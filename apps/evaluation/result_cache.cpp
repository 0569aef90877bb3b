// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#include "evaluation/result_cache.hpp"

#include "common/cache_folder.hpp"
#include "common/digest.hpp"

#include <algorithm>
#include <cstring>
#include <stdexcept>

#include <fcntl.h>
#include <sqlite3.h>
#include <unistd.h>

namespace fs = std::filesystem;

namespace sanprivacy { namespace apps {

namespace {

const size_t STORES_PER_COMMIT = 200; // some seconds of work, which another run then waits for
const size_t CHECKSUM = 8;            // bytes before each value
const int BUSY_MILLISECONDS = 60000;  // another run may be writing

//! Reveals a value that was damaged on the disk.
std::string checksum(const std::string& key, const std::string& value)
{
    return Digest().add(key).add(value).value().substr(0, CHECKSUM);
}

} // namespace

struct ResultCache::Failure : std::runtime_error
{
    Failure(int code_, const std::string& what) : std::runtime_error(what), code(code_) {}
    int code;
};

ResultCache::ResultCache(const fs::path& file, Diagnostics& diagnostics)
    : file_(file.string()), diagnostics_(diagnostics), usable_(true), database_(nullptr, sqlite3_close),
      find_(nullptr, sqlite3_finalize), store_(nullptr, sqlite3_finalize), uncommitted_(0)
{
    try
    {
        open();
    }
    catch (const Failure& failure)
    {
        if (failure.code == SQLITE_NOTADB)
            throw std::runtime_error("'" + file_ + "' is not a cache of results: " + failure.what());
        giveUp(failure.what());
    }
}

void ResultCache::open()
{
    const fs::path folder = fs::path(file_).parent_path();
    std::error_code error;
    if (!folder.empty())
        fs::create_directories(folder, error);
    if (error)
        throw Failure(SQLITE_CANTOPEN, "cannot create the folder '" + folder.string() + "': " + error.message());
    // Descriptors of faces are for their owner only. A file that is there keeps its permissions.
    const int descriptor = ::open(file_.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    if (descriptor >= 0)
        close(descriptor);
    sqlite3* database = nullptr;
    const int opened = sqlite3_open(file_.c_str(), &database);
    database_.reset(database);
    check(opened);
    sqlite3_busy_timeout(database, BUSY_MILLISECONDS);
    execute("PRAGMA journal_mode = WAL");
    execute("PRAGMA synchronous = NORMAL");
    execute("CREATE TABLE IF NOT EXISTS results (key BLOB PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID");
    find_ = prepare("SELECT value FROM results WHERE key = ?");
    store_ = prepare("INSERT OR REPLACE INTO results (key, value) VALUES (?, ?)");
}

ResultCache::~ResultCache()
{
    if (uncommitted_ > 0)
        sqlite3_exec(database_.get(), "COMMIT", nullptr, nullptr, nullptr);
}

bool ResultCache::find(const std::string& key, std::string& value)
{
    std::lock_guard<std::mutex> lock(mutex_);
    if (!usable_)
        return false;
    try
    {
        sqlite3_reset(find_.get());
        check(sqlite3_bind_blob(find_.get(), 1, key.data(), int(key.size()), SQLITE_TRANSIENT));
        const int found = sqlite3_step(find_.get());
        if (found == SQLITE_DONE)
            return false;
        check(found == SQLITE_ROW ? SQLITE_OK : found);
        const void* bytes = sqlite3_column_blob(find_.get(), 0);
        const std::string stored(
            static_cast<const char*>(bytes ? bytes : ""), size_t(sqlite3_column_bytes(find_.get(), 0)));
        sqlite3_reset(find_.get());
        const std::string content = stored.substr(std::min(CHECKSUM, stored.size()));
        if (stored.compare(0, CHECKSUM, checksum(key, content)) != 0)
            return false;
        value = content;
        return true;
    }
    catch (const Failure& failure)
    {
        giveUp(failure.what());
        return false;
    }
}

bool ResultCache::find(const std::string& key, std::vector<float>& values)
{
    std::string bytes;
    if (!find(key, bytes))
        return false;
    values.resize(bytes.size() / sizeof(float));
    std::memcpy(values.data(), bytes.data(), values.size() * sizeof(float));
    return true;
}

void ResultCache::store(const std::string& key, const std::string& content)
{
    const std::string value = checksum(key, content) + content;
    std::lock_guard<std::mutex> lock(mutex_);
    if (!usable_)
        return;
    try
    {
        if (uncommitted_ == 0)
            execute("BEGIN");
        sqlite3_reset(store_.get());
        check(sqlite3_bind_blob(store_.get(), 1, key.data(), int(key.size()), SQLITE_TRANSIENT));
        check(sqlite3_bind_blob(store_.get(), 2, value.data(), int(value.size()), SQLITE_TRANSIENT));
        const int stored = sqlite3_step(store_.get());
        check(stored == SQLITE_DONE ? SQLITE_OK : stored);
        sqlite3_reset(store_.get());
        if (++uncommitted_ == STORES_PER_COMMIT)
        {
            execute("COMMIT");
            uncommitted_ = 0;
        }
    }
    catch (const Failure& failure)
    {
        giveUp(failure.what());
    }
}

void ResultCache::store(const std::string& key, const std::vector<float>& values)
{
    store(key, std::string(reinterpret_cast<const char*>(values.data()), values.size() * sizeof(float)));
}

void ResultCache::check(int code) const
{
    if (code != SQLITE_OK)
        throw Failure(code & 0xFF, database_ ? sqlite3_errmsg(database_.get()) : sqlite3_errstr(code));
}

void ResultCache::execute(const char* sql)
{
    check(sqlite3_exec(database_.get(), sql, nullptr, nullptr, nullptr));
}

ResultCache::Statement ResultCache::prepare(const char* sql)
{
    sqlite3_stmt* statement = nullptr;
    check(sqlite3_prepare_v2(database_.get(), sql, -1, &statement, nullptr));
    return Statement(statement, sqlite3_finalize);
}

//! From now on nothing is found and nothing is stored.
void ResultCache::giveUp(const std::string& reason)
{
    usable_ = false;
    uncommitted_ = 0; // what of it is on disk the next one who opens the file finds out
    diagnostics_.note("cache '" + file_ + "'", reason + "; results are not kept for other runs");
}

fs::path defaultResultCache()
{
    return cacheFolder() / "evaluation.sqlite";
}

}} // namespace sanprivacy::apps
