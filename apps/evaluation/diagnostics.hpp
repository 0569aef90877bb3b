// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#ifndef SANPRIVACY_APPS_EVALUATION_DIAGNOSTICS_HPP
#define SANPRIVACY_APPS_EVALUATION_DIAGNOSTICS_HPP

#include <mutex>
#include <string>
#include <vector>

namespace sanprivacy { namespace apps {

//! Something that an evaluation had to leave out, or that its reader should know.
struct Diagnostic
{
    std::string subject; //!< file, network, person ...
    std::string what;
    bool failure; //!< left out; otherwise a note
};

//! Collects diagnostics and prints each on stderr as it comes up; any thread may call.
class Diagnostics
{
public:
    void fail(const std::string& subject, const std::string& what);
    void note(const std::string& subject, const std::string& what);
    const std::vector<Diagnostic>& all() const { return diagnostics_; }
    size_t failures() const;

private:
    void add(const Diagnostic& diagnostic);

    std::vector<Diagnostic> diagnostics_;
    std::mutex mutex_;
};

}} // namespace sanprivacy::apps

#endif // SANPRIVACY_APPS_EVALUATION_DIAGNOSTICS_HPP
