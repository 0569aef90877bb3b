// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#include "precomp.hpp"
#include "similarity.hpp"

#include <limits>
#include <numeric>

namespace cv { namespace sanprivacy {

Point2c centreOf(const std::vector<Point2c>& points)
{
    return std::accumulate(points.begin(), points.end(), Point2c(0.)) / double(points.size());
}

Similarity fitSimilarity(const std::vector<Point2c>& src, const std::vector<Point2c>& dst)
{
    CV_CheckEQ(src.size(), dst.size(), "A similarity needs as many points in either set");
    if (src.size() < 2)
        CV_Error(Error::StsBadArg, "A similarity needs two points or more");

    // In complex numbers the fit is a linear regression of one variable.
    const Point2c srcMean = centreOf(src), dstMean = centreOf(dst);
    Point2c covariance = 0.;
    double variance = 0;
    for (size_t i = 0; i < src.size(); ++i)
    {
        covariance += std::conj(src[i] - srcMean) * (dst[i] - dstMean);
        variance += std::norm(src[i] - srcMean);
    }
    const Point2c a = covariance / variance, b = dstMean - a * srcMean;
    const double scale = std::abs(a), smallest = std::numeric_limits<float>::epsilon();
    if (!(scale > smallest && 1 / scale > smallest && std::abs(b) < 1 / std::numeric_limits<double>::epsilon()))
        CV_Error(Error::StsBadArg, "No similarity fits the points: they coincide, are not finite or lie too far away");
    return Similarity(a, b);
}

Rect footprint(const Size& image, const Size& crop, const Similarity& toImage, double margin)
{
    Point2d low(image.width, image.height), high(0, 0);
    for (int corner = 0; corner < 4; ++corner)
    {
        const Point2c z = toImage(Point2c(corner & 1 ? crop.width - .5 : -.5, corner & 2 ? crop.height - .5 : -.5));
        low = Point2d(std::min(low.x, z.real() - margin), std::min(low.y, z.imag() - margin));
        high = Point2d(std::max(high.x, z.real() + margin), std::max(high.y, z.imag() + margin));
    }
    const Point first(cvFloor(std::max(low.x, 0.)), cvFloor(std::max(low.y, 0.)));
    const Point last(cvCeil(std::min(high.x, image.width - 1.)), cvCeil(std::min(high.y, image.height - 1.)));
    return last.x >= first.x && last.y >= first.y ? Rect(first, last + Point(1, 1)) : Rect();
}

void warpSimilarity(const Mat& src, Mat& dst, const Similarity& transform, int interpolation, int border)
{
    // Only what dst sees of src is touched; the margin is the reach of low-pass and interpolation.
    const double reach = 3;
    const Rect seen = footprint(src.size(), dst.size(), transform.inverse(), reach / transform.scale() + reach);
    if (seen.empty())
    {
        dst.setTo(0);
        return;
    }
    Mat part = src(seen);
    Similarity partToDst = transform * Similarity(1., Point2c(seen.x, seen.y));

    // Down a Gaussian pyramid to within a factor of two, the rest of the low-pass by one more Gaussian.
    for (; partToDst.scale() < .5; partToDst.a *= 2)
    {
        Mat half;
        pyrDown(part, half, Size(), BORDER_REPLICATE);
        part = half;
    }
    if (partToDst.scale() < 1)
    {
        const double sigma = .5 * std::sqrt(1 / (partToDst.scale() * partToDst.scale()) - 1);
        Mat smooth;
        GaussianBlur(part, smooth, Size(), sigma, sigma, BORDER_REPLICATE | BORDER_ISOLATED);
        part = smooth;
    }
    warpAffine(part, dst, partToDst.matrix(), dst.size(), interpolation, border);
}

}} // namespace cv::sanprivacy
