// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#include "precomp.hpp"
#include "storage_limits.hpp"

#include <fstream>
#include <iterator>

namespace cv { namespace sanprivacy {

namespace {

const int MOST_LEVELS = 64;

//! Deepest nesting of a text: what opens less what closes, outside quotes.
int deepestLevel(const std::string& text)
{
    const bool xml = text.compare(0, 5, "<?xml") == 0;
    int level = 0, deepest = 0;
    char quote = 0;
    for (size_t i = 0; i < text.size(); ++i)
    {
        const char c = text[i], next = i + 1 < text.size() ? text[i + 1] : ' ';
        if (quote)
            quote = c == quote || c == '\n' ? 0 : quote; // no text of these files runs over a line
        else if (!xml && (c == '"' || c == '\''))
            quote = c;
        else if (xml ? c == '<' && next != '/' && next != '?' && next != '!' : c == '[' || c == '{')
            deepest = std::max(deepest, ++level);
        else if (xml ? c == '<' && next == '/' : c == ']' || c == '}')
            --level;
    }
    return deepest;
}

} // namespace

void checkStorageLimits(const String& filename, size_t most_bytes)
{
    std::ifstream file(filename.c_str(), std::ios::binary | std::ios::ate);
    const std::streamoff bytes = file.tellg();
    if (bytes < 0)
        return; // FileStorage tells why it cannot be read
    if ((unsigned long long)bytes > most_bytes)
        CV_Error(Error::StsParseError,
            format("it has %lld bytes: at most %lld are expected", (long long)bytes, (long long)most_bytes));
    file.seekg(0);
    const std::string text((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
    if (text.compare(0, 2, "\x1f\x8b") != 0 && deepestLevel(text) > MOST_LEVELS)
        CV_Error(Error::StsParseError, format("it is nested deeper than %d levels", MOST_LEVELS));
}

}} // namespace cv::sanprivacy
