// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#ifndef SANPRIVACY_COMMON_MESSAGE_HPP
#define SANPRIVACY_COMMON_MESSAGE_HPP

#include <exception>
#include <string>

namespace sanprivacy {

//! What went wrong, in one line and without OpenCV's source positions.
std::string message(const std::exception& error);

//! "1 image", "3 images".
std::string count(size_t number, const std::string& noun);

} // namespace sanprivacy

#endif // SANPRIVACY_COMMON_MESSAGE_HPP
