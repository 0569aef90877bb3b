// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#include "common/storage_check.hpp"

#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include <zlib.h>

namespace fs = std::filesystem;

namespace sanprivacy {

namespace {

const size_t DEEPEST = 64; // files of this project have at most 4 levels
const size_t LARGEST = size_t(256) << 20;

//! Watches a text for nesting: brackets and braces, opened elements of XML, and what YAML nests without brackets.
class Nesting
{
public:
    void add(char c)
    {
        if (c == '[' || c == '{' || (previous_ == '<' && c != '/' && c != '?' && c != '!'))
            ++depth_;
        else if ((c == ']' || c == '}' || (previous_ == '<' && c == '/') || (previous_ == '/' && c == '>'))
                 && depth_ > 0)
            --depth_;
        if (c == '\n')
            indentation_ = dashes_ = 0, at_start_ = true;
        else if (at_start_ && c == ' ')
            ++indentation_;
        else if (at_start_ && c == '-')
            ++dashes_;
        else
            at_start_ = false;
        previous_ = c;
    }
    //! A block of YAML is indented by a column at least; "- - -" nests within a line.
    bool tooDeep() const { return depth_ > DEEPEST || dashes_ > DEEPEST || (!at_start_ && indentation_ > 4 * DEEPEST); }

private:
    size_t depth_ = 0, indentation_ = 0, dashes_ = 0;
    bool at_start_ = true;
    char previous_ = '\n';
};

struct Close
{
    void operator()(gzFile file) const { gzclose(file); }
};

} // namespace

void checkStorage(const fs::path& file)
{
    const std::unique_ptr<gzFile_s, Close> stream(gzopen(file.c_str(), "rb")); // reads what is not compressed as it is
    if (!stream)
        throw std::runtime_error(file.string() + ": cannot be read");
    Nesting nesting;
    std::vector<char> part(1 << 16);
    size_t size = 0;
    for (int length; (length = gzread(stream.get(), part.data(), unsigned(part.size()))) > 0;)
    {
        size += size_t(length);
        for (int i = 0; i < length; ++i)
        {
            nesting.add(part[size_t(i)]);
            if (nesting.tooDeep())
                throw std::runtime_error(
                    file.string() + ": is nested more than " + std::to_string(DEEPEST) + " levels deep");
        }
        if (size > LARGEST)
            throw std::runtime_error(file.string() + ": holds more than " + std::to_string(LARGEST >> 20) + " MiB");
    }
}

} // namespace sanprivacy
