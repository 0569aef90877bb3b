// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#ifndef SANPRIVACY_COMMON_VERSION_HPP
#define SANPRIVACY_COMMON_VERSION_HPP

#include <string>
#include <vector>

namespace sanprivacy {

//! "0.2.0", followed by the output of `git describe` where the sources are no release.
const char* version();

//! Names and numbers of the dnn module's backends, as getAvailableBackends() lists them: each once.
std::string backendList(const std::vector<int>& backends);

/** What `--version` prints: program and version, then what it was built with, a line each.
@param program its name.
@param more further lines, as "LibTorch 2.6.0". */
std::string versionText(const std::string& program, const std::string& more = std::string());

} // namespace sanprivacy

#endif // SANPRIVACY_COMMON_VERSION_HPP
