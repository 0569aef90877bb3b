// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#ifndef SANPRIVACY_APPS_EVALUATION_REPORT_COMMAND_LINE_HPP
#define SANPRIVACY_APPS_EVALUATION_REPORT_COMMAND_LINE_HPP

#include "evaluation/report/table.hpp"

#include <string>

namespace CLI {
class App;
}

namespace sanprivacy { namespace apps {

//! What was given to a command, as a shell takes it: every option that its parser has found.
std::string commandLine(const CLI::App& command);

//! Every option of a command with the value that it had, be it given or its default.
Table optionTable(const CLI::App& command);

}} // namespace sanprivacy::apps

#endif // SANPRIVACY_APPS_EVALUATION_REPORT_COMMAND_LINE_HPP
