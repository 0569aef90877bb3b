// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#include "common/message.hpp"

#include <new>
#include <regex>

#include <opencv2/core.hpp>

namespace sanprivacy {

std::string message(const std::exception& error)
{
    if (dynamic_cast<const std::bad_alloc*>(&error))
        return "not enough memory";
    const auto* from_opencv = dynamic_cast<const cv::Exception*>(&error);
    if (from_opencv && from_opencv->code == cv::Error::StsNoMem)
        return "not enough memory";
    const std::string text = from_opencv ? std::string(from_opencv->err) : error.what();
    return std::regex_replace(std::regex_replace(text, std::regex("\\s+"), " "), std::regex("^ | $"), "");
}

std::string count(size_t number, const std::string& noun)
{
    return std::to_string(number) + ' ' + noun + (number == 1 ? "" : "s");
}

} // namespace sanprivacy
