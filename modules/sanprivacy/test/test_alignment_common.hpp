// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#ifndef OPENCV_SANPRIVACY_TEST_ALIGNMENT_COMMON_HPP
#define OPENCV_SANPRIVACY_TEST_ALIGNMENT_COMMON_HPP

#include "test_precomp.hpp"

namespace opencv_test {

//! Five landmarks of a face whose canonical crop is scaled, rolled and centred so in the image.
inline Mat landmarksAt(const Point2f& centre, double scale, double degrees, const Size& crop = Size(224, 224))
{
    Mat canonical, result(5, 2, CV_32F);
    getCanonicalLandmarks(canonical, crop);
    const double angle = degrees * CV_PI / 180;
    for (int i = 0; i < 5; ++i)
    {
        const double x = canonical.at<float>(i, 0) - (crop.width - 1) / 2.,
                     y = canonical.at<float>(i, 1) - (crop.height - 1) / 2.;
        result.at<float>(i, 0) = float(centre.x + scale * (std::cos(angle) * x - std::sin(angle) * y));
        result.at<float>(i, 1) = float(centre.y + scale * (std::sin(angle) * x + std::cos(angle) * y));
    }
    return result;
}

} // namespace opencv_test

#endif // OPENCV_SANPRIVACY_TEST_ALIGNMENT_COMMON_HPP
