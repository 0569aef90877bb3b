// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#ifndef SANPRIVACY_COMMON_QUIET_STREAM_HPP
#define SANPRIVACY_COMMON_QUIET_STREAM_HPP

namespace sanprivacy {

//! Makes QuietErrors work. To be called while there is one thread.
void prepareQuietErrors();

/** While it lives, what this thread writes to std::cerr is dropped: cv::imdecode() prints there what it catches. Other
threads write on. */
class QuietErrors
{
public:
    QuietErrors();
    ~QuietErrors();
    QuietErrors(const QuietErrors&) = delete;
    QuietErrors& operator=(const QuietErrors&) = delete;

private:
    bool before_;
};

} // namespace sanprivacy

#endif // SANPRIVACY_COMMON_QUIET_STREAM_HPP
