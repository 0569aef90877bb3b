// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#ifndef OPENCV_SANPRIVACY_FILE_ARGUMENT_HPP
#define OPENCV_SANPRIVACY_FILE_ARGUMENT_HPP

#include "opencv2/core.hpp"
#include "opencv2/core/utils/filesystem.hpp"

#include <fstream>

namespace cv { namespace sanprivacy {

/** @brief Checks that a file can be read. A folder opens as a file does, and fails later, or seems to be huge.
@param filename the argument
@param what the file is, in the error, e.g. "the face detector" */
inline void checkReadable(const String& filename, const String& what)
{
    const bool folder = utils::fs::isDirectory(filename);
    if (folder || !std::ifstream(filename.c_str(), std::ios::binary).good())
        CV_Error(Error::StsBadArg,
            format("Cannot open %s: '%s'%s", what.c_str(), filename.c_str(), folder ? " is a folder" : ""));
}

}} // namespace cv::sanprivacy

#endif // OPENCV_SANPRIVACY_FILE_ARGUMENT_HPP
