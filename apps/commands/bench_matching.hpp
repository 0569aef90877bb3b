// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#ifndef SANPRIVACY_APPS_COMMANDS_BENCH_MATCHING_HPP
#define SANPRIVACY_APPS_COMMANDS_BENCH_MATCHING_HPP

#include "commands/commands.hpp"

namespace sanprivacy { namespace apps {

//! Time and memory of a MatchEvaluation for generated descriptors of that many faces.
ExitCode benchMatching(int faces);

}} // namespace sanprivacy::apps

#endif // SANPRIVACY_APPS_COMMANDS_BENCH_MATCHING_HPP
