// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#include "problems.hpp"

#include <algorithm>
#include <iostream>

namespace sanprivacy { namespace apps {

void Problems::fail(const std::string& subject, const std::string& what)
{
    add({ subject, what, true });
}

void Problems::note(const std::string& subject, const std::string& what)
{
    add({ subject, what, false });
}

size_t Problems::failures() const
{
    return size_t(std::count_if(problems_.begin(), problems_.end(), [](const Problem& problem) { return problem.failure; }));
}

void Problems::add(const Problem& problem)
{
    std::lock_guard<std::mutex> lock(mutex_);
    std::cerr << problem.subject << ": " << problem.what << std::endl;
    problems_.push_back(problem);
}

}} // namespace sanprivacy::apps
