// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#ifndef SANPRIVACY_COMMON_FAILURE_MESSAGE_HPP
#define SANPRIVACY_COMMON_FAILURE_MESSAGE_HPP

#include <string>
#include <vector>

#include <CLI/CLI.hpp>

namespace sanprivacy {

//! The message of a program with commands on wrong arguments; for CLI::App::failure_message().
inline std::string failureMessage(const CLI::App* app, const CLI::Error& error)
{
    const std::vector<std::string> unknown = app->remaining();
    if (!app->get_subcommands().empty() || error.get_name() != "RequiredError")
        return CLI::FailureMessage::simple(app, error);
    std::string names;
    for (const CLI::App* command : app->get_subcommands([](const CLI::App*) { return true; }))
        names += (names.empty() ? "" : ", ") + command->get_name();
    return (unknown.empty() || unknown[0][0] == '-' ? "expected a command: "
                                                    : "no such command: '" + unknown[0] + "'; expected ")
           + names + "\nRun with --help for more information.\n";
}

} // namespace sanprivacy

#endif // SANPRIVACY_COMMON_FAILURE_MESSAGE_HPP
