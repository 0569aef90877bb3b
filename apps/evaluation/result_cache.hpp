// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#ifndef SANPRIVACY_APPS_EVALUATION_RESULT_CACHE_HPP
#define SANPRIVACY_APPS_EVALUATION_RESULT_CACHE_HPP

#include "evaluation/diagnostics.hpp"

#include <filesystem>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

struct sqlite3; // of SQLite
struct sqlite3_stmt;

namespace sanprivacy { namespace apps {

/** Results kept on disk under the digest of all they were made from, so that nothing is computed twice.

One SQLite file; any thread may call. What was stored up to an interruption is kept. Where the file cannot be used, or
no longer (its disk is full), that is noted once, and the program goes on as if the cache were empty. */
class ResultCache
{
public:
    //! Opens or creates the file. Raises std::runtime_error where it is something else than a cache.
    ResultCache(const std::filesystem::path& file, Diagnostics& diagnostics);
    ~ResultCache();

    bool find(const std::string& key, std::string& value);
    bool find(const std::string& key, std::vector<float>& values);
    void store(const std::string& key, const std::string& value);
    void store(const std::string& key, const std::vector<float>& values);

private:
    typedef std::unique_ptr<sqlite3_stmt, int (*)(sqlite3_stmt*)> Statement;

    struct Failure; // of SQLite

    void open();
    void check(int code) const;
    void execute(const char* sql);
    Statement prepare(const char* sql);
    void giveUp(const std::string& reason);

    std::string file_;
    Diagnostics& diagnostics_;
    bool usable_;
    std::unique_ptr<sqlite3, int (*)(sqlite3*)> database_;
    Statement find_, store_;
    size_t uncommitted_;
    std::mutex mutex_;
};

//! Default file of stored results, in the user's cache folder.
std::filesystem::path defaultResultCache();

}} // namespace sanprivacy::apps

#endif // SANPRIVACY_APPS_EVALUATION_RESULT_CACHE_HPP
