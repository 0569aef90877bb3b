// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#ifndef OPENCV_SANPRIVACY_SIMILARITY_HPP
#define OPENCV_SANPRIVACY_SIMILARITY_HPP

#include "opencv2/core.hpp"

#include <complex>
#include <vector>

namespace cv { namespace sanprivacy {

typedef std::complex<double> Point2c; //!< a point of the plane as x + iy

//! A similarity of the plane, z -> a z + b: a carries rotation and scale.
struct Similarity
{
    Point2c a, b;

    Similarity(const Point2c& factor = 1., const Point2c& offset = 0.) : a(factor), b(offset) {}

    Point2c operator()(const Point2c& z) const { return a * z + b; }
    Similarity operator*(const Similarity& first) const { return Similarity(a * first.a, a * first.b + b); }
    Similarity inverse() const { return Similarity(1. / a, -b / a); }
    double scale() const { return std::abs(a); }
    Matx23d matrix() const { return Matx23d(a.real(), -a.imag(), b.real(), a.imag(), a.real(), b.imag()); }
};

//! Mean of points.
Point2c centreOf(const std::vector<Point2c>& points);

/** @brief Takes src to dst with the least sum of squared distances. Error::StsBadArg where that is no similarity:
fewer than two points, points that all coincide, NaN. */
Similarity fitSimilarity(const std::vector<Point2c>& src, const std::vector<Point2c>& dst);

/** @brief Fills dst with src under a similarity, as cv::warpAffine does, but free of aliasing where src shrinks.
@param src 8-bit, 16-bit or 32-bit float.
@param dst allocated, of the type of src.
@param transform takes pixels of src to pixels of dst.
@param interpolation, border as in cv::warpAffine(). */
void warpSimilarity(const Mat& src, Mat& dst, const Similarity& transform, int interpolation, int border);

//! The pixels of an image that a crop lands on; toImage takes pixels of the crop to pixels of the image.
Rect footprint(const Size& image, const Size& crop, const Similarity& toImage, double margin = 0);

}} // namespace cv::sanprivacy

#endif // OPENCV_SANPRIVACY_SIMILARITY_HPP
