// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#ifndef OPENCV_SANPRIVACY_STORAGE_LIMITS_HPP
#define OPENCV_SANPRIVACY_STORAGE_LIMITS_HPP

#include "opencv2/core.hpp"

namespace cv { namespace sanprivacy {

//! Error::StsBadArg for names in which FileStorage takes a part for options, or which it takes for contents of a file.
void checkStorageName(const String& filename);

/** @brief Refuses what FileStorage would not survive, before it reads a file: its parsers call themselves for every
level of nesting.

Files packed by gzip are unpacked to look into them, where the module was built with zlib, as OpenCV itself is. More
than 4096 brackets and braces or XML elements, lines of YAML that are indented by more than 256 columns or nest as
often, more bytes than given, packed files that become a hundred times as large, binary data without a type, YAML that
is more than one mapping, no bytes at all, damaged packed data, zero bytes and carriage returns within a line are
Error::StsParseError, names that checkStorageName() refuses Error::StsBadArg.
@param filename YAML, JSON or XML
@param most_bytes size allowed, of a packed file the size that it unpacks to */
void checkStorageLimits(const String& filename, size_t most_bytes);

}} // namespace cv::sanprivacy

#endif // OPENCV_SANPRIVACY_STORAGE_LIMITS_HPP
