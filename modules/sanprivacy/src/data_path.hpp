// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#ifndef OPENCV_SANPRIVACY_DATA_PATH_HPP
#define OPENCV_SANPRIVACY_DATA_PATH_HPP

#include "opencv2/core.hpp"

namespace cv { namespace sanprivacy {

/** @brief Path of a shipped network or prototype file.

Looked for in $OPENCV_SANPRIVACY_DATA_PATH and nowhere else if that is set; otherwise in the installed data folder, then
in that of the source tree. Error::StsObjectNotFound names the file and the folders searched. A file that
`checksums.txt` beside it lists with another CRC-32 is damaged: Error::StsParseError. */
String findDataFile(const String& name);

//! First of the folders that holds the file; empty if none does.
String findInFolders(const String& name, const std::vector<String>& folders);

//! Folder of the file that this code was loaded from, with a slash at the end; empty where that is not known.
String libraryFolder();

//! Value of an environment variable, empty if it is not set.
String environmentVariable(const char* name);

}} // namespace cv::sanprivacy

#endif // OPENCV_SANPRIVACY_DATA_PATH_HPP
