// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#ifndef SANPRIVACY_COMMON_MESSAGE_HPP
#define SANPRIVACY_COMMON_MESSAGE_HPP

#include <exception>
#include <string>
#include <system_error>

namespace sanprivacy {

//! What went wrong, in one printable line and without OpenCV's source positions.
std::string message(const std::exception& error);

//! The system's words for what is wrong with a file, but for a link that leads nowhere else.
std::string reason(const std::error_code& error);

/** The text with control characters as escapes (\\n, \\x1b), and bytes that are not UTF-8 as well: a file's name can
hold what a terminal obeys. Passwords of addresses are not shown. */
std::string printable(const std::string& text);

//! The text with *** for passwords of addresses, scheme://user:password@host.
std::string withoutPasswords(const std::string& text);

//! "1 image", "3 images"; a plural other than with an s can be named.
std::string count(size_t number, const std::string& noun, const std::string& plural = std::string());

} // namespace sanprivacy

#endif // SANPRIVACY_COMMON_MESSAGE_HPP
