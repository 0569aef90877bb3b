// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#ifndef OPENCV_SANPRIVACY_FILE_TO_REPLACE_HPP
#define OPENCV_SANPRIVACY_FILE_TO_REPLACE_HPP

#include "opencv2/core.hpp"

namespace cv { namespace sanprivacy {

//! The file of a name that is to be written, which may be there already.
class FileToReplace
{
public:
    /** @brief Error::StsError where the name belongs to something other than a file, such as a folder, a pipe or a
    device, or to a file that must not be written to. */
    explicit FileToReplace(const String& filename);

    //! Where a link leads; the name itself where it is free or no link.
    const String& path() const { return path_; }

    //! Gives its name, and its permissions if it is there, to another file of the same folder. Returns whether it did.
    bool replaceBy(const String& temporary) const;

private:
    String path_;
    int permissions_; // -1: it is not there
};

}} // namespace cv::sanprivacy

#endif // OPENCV_SANPRIVACY_FILE_TO_REPLACE_HPP
