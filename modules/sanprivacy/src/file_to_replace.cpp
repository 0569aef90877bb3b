// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#include "precomp.hpp"
#include "file_to_replace.hpp"

#include "opencv2/core/utils/filesystem.hpp"

#include <cstdio>
#include <fstream>
#include <sys/stat.h>

namespace cv { namespace sanprivacy {

FileToReplace::FileToReplace(const String& filename) : path_(filename), permissions_(-1)
{
    if (filename.empty())
        CV_Error(Error::StsError, "the name is empty");
    struct stat status;
    if (stat(filename.c_str(), &status) != 0)
        return;
    const int kind = status.st_mode & S_IFMT;
    if (kind != S_IFREG)
        CV_Error(
            Error::StsError, kind == S_IFDIR ? "it is a folder" : "it is not a file, but a device, pipe or socket");
    if (!std::fstream(filename.c_str(), std::ios::in | std::ios::out).good())
        CV_Error(Error::StsError, "the file must not be written to");
    path_ = utils::fs::canonical(filename);
    permissions_ = status.st_mode & 07777;
}

bool FileToReplace::replaceBy(const String& temporary) const
{
#ifdef _WIN32
    std::remove(path_.c_str());
#else
    if (permissions_ >= 0)
        chmod(temporary.c_str(), mode_t(permissions_));
#endif
    return std::rename(temporary.c_str(), path_.c_str()) == 0;
}

}} // namespace cv::sanprivacy
