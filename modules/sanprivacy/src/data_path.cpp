// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#include "precomp.hpp"
#include "data_path.hpp"

#include <cstdlib>
#include <fstream>
#include <sstream>

#ifndef _WIN32
#include <dlfcn.h>
#endif

namespace cv { namespace sanprivacy {

static const char* const FOLDER_VARIABLE = "OPENCV_SANPRIVACY_DATA_PATH";

String environmentVariable(const char* name)
{
    const char* value = std::getenv(name);
    return value ? value : "";
}

String libraryFolder()
{
#ifndef _WIN32
    Dl_info library;
    if (dladdr(&FOLDER_VARIABLE, &library) && library.dli_fname)
    {
        const String path = library.dli_fname;
        return path.substr(0, path.find_last_of('/') + 1);
    }
#endif
    return String();
}

//! The data that was installed together with this library, wherever both have been moved to.
static String installedData()
{
    const String folder = libraryFolder();
    return folder.empty() ? String(SANPRIVACY_INSTALLED_DATA) : folder + SANPRIVACY_DATA_FROM_LIBRARY;
}

String findInFolders(const String& name, const std::vector<String>& folders)
{
    for (const String& folder : folders)
    {
        const String path = folder + "/" + name;
        if (std::ifstream(path.c_str(), std::ios::binary).good())
            return path;
    }
    return String();
}

//! CRC-32 as in gzip and zip (ISO 3309), of a file to its end.
static unsigned checksumOf(std::istream& file)
{
    unsigned table[256];
    for (unsigned i = 0; i < 256; ++i)
    {
        table[i] = i;
        for (int bit = 0; bit < 8; ++bit)
            table[i] = table[i] & 1 ? 0xedb88320u ^ table[i] >> 1 : table[i] >> 1;
    }
    unsigned checksum = ~0u;
    std::vector<char> part(1 << 16);
    while (file.read(part.data(), (std::streamsize)part.size()) || file.gcount() > 0)
        for (std::streamsize i = 0; i < file.gcount(); ++i)
            checksum = table[(checksum ^ uchar(part[(size_t)i])) & 255] ^ checksum >> 8;
    return ~checksum;
}

//! Compares a file with the list of checksums beside it, where there is one that names it.
static void checkAgainstList(const String& path, const String& name)
{
    std::ifstream list((path.substr(0, path.size() - name.size()) + "checksums.txt").c_str());
    for (std::string line; std::getline(list, line);)
    {
        std::istringstream words(line);
        std::string expected, listed;
        words >> expected >> listed;
        if (listed != name)
            continue;
        std::ifstream file(path.c_str(), std::ios::binary);
        const String found = cv::format("%08x", checksumOf(file));
        if (found != expected)
            CV_Error(Error::StsParseError,
                cv::format("'%s' is damaged: its CRC-32 is %s, checksums.txt beside it expects %s", path.c_str(),
                    found.c_str(), expected.c_str()));
        return;
    }
}

String findDataFile(const String& name)
{
    std::vector<String> folders;
    const String chosen = environmentVariable(FOLDER_VARIABLE);
    if (!chosen.empty())
    {
        folders.push_back(chosen);
    }
    else
    {
        folders.push_back(installedData());
#ifdef SANPRIVACY_SOURCE_DATA
        folders.push_back(SANPRIVACY_SOURCE_DATA);
#endif
    }
    const String path = findInFolders(name, folders);
    if (!path.empty())
    {
        checkAgainstList(path, name);
        return path;
    }

    String searched;
    for (const String& folder : folders)
        searched += (searched.empty() ? "" : ", ") + folder;
    CV_Error(Error::StsObjectNotFound, cv::format("'%s' not found in %s; set %s to the folder that holds it",
                                           name.c_str(), searched.c_str(), FOLDER_VARIABLE));
}

}} // namespace cv::sanprivacy
