// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#ifndef SANPRIVACY_COMMON_BASE64_HPP
#define SANPRIVACY_COMMON_BASE64_HPP

#include <string>
#include <vector>

namespace sanprivacy {

//! Text of A-Z, a-z, 0-9, + and / for any bytes, as data URIs need it.
std::string base64(const std::vector<unsigned char>& bytes);

} // namespace sanprivacy

#endif // SANPRIVACY_COMMON_BASE64_HPP
