// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#include "evaluation/diagnostics.hpp"

#include <algorithm>
#include <iostream>

namespace sanprivacy { namespace apps {

void Diagnostics::fail(const std::string& subject, const std::string& what)
{
    add({ subject, what, true });
}

void Diagnostics::note(const std::string& subject, const std::string& what)
{
    add({ subject, what, false });
}

size_t Diagnostics::failures() const
{
    return size_t(std::count_if(
        diagnostics_.begin(), diagnostics_.end(), [](const Diagnostic& diagnostic) { return diagnostic.failure; }));
}

void Diagnostics::add(const Diagnostic& diagnostic)
{
    std::lock_guard<std::mutex> lock(mutex_);
    std::cerr << diagnostic.subject << ": " << diagnostic.what << std::endl;
    diagnostics_.push_back(diagnostic);
}

}} // namespace sanprivacy::apps
