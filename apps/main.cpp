// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#include "commands/commands.hpp"
#include "common/failure_message.hpp"
#include "common/help_format.hpp"
#include "common/message.hpp"
#include "common/process.hpp"
#include "common/version.hpp"

#include <filesystem>
#include <iostream>
#include <sstream>
#include <string>
#include <vector>

#include <malloc.h>

#include <CLI/CLI.hpp>
#include <opencv2/core/utils/logger.hpp>

using namespace sanprivacy;
using namespace sanprivacy::apps;

namespace {

/** The arguments as the parser is to have them: last one first. It would take a name in brackets, as [2021], for a
list, and that of a file as -a.jpg for an option; as ./[2021] and ./-a.jpg they are the same files and stay such. */
std::vector<std::string> literalArguments(int argc, char** argv)
{
    std::vector<std::string> arguments;
    for (int i = argc - 1; i > 0; --i)
    {
        const std::string argument = argv[i];
        const bool bracketed = argument.size() > 1 && argument.front() == '[' && argument.back() == ']';
        std::error_code no_file; // nor is a name that no file can have
        const bool file = argument.size() > 2 && argument[0] == '-' && argument[1] != '-'
                          && std::filesystem::exists(argument, no_file);
        arguments.push_back((bracketed || file ? "./" : "") + argument);
    }
    if (!arguments.empty() && arguments.back() == "help") // as of other programs that have commands
    {
        arguments.pop_back();
        arguments.insert(arguments.begin(), "--help");
    }
    return arguments;
}

//! What the parser says: help as it is, errors, which repeat the arguments, as a terminal can show them.
ExitCode report(const CLI::App& app, const CLI::ParseError& error)
{
    std::ostringstream help, errors;
    const int code = app.exit(error, help, errors);
    std::cout << help.str() << std::flush;
    std::istringstream lines(errors.str());
    for (std::string line; std::getline(lines, line);)
        std::cerr << printable(line) << std::endl;
    return code == 0 ? SUCCEEDED : BAD_USAGE;
}

} // namespace

int main(int argc, char** argv)
{
    prepareProcess();
    // Memory that is given back comes again page by page, each cleared anew: a frame's and the networks' is kept.
    mallopt(M_MMAP_MAX, 0);
    mallopt(M_TRIM_THRESHOLD, -1);
    mallopt(M_ARENA_MAX, 1);
    // Whatever OpenCV logs about a bad image, the commands say in one line.
    cv::utils::logging::setLogLevel(cv::utils::logging::LOG_LEVEL_SILENT);

    CLI::App app(
        "Changes faces so that software misreads their gender, while face matchers still recognise the person.",
        "sanprivacy");
    app.require_subcommand(1);
    app.failure_message(failureMessage);
    app.set_version_flag(
        "--version", [] { return versionText("sanprivacy"); }, "Version, OpenCV and its backends");
    app.formatter(std::make_shared<HelpFormat>(34));
    const std::vector<Command> commands = { addPerturb(app), addContactSheet(app), addPrototypes(app), addEvaluate(app),
        addVideo(app), addBench(app) };
    try
    {
        app.parse(literalArguments(argc, argv));
        for (const Command& command : commands)
            if (command.parser->parsed())
                return command.run();
    }
    catch (const CLI::ParseError& error)
    {
        return report(app, error); // --help arrives here too
    }
    catch (const UsageError& error)
    {
        std::cerr << "sanprivacy: " << message(error) << std::endl;
        return BAD_USAGE;
    }
    catch (const std::exception& error)
    {
        std::cerr << "sanprivacy: " << message(error) << std::endl;
    }
    return FAILED;
}
