// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#include "common/digest.hpp"

#include <stdexcept>

#include <openssl/evp.h>

namespace sanprivacy {

namespace {

void check(int succeeded)
{
    if (!succeeded)
        throw std::runtime_error("OpenSSL cannot compute SHA-256");
}

} // namespace

Digest::Digest() : context_(EVP_MD_CTX_new(), EVP_MD_CTX_free)
{
    check(EVP_DigestInit_ex(context_.get(), EVP_sha256(), nullptr));
}

//! The size comes first, so that neighbouring parts do not run together.
Digest& Digest::add(const void* data, size_t size)
{
    check(EVP_DigestUpdate(context_.get(), &size, sizeof(size)));
    check(EVP_DigestUpdate(context_.get(), data, size));
    return *this;
}

Digest& Digest::add(const std::string& text)
{
    return add(text.data(), text.size());
}

Digest& Digest::add(const cv::Mat& values)
{
    const cv::Mat continuous = values.isContinuous() ? values : values.clone();
    add(cv::format("%d %dx%d", continuous.type(), continuous.rows, continuous.cols));
    return add(continuous.data, continuous.total() * continuous.elemSize());
}

std::string Digest::value() const
{
    const std::unique_ptr<EVP_MD_CTX, void (*)(EVP_MD_CTX*)> copy(EVP_MD_CTX_new(), EVP_MD_CTX_free);
    check(EVP_MD_CTX_copy_ex(copy.get(), context_.get()));
    unsigned char bytes[EVP_MAX_MD_SIZE];
    unsigned int size = 0;
    check(EVP_DigestFinal_ex(copy.get(), bytes, &size));
    return std::string(reinterpret_cast<char*>(bytes), size);
}

} // namespace sanprivacy
