// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#ifndef SANPRIVACY_APPS_OPTIONS_WITHOUT_EFFECT_HPP
#define SANPRIVACY_APPS_OPTIONS_WITHOUT_EFFECT_HPP

#include <string>
#include <vector>

namespace CLI {
class App;
}

namespace sanprivacy { namespace apps {

/** Says on stderr which of these options the user has given, which have no effect beside the rest of the command line.
@param options names of options of the command
@param because what leaves them without effect, as "with --replace blur" */
void warnWithoutEffect(const CLI::App& command, const std::vector<std::string>& options, const std::string& because);

}} // namespace sanprivacy::apps

#endif // SANPRIVACY_APPS_OPTIONS_WITHOUT_EFFECT_HPP
