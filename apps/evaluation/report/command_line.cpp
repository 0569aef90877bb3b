// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#include "evaluation/report/command_line.hpp"

#include <vector>

#include <CLI/CLI.hpp>

namespace sanprivacy { namespace apps {

namespace {

//! Every option but --help.
std::vector<const CLI::Option*> optionsOf(const CLI::App& command)
{
    std::vector<const CLI::Option*> options = command.get_options();
    for (size_t i = options.size(); i-- > 0;)
        if (options[i] == command.get_help_ptr())
            options.erase(options.begin() + std::ptrdiff_t(i));
    return options;
}

std::string nameOf(const CLI::Option& option)
{
    if (!option.get_lnames().empty())
        return "--" + option.get_lnames().front();
    return option.get_snames().empty() ? std::string() : "-" + option.get_snames().front();
}

bool isFlag(const CLI::Option& option)
{
    return option.get_items_expected_max() == 0;
}

std::string joined(const std::vector<std::string>& values, const std::string& delimiter)
{
    std::string text;
    for (const std::string& value : values)
        text += (text.empty() ? "" : delimiter) + value;
    return text;
}

std::string delimiterOf(const CLI::Option& option)
{
    return std::string(1, option.get_delimiter() == 0 ? ' ' : option.get_delimiter());
}

//! In quotation marks where a shell would read anything into the text.
std::string quoted(const std::string& text)
{
    const char* const harmless = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-+=.,:/@%";
    if (!text.empty() && text.find_first_not_of(harmless) == std::string::npos)
        return text;
    std::string result = "'";
    for (char c : text)
        result += c == '\'' ? std::string("'\\''") : std::string(1, c);
    return result + "'";
}

} // namespace

std::string commandLine(const CLI::App& command)
{
    std::string line = command.get_parent()->get_name() + " " + command.get_name();
    for (const CLI::Option* option : optionsOf(command))
    {
        if (option->count() == 0)
            continue;
        line += " " + nameOf(*option);
        if (isFlag(*option))
            continue;
        if (option->get_delimiter() != 0)
            line += " " + quoted(joined(option->results(), delimiterOf(*option)));
        else
            for (const std::string& value : option->results())
                line += " " + quoted(value);
    }
    return line;
}

Table optionTable(const CLI::App& command)
{
    Table table = { "options", "Options",
        "What the command line said and, of the options that it left out, what they were.",
        { { "option", "option", Unit::TEXT }, { "value", "value", Unit::TEXT }, { "origin", "origin", Unit::TEXT } },
        {} };
    for (const CLI::Option* option : optionsOf(command))
    {
        const bool given = option->count() > 0;
        const std::string value = !given            ? (isFlag(*option) ? std::string("no") : option->get_default_str())
                                  : isFlag(*option) ? std::string("yes")
                                                    : joined(option->results(), delimiterOf(*option));
        table.rows.push_back(
            { nameOf(*option), value.empty() && !given ? "(see --help)" : value, given ? "given" : "default" });
    }
    return table;
}

}} // namespace sanprivacy::apps
