// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#ifndef OPENCV_SANPRIVACY_CHECK_CREATED_HPP
#define OPENCV_SANPRIVACY_CHECK_CREATED_HPP

#include "opencv2/core.hpp"

namespace cv { namespace sanprivacy {

//! The implementation of an object; Error::StsNullPtr where it was not made by create(). @param name of its class.
template <typename Impl>
Impl& checkCreated(const Ptr<Impl>& p, const char* name)
{
    if (!p)
        CV_Error(Error::StsNullPtr, format("This %s is empty: make one with %s::create()", name, name));
    return *p;
}

}} // namespace cv::sanprivacy

#endif // OPENCV_SANPRIVACY_CHECK_CREATED_HPP
