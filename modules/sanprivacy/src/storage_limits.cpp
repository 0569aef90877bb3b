// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#include "precomp.hpp"
#include "storage_limits.hpp"

#include <cctype>
#include <cstring>
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

/** @brief Watches a text go by for binary data that does not begin with its type, as `3f`: OpenCV reads it for ever.

Data are base64 behind `!!binary |` and a new line in YAML, `"$base64$` in JSON, `type_id="binary">` in XML. */
class UntypedData
{
public:
    void add(char c)
    {
        if (place != ELSEWHERE)
            follow(c);
        const char *const word = "binary", *const json = "$base64$";
        in_word = c == word[in_word] ? in_word + 1 : c == word[0] ? 1 : 0;
        in_json = c == json[in_json] ? in_json + 1 : c == json[0] ? 1 : 0;
        if (in_word == 1)
            tag = last == '!' || last == '^' || last == ':' || ((last == '"' || last == '\'') && mark == '=');
        if (!json[in_json])
            place = DATA;
        else if (!word[in_word] && tag)
            place = TAG;
        if (!json[in_json] || !word[in_word])
            in_word = in_json = letters = 0;
        last = c;
        if (!std::strchr(" \"'\r\n", c))
            mark = c;
    }
    bool found = false;

private:
    enum Place
    {
        ELSEWHERE,
        TAG,    // behind the word `binary`
        BAR,    // behind the bar that ends the line of the tag in YAML
        XML,    // behind the quote that ends the word in XML
        BLANKS, // before the data
        DATA
    };

    void follow(char c)
    {
        const bool blank = std::isspace((unsigned char)c) != 0;
        switch (place)
        {
        case TAG:
            place = c == '|' ? BAR : c == '"' || c == '\'' ? XML : TAG;
            found = found || (place == TAG && c != ' ');
            break;
        case BAR:
            place = c == '\n' ? BLANKS : BAR;
            found = found || !blank;
            break;
        case XML:
            place = c == '>' ? BLANKS : XML;
            found = found || (c != '>' && !blank);
            break;
        case BLANKS:
        case ELSEWHERE:
        case DATA:
            if (place == BLANKS && blank)
                break;
            place = DATA;
            addLetter(c);
        }
    }
    //! Eight letters of base64 are six bytes; those of a type are digits and then one of a few letters.
    void addLetter(char c)
    {
        const std::string base64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
        const size_t value = base64.find(c);
        found = found || value == std::string::npos;
        bits = bits << 6 | (value & 63);
        if (++letters < 8)
            return;
        place = ELSEWHERE;
        int shift = 40; // of the first byte
        while (shift > 0 && std::isdigit(int(bits >> shift & 255)))
            shift -= 8;
        const char type = char(bits >> shift & 255);
        found = found || type == 0 || !std::strchr("ucwsifdh", type);
    }

    Place place = ELSEWHERE;
    bool tag = false;             // what was before `binary` makes it a type
    int in_word = 0, in_json = 0; // characters of either that have come
    int letters = 0;              // of the data
    uint64 bits = 0;
    char last = 0, mark = 0; // what came last, and last other than blanks and quotes
};

/** @brief Watches a text go by for YAML that is not one mapping whose keys begin in the first column.

Where anything follows the end of the first collection, OpenCV can wait for ever for a line of `---`. */
class OneMapping
{
public:
    void add(char c)
    {
        if (c == '\n')
            endLine();
        else if (begin.empty() && (c == ' ' || c == '\t'))
            indented = true;
        else if (begin.size() < 5 && c != '\r') // these show what a line is
            begin += c;
        else if (!std::isspace((unsigned char)c))
            longer = true;
    }
    //! To be asked at the end of the text.
    bool broken()
    {
        endLine();
        return yaml && other;
    }

private:
    void endLine()
    {
        begin.erase(begin.find_last_not_of(" \t") + 1);
        const std::string marker = indented ? std::string() : begin.substr(0, 3);
        if (lines++ == 0)
            yaml = !indented && begin == "%YAML";
        else if (begin.empty() || begin[0] == '#')
            ; // blank, or a comment
        else if (ended)
            other = true;
        else if (keys && (marker == "---" || marker == "..."))
            ended = true;
        else if (!keys && marker == "---")
        {
            other = other || opened || longer || begin.size() > 3;
            opened = true;
        }
        else if (!keys)
        {
            keys = true;
            other = other || indented || !(std::isalnum((unsigned char)begin[0]) || begin[0] == '_');
        }
        begin.clear();
        indented = longer = false;
    }

