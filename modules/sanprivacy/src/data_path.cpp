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
    const int step = 8;        // bytes at once
    unsigned table[step][256]; // of a byte that so many others follow
    for (unsigned i = 0; i < 256; ++i)
    {
        table[0][i] = i;
        for (int bit = 0; bit < 8; ++bit)
            table[0][i] = table[0][i] & 1 ? 0xedb88320u ^ table[0][i] >> 1 : table[0][i] >> 1;
    }
    for (int k = 1; k < step; ++k)
        for (unsigned i = 0; i < 256; ++i)
            table[k][i] = table[0][table[k - 1][i] & 255] ^ table[k - 1][i] >> 8;
    unsigned checksum = ~0u;
    std::vector<char> part(1 << 16);
    while (file.read(part.data(), (std::streamsize)part.size()) || file.gcount() > 0)
    {
        const uchar *byte = reinterpret_cast<const uchar*>(part.data()), *const end = byte + file.gcount();
        for (; end - byte >= step; byte += step)
        {
            const unsigned whole = checksum;
            checksum = 0;
            for (int k = 0; k < step; ++k)
                checksum ^= table[step - 1 - k][byte[k] ^ (k < 4 ? whole >> 8 * k & 255 : 0)];
        }
        for (; byte < end; ++byte)
            checksum = table[0][(checksum ^ *byte) & 255] ^ checksum >> 8;
    }
    return ~checksum;
}

//! The checksum of a file in the list beside it; empty where there is none that names it.
static std::string listedChecksum(const String& path, const String& name)
{
    std::ifstream list((path.substr(0, path.size() - name.size()) + "checksums.txt").c_str());
    for (std::string line; std::getline(list, line);)
    {
        std::istringstream words(line);
        std::string checksum, listed;
        words >> checksum >> listed;
        if (listed == name)
            return checksum;
    }
    return std::string();
}

static void checkAgainstList(const String& path, const String& name)
{
    const std::string expected = listedChecksum(path, name);
    if (expected.empty())
        return;
    std::ifstream file(path.c_str(), std::ios::binary);
    const String found = cv::format("%08x", checksumOf(file));
    if (found != expected)
        CV_Error(
            Error::StsParseError, cv::format("'%s' is damaged: its CRC-32 is %s, checksums.txt beside it expects %s",
                                      path.c_str(), found.c_str(), expected.c_str()));
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
