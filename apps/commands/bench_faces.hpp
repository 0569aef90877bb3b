// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#ifndef SANPRIVACY_APPS_COMMANDS_BENCH_FACES_HPP
#define SANPRIVACY_APPS_COMMANDS_BENCH_FACES_HPP

#include "commands/commands.hpp"
#include "options/network_options.hpp"

namespace sanprivacy { namespace apps {

struct BenchFacesOptions
{
    int runs = 30; //!< of each step
    std::string json;
    NetworkOptions networks;
};

//! Times of the steps of one face, each beside the least that this machine allows, measured in the same run.
ExitCode benchFaces(const BenchFacesOptions& options);

}} // namespace sanprivacy::apps

#endif // SANPRIVACY_APPS_COMMANDS_BENCH_FACES_HPP
