// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#include "common/message.hpp"

#include <cctype>
#include <filesystem>
#include <new>

#include <opencv2/core.hpp>

namespace sanprivacy {

namespace {

//! Bytes of the UTF-8 character at a position; 1 where there is none.
size_t sizeOfCharacter(const std::string& text, size_t position)
{
    const unsigned char first = static_cast<unsigned char>(text[position]);
    const size_t size = first >= 0xC2 && first < 0xE0   ? 2
                        : first >= 0xE0 && first < 0xF0 ? 3
                        : first >= 0xF0 && first < 0xF5 ? 4
                                                        : 1;
    if (position + size > text.size())
        return 1;
    for (size_t k = 1; k < size; ++k)
        if ((static_cast<unsigned char>(text[position + k]) & 0xC0) != 0x80)
            return 1;
    return size;
}

} // namespace

std::string message(const std::exception& error)
{
    if (dynamic_cast<const std::bad_alloc*>(&error))
        return "not enough memory";
    const auto* from_opencv = dynamic_cast<const cv::Exception*>(&error);
    if (from_opencv && from_opencv->code == cv::Error::StsNoMem)
        return "not enough memory";
    const auto* of_file = dynamic_cast<const std::filesystem::filesystem_error*>(&error);
    const std::string text = from_opencv ? std::string(from_opencv->err)
                             : of_file   ? "'" + of_file->path1().string() + "': " + reason(of_file->code())
                                         : error.what();
    std::string line;
    for (char c : text)
        if (std::isspace(static_cast<unsigned char>(c)))
            line += line.empty() || line.back() == ' ' ? "" : " ";
        else
            line += c;
    return printable(line.substr(0, line.find_last_not_of(' ') + 1));
}

std::string reason(const std::error_code& error)
{
    return error == std::errc::too_many_symbolic_link_levels
               ? "expected a file or folder; found a link that leads back to itself"
               : error.message();
}

std::string withoutPasswords(const std::string& text)
{
    std::string result = text;
    for (size_t at = 0; (at = result.find("://", at)) != std::string::npos;)
    {
        at += 3;
        const size_t host = result.substr(0, result.find_first_of("/ '\"?#", at)).rfind('@');
        const size_t colon = result.find(':', at);
        if (host != std::string::npos && host > at && colon < host)
            result.replace(colon + 1, host - colon - 1, "***");
    }
    return result;
}

std::string printable(const std::string& given)
{
    const std::string text = withoutPasswords(given);
    std::string result;
    for (size_t i = 0, length; i < text.size(); i += length)
    {
        length = sizeOfCharacter(text, i);
        const unsigned char first = static_cast<unsigned char>(text[i]);
        const bool control = length == 1 ? first < 0x20 || first >= 0x7F
                                         : first == 0xC2 && static_cast<unsigned char>(text[i + 1]) < 0xA0;
        if (!control)
            result.append(text, i, length);
        else if (first == '\n')
            result += "\\n";
        else
            for (size_t k = i; k < i + length; ++k)
                result += cv::format("\\x%02x", static_cast<unsigned char>(text[k]));
    }
    return result;
}

std::string count(size_t number, const std::string& noun, const std::string& plural)
{
    return std::to_string(number) + ' ' + (number == 1 ? noun : plural.empty() ? noun + 's' : plural);
}

} // namespace sanprivacy
