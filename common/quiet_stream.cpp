// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#include "common/quiet_stream.hpp"

#include <iostream>
#include <streambuf>
#include <utility>

namespace sanprivacy {

namespace {

thread_local bool quiet = false;

//! Hands on what threads write that are not quiet.
class Filter : public std::streambuf
{
public:
    explicit Filter(std::streambuf* target) : target_(target) {}

protected:
    int_type overflow(int_type c) override
    {
        const bool nothing = quiet || traits_type::eq_int_type(c, traits_type::eof());
        return nothing ? traits_type::not_eof(c) : target_->sputc(traits_type::to_char_type(c));
    }
    std::streamsize xsputn(const char* text, std::streamsize size) override
    {
        return quiet ? size : target_->sputn(text, size);
    }
    int sync() override { return quiet ? 0 : target_->pubsync(); }

private:
    std::streambuf* target_;
};

} // namespace

void prepareQuietErrors()
{
    static Filter* const filter = new Filter(std::cerr.rdbuf()); // for as long as std::cerr is there
    std::cerr.rdbuf(filter);
}

QuietErrors::QuietErrors() : before_(std::exchange(quiet, true))
{
}

QuietErrors::~QuietErrors()
{
    quiet = before_;
}

} // namespace sanprivacy
