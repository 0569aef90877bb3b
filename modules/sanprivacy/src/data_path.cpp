// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#include "precomp.hpp"
#include "data_path.hpp"

#include <cstdlib>
#include <fstream>

#ifndef _WIN32
#include <dlfcn.h>
#endif

namespace cv { namespace sanprivacy {

static const char* const folder_variable = "OPENCV_SANPRIVACY_DATA_PATH";

String environmentVariable(const char* name)
{
    const char* value = std::getenv(name);
    return value ? value : "";
}

String libraryFolder()
{
#ifndef _WIN32
    Dl_info library;
    if (dladdr(&folder_variable, &library) && library.dli_fname)
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

String findDataFile(const String& name)
{
    std::vector<String> folders;
    const String chosen = environmentVariable(folder_variable);
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
        return path;

    String searched;
    for (const String& folder : folders)
        searched += (searched.empty() ? "" : ", ") + folder;
    CV_Error(Error::StsObjectNotFound, cv::format("'%s' not found in %s; set %s to the folder that holds it",
                                                  name.c_str(), searched.c_str(), folder_variable));
}

}} // namespace cv::sanprivacy
