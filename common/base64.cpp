// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#include "common/base64.hpp"

#include <openssl/evp.h>

namespace sanprivacy {

std::string base64(const std::vector<unsigned char>& bytes)
{
    std::string text((bytes.size() + 2) / 3 * 4 + 1, '\0'); // and the terminating zero that OpenSSL writes
    const int length = EVP_EncodeBlock(reinterpret_cast<unsigned char*>(&text[0]), bytes.data(), int(bytes.size()));
    text.resize(size_t(length));
    return text;
}

} // namespace sanprivacy
