// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#ifndef SANPRIVACY_COMMON_DIGEST_HPP
#define SANPRIVACY_COMMON_DIGEST_HPP

#include <memory>
#include <string>

#include <opencv2/core.hpp>

struct evp_md_ctx_st; // of OpenSSL

namespace sanprivacy {

//! SHA-256 of all that is added, by which results are found again.
class Digest
{
public:
    Digest();
    Digest& add(const std::string& text);
    Digest& add(const cv::Mat& values);
    std::string value() const; //!< 32 bytes, of what has been added so far

private:
    Digest& add(const void* data, size_t size);

    std::shared_ptr<evp_md_ctx_st> context_;
};

} // namespace sanprivacy

#endif // SANPRIVACY_COMMON_DIGEST_HPP
