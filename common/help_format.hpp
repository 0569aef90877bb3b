// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#ifndef SANPRIVACY_COMMON_HELP_FORMAT_HPP
#define SANPRIVACY_COMMON_HELP_FORMAT_HPP

#include <cstddef>
#include <regex>
#include <string>

#include <CLI/CLI.hpp>

namespace sanprivacy {

//! Help as a reader wants it: of an option its values, but not how the parser checks them.
class HelpFormat : public CLI::Formatter
{
public:
    explicit HelpFormat(size_t column)
    {
        column_width(column);
#if CLI11_VERSION_MAJOR > 2 || (CLI11_VERSION_MAJOR == 2 && CLI11_VERSION_MINOR >= 5)
        const size_t line = 119; // texts are written for it; these versions break shorter ones and add a space
        right_column_width(line - column);
        description_paragraph_width(line);
        footer_paragraph_width(line);
#endif
        label("SUBCOMMAND", "COMMAND");
        label("Positionals", "Arguments");
        label("POSITIONALS", "Arguments");
    }

    std::string make_subcommands(const CLI::App* app, CLI::AppFormatMode mode) const override
    {
        static const std::regex heading("Subcommands:|SUBCOMMANDS:"); // the latter of CLI11 2.5 and later
        return std::regex_replace(CLI::Formatter::make_subcommands(app, mode), heading, "Commands:");
    }

    std::string make_option_opts(const CLI::Option* option) const override
    {
        if (option->get_type_size() == 0) // a flag
            return std::string();
        const std::string type = option->get_type_name(), values = type.substr(0, type.find(':'));
        std::string text = values.empty() ? "" : " " + values;
        if (!option->get_default_str().empty())
            text += "=" + option->get_default_str();
        if (option->get_allow_extra_args() && option->get_expected_max() == CLI::detail::expected_max_vector_size)
            text += " ...";
        return text + (option->get_required() ? " REQUIRED" : "");
    }
};

} // namespace sanprivacy

#endif // SANPRIVACY_COMMON_HELP_FORMAT_HPP
