// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#ifndef SANPRIVACY_APPS_VERBS_HPP
#define SANPRIVACY_APPS_VERBS_HPP

#include <functional>
#include <stdexcept>

namespace CLI { class App; }

namespace sanprivacy { namespace apps {

enum ExitCode { SUCCEEDED = 0, FAILED = 1, BAD_USAGE = 2 };

//! Arguments that contradict each other or the files they name; found before any work is done.
struct UsageError : std::runtime_error
{
    using std::runtime_error::runtime_error;
};

//! A verb of the command line: its options are parsed into `command`, then `run` does the work.
struct Verb
{
    CLI::App* command;
    std::function<ExitCode()> run;
};

Verb addPerturb(CLI::App& app);    // perturb.cpp
Verb addSheet(CLI::App& app);      // sheet.cpp
Verb addPrototypes(CLI::App& app); // prototypes.cpp
Verb addEvaluate(CLI::App& app);   // evaluate.cpp
Verb addVideo(CLI::App& app);      // video.cpp
Verb addBench(CLI::App& app);      // bench.cpp

}} // namespace sanprivacy::apps

#endif // SANPRIVACY_APPS_VERBS_HPP
