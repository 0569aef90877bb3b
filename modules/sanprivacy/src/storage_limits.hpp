// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#ifndef OPENCV_SANPRIVACY_STORAGE_LIMITS_HPP
#define OPENCV_SANPRIVACY_STORAGE_LIMITS_HPP

#include "opencv2/core.hpp"

namespace cv { namespace sanprivacy {

/** @brief Refuses a file of text before FileStorage reads it, whose parsers call themselves for every level of nesting.

More than 64 levels of brackets, braces or XML elements, or more bytes than given, are Error::StsParseError. What is
compressed is not looked into.
@param filename YAML, JSON or XML
@param most_bytes size allowed */
void checkStorageLimits(const String& filename, size_t most_bytes);

}} // namespace cv::sanprivacy

#endif // OPENCV_SANPRIVACY_STORAGE_LIMITS_HPP
