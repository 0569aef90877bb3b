// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

// What OpenCV's Python sources want of a header that installed OpenCV does not have.
#include <opencv2/core/cvdef.h>

namespace cv { namespace utils {

inline bool getConfigurationParameterBool(const char*, bool value)
{
    return value;
}

}} // namespace cv::utils
