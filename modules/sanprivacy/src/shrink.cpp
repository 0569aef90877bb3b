// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#include "precomp.hpp"
#include "shrink.hpp"

#include <algorithm>

namespace cv { namespace sanprivacy {

Mat shrunk(const Mat& image, double scale)
{
    const Size size(std::max(1, cvRound(image.cols * scale)), std::max(1, cvRound(image.rows * scale)));
    Mat result = image, smaller;
    if (scale >= 1)
        return result;
    while (result.cols / 2 >= size.width && result.rows / 2 >= size.height)
    {
        const Rect even(0, 0, result.cols / 2 * 2, result.rows / 2 * 2);
        resize(result(even), smaller, even.size() / 2, 0, 0, INTER_AREA);
        std::swap(result, smaller);
        smaller.release();
    }
    if (result.size() != size)
    {
        resize(result, smaller, size, 0, 0, INTER_LINEAR);
        return smaller;
    }
    return result;
}

}} // namespace cv::sanprivacy
