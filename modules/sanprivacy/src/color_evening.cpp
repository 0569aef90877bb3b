// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#include "precomp.hpp"
#include "color_evening.hpp"
#include "face_geometry.hpp"

#include <algorithm>
#include <cmath>

namespace cv { namespace sanprivacy {

namespace {

// The ellipse of a face round the middle of a canonical crop, from hairline to chin, in pixels of a crop of
// CANONICAL_SIDE; its weight fades from 1 to 0 between the shares INNER and OUTER of the radii.
const Point2d RADII(82, 102);
const double INNER = .75, OUTER = 1.1;

const Vec3f LUMA(.114f, .587f, .299f); // of B, G, R, as cvtColor() weighs them

Mat ellipseWeights(const Size& size)
{
    Mat weights(size, CV_32F);
    for (int y = 0; y < size.height; ++y)
    {
        const double v = ((y + .5) / size.height - .5) * CANONICAL_SIDE / RADII.y;
        for (int x = 0; x < size.width; ++x)
        {
            const double u = ((x + .5) / size.width - .5) * CANONICAL_SIDE / RADII.x;
            const double share = (OUTER - std::sqrt(u * u + v * v)) / (OUTER - INNER);
            weights.at<float>(y, x) = float(.5 - .5 * std::cos(CV_PI * std::min(std::max(share, 0.), 1.)));
        }
    }
    return weights;
}

//! Those of the crops that the networks take are made once.
Mat weightsOf(const Size& size)
{
    static const Mat canonical = ellipseWeights(Size(CANONICAL_SIDE, CANONICAL_SIDE));
    return size == canonical.size() ? canonical : ellipseWeights(size);
}

Vec3f chroma(const Vec3f& bgr)
{
    const float luma = bgr.dot(LUMA);
    return Vec3f(bgr[0] - luma, bgr[1] - luma, bgr[2] - luma);
}

} // namespace

void evenColor(const Mat& crop, double strength, Mat& change)
{
    CV_CheckTypeEQ(crop.type(), CV_32FC3, "Only color can be evened out");
    const Mat weights = weightsOf(crop.size());
    Vec3d sum;
    for (int y = 0; y < crop.rows; ++y)
    {
        const Vec3f* const pixels = crop.ptr<Vec3f>(y);
        const float* const w = weights.ptr<float>(y);
        Vec3f row;
        for (int x = 0; x < crop.cols; ++x)
            row += w[x] * pixels[x];
        sum += row;
    }
    const Vec3f mean = chroma(sum * (1 / cv::sum(weights)[0]));
    const float mean_square = mean.dot(mean);

    change.create(crop.size(), crop.type());
    for (int y = 0; y < crop.rows; ++y)
    {
        const Vec3f* const pixels = crop.ptr<Vec3f>(y);
        const float* const w = weights.ptr<float>(y);
        Vec3f* const changes = change.ptr<Vec3f>(y);
        for (int x = 0; x < crop.cols; ++x)
        {
            const Vec3f own = chroma(pixels[x]);
            const float square = own.dot(own), share = square < mean_square ? square / mean_square : 1.f;
            changes[x] = float(strength) * w[x] * share * (mean - own);
        }
    }
}

}} // namespace cv::sanprivacy
