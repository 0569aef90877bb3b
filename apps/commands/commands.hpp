// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#ifndef SANPRIVACY_APPS_COMMANDS_COMMANDS_HPP
#define SANPRIVACY_APPS_COMMANDS_COMMANDS_HPP

#include "common/errors.hpp"

#include <functional>

namespace CLI {
class App;
}

namespace sanprivacy { namespace apps {

//! A command: its options are parsed into `parser`, then `run` does the work.
struct Command
{
    CLI::App* parser;
    std::function<ExitCode()> run;
};

Command addPerturb(CLI::App& app);      // perturb.cpp
Command addContactSheet(CLI::App& app); // contact_sheet.cpp
Command addPrototypes(CLI::App& app);   // prototypes.cpp
Command addEvaluate(CLI::App& app);     // evaluate.cpp
Command addVideo(CLI::App& app);        // video.cpp
Command addBench(CLI::App& app);        // bench.cpp

}} // namespace sanprivacy::apps

#endif // SANPRIVACY_APPS_COMMANDS_COMMANDS_HPP
