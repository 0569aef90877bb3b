// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#include "options/without_effect.hpp"

#include <CLI/CLI.hpp>

#include <iostream>

namespace sanprivacy { namespace apps {

void warnWithoutEffect(const CLI::App& command, const std::vector<std::string>& options, const std::string& because)
{
    std::string given;
    for (const std::string& option : options)
        if (command.get_option(option)->count() > 0)
            given += (given.empty() ? "" : ", ") + option;
    if (!given.empty())
        std::cerr << given << ": no effect " << because << std::endl;
}

}} // namespace sanprivacy::apps
