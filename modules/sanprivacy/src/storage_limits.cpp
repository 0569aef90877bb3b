// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#include "precomp.hpp"
#include "storage_limits.hpp"

#include <fstream>

#ifdef HAVE_ZLIB
#include <zlib.h>
#endif

namespace cv { namespace sanprivacy {

namespace {

const int MOST_OPENED = 4096;   // brackets, braces or elements of a file; its depth is at most that
const int DEEPEST_LINE = 256;   // columns of indentation of a line of YAML, and collections begun in it
const int LARGEST_RATIO = 100;  // of unpacked to packed; base64, which fills these files, reaches 4
const size_t SMALL = 16u << 20; // bytes to which any file may unpack
const size_t PART = 1u << 16;   // bytes read at a time

/** @brief Watches a text go by for what could nest.

An upper bound, so that no quotes, comments or types have to be understood: whatever opens counts, closed or not. YAML
nests without brackets, too, but each level then begins further to the right than the one that it is in: either in the
indentation of a line or behind a dash or colon of that line. */
class Nesting
{
public:
    void add(char c)
    {
        if (c == '[' || c == '{' || (previous == '<' && c != '/' && c != '?' && c != '!'))
            ++opened;
        if (c == '\n')
        {
            indentation = begun = 0;
            leading = true;
        }
        else if (leading && c == ' ')
            ++indentation;
        else
        {
            leading = false;
            const bool number = (c >= '0' && c <= '9') || c == '.';
            begun += previous == ':' || (previous == '-' && !number);
        }
        previous = c;
    }
    bool tooDeep() const
    {
        return opened > MOST_OPENED || begun > DEEPEST_LINE || (!leading && indentation > DEEPEST_LINE);
    }

private:
    int opened = 0, indentation = 0, begun = 0;
    bool leading = true;
    char previous = '\n';
};

//! Reads a file part by part, unpacked where that is possible.
class Parts
{
public:
    explicit Parts(const String& filename)
    {
#ifdef HAVE_ZLIB
        file = gzopen(filename.c_str(), "rb"); // reads what is not packed as it is
#else
        file.open(filename.c_str(), std::ios::binary);
#endif
    }
    Parts(const Parts&) = delete;
    Parts& operator=(const Parts&) = delete;
#ifdef HAVE_ZLIB
    ~Parts()
    {
        gzclose(file);
    }
    size_t read(char* part)
    {
        const int length = file ? gzread(file, part, (unsigned)PART) : 0;
        return length > 0 ? (size_t)length : 0;
    }

private:
    gzFile file;
#else
    size_t read(char* part)
    {
        return file.read(part, (std::streamsize)PART), (size_t)file.gcount();
    }

private:
    std::ifstream file;
#endif
};

} // namespace

void checkStorageLimits(const String& filename, size_t most_bytes)
{
    std::ifstream whole(filename.c_str(), std::ios::binary | std::ios::ate);
    const std::streamoff packed = whole.tellg();
    if (packed < 0)
        return; // FileStorage tells why it cannot be read
    Parts parts(filename);
    Nesting nesting;
    std::vector<char> part(PART);
    size_t bytes = (size_t)packed > most_bytes ? (size_t)packed : 0;
    for (size_t length = 1; length > 0 && bytes <= most_bytes;)
    {
        length = parts.read(part.data());
        bytes += length;
        if (bytes > SMALL && bytes / LARGEST_RATIO > (size_t)packed)
            CV_Error(Error::StsParseError, format("it unpacks to more than %d times its size", LARGEST_RATIO));
        for (size_t i = 0; i < length; ++i)
        {
            nesting.add(part[i]);
            if (nesting.tooDeep())
                CV_Error(Error::StsParseError,
                    format("it is nested too deeply: at most %d brackets or elements, and %d columns or levels in a "
                           "line, are expected",
                        MOST_OPENED, DEEPEST_LINE));
        }
    }
    if (bytes > most_bytes)
        CV_Error(Error::StsParseError, format("it holds more than %lld bytes", (long long)most_bytes));
}

}} // namespace cv::sanprivacy