    std::string begin;                     // of the line, behind its indentation
    bool indented = false, longer = false; // the line has blanks before that, or more behind it
    int lines = 0;
    bool yaml = false, opened = false, keys = false, ended = false, other = false; // what has come
};

//! Watches a text go by for whether it is XML that ends within a tag, where OpenCV reads beyond the end.
class OpenTag
{
public:
    void add(char c)
    {
        if (!xml && !other)
        {
            xml = c == '<';
            other = !xml && !std::isspace((unsigned char)c);
        }
        if (c == '<')
            open = true;
        else if (c == '>')
            open = false;
    }
    bool found() const { return xml && open; }

private:
    bool xml = false, other = false, open = false;
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
        int error = Z_OK;
        if (file)
            gzerror(file, &error);
        if (error == Z_DATA_ERROR || error == Z_BUF_ERROR) // a wrong checksum, or an early end
            CV_Error(Error::StsParseError, "its packed data are damaged or end early");
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

void checkStorageName(const String& filename)
{
    if (filename.find_first_of("?\n") != String::npos)
        CV_Error(
            Error::StsBadArg, "OpenCV does not read or write files with a question mark or line break in their name");
}

void checkStorageLimits(const String& filename, size_t most_bytes)
{
    checkStorageName(filename);
    const std::streamoff packed = std::ifstream(filename.c_str(), std::ios::binary | std::ios::ate).tellg();
    if (packed < 0)
        return; // FileStorage raises the error
    Parts parts(filename);
    Nesting nesting;
    UntypedData data;
    OpenTag tag;
    OneMapping mapping;
    std::vector<char> part(PART);
    char previous = 0;
    size_t bytes = (size_t)packed > most_bytes ? (size_t)packed : 0;
    for (size_t length = 1; length > 0 && bytes <= most_bytes;)
    {
        length = parts.read(part.data());
        bytes += length;
        if (bytes > SMALL && bytes / LARGEST_RATIO > (size_t)packed)
            CV_Error(Error::StsParseError, format("it unpacks to more than %d times its size", LARGEST_RATIO));
        for (size_t i = 0; i < length; ++i)
        {
            if (part[i] == 0)
                CV_Error(Error::StsParseError, "it is not text: it holds a zero byte");
            if (previous == '\r' && part[i] != '\n') // OpenCV's parser of YAML skips the rest of the line
                CV_Error(Error::StsParseError, "a carriage return is expected at the end of a line only");
            previous = part[i];
            tag.add(part[i]);
            mapping.add(part[i]);
            data.add(part[i]);
            if (data.found)
                CV_Error(Error::StsParseError, "it holds binary data without a type");
            nesting.add(part[i]);
            if (nesting.tooDeep())
                CV_Error(Error::StsParseError,
                    format("it is nested too deeply: at most %d brackets or elements, and %d columns or levels in a "
                           "line, are expected",
                        MOST_OPENED, DEEPEST_LINE));
        }
    }
    if (bytes == 0)
        CV_Error(Error::StsParseError, "it is empty");
    if (tag.found())
        CV_Error(Error::StsParseError, "it ends within a tag");
    if (mapping.broken())
        CV_Error(Error::StsParseError, "its YAML is expected to be one mapping with keys in the first column");
    if (bytes > most_bytes)
        CV_Error(Error::StsParseError, format("it holds more than %lld bytes", (long long)most_bytes));
}

}} // namespace cv::sanprivacy
