// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#include "precomp.hpp"
#include "face_geometry.hpp"

#include <algorithm>

namespace cv { namespace sanprivacy {

namespace {

//! Eyes 90 px apart on row 68; nose and mouth where they lie in the mean training face, aligned so and made symmetric.
const Point2d CANONICAL[] = { { 66.5, 68 }, { 156.5, 68 }, { 111.5, 120.5 }, { 72.5, 160 }, { 150.5, 160 } };

//! Bounds of the head in the canonical crop: brow to chin and ear to ear, where hair and background begin.
const Point2c HEAD_CENTRE(111.5, 106);
const Size2d HEAD_AXES(94, 122);

const Landmarks& canonical()
{
    static const Landmarks landmarks = canonicalLandmarks();
    return landmarks;
}

} // namespace

Landmarks canonicalLandmarks(const Size& size)
{
    CV_Check(size, !size.empty(), "A crop needs a positive size");
    const double sx = double(size.width) / CANONICAL_SIDE, sy = double(size.height) / CANONICAL_SIDE;
    Landmarks landmarks;
    for (const Point2d& p : CANONICAL) // pixel centres are whole numbers
        landmarks.push_back(Point2c((p.x + .5) * sx - .5, (p.y + .5) * sy - .5));
    return landmarks;
}

Similarity cropToImage(const Landmarks& landmarks)
{
    return fitSimilarity(canonical(), landmarks);
}

double eyeDistance(const Landmarks& landmarks)
{
    return cropToImage(landmarks).scale() * std::abs(canonical()[1] - canonical()[0]);
}

double centreDistance(const Landmarks& a, const Landmarks& b)
{
    return std::abs(centreOf(a) - centreOf(b)) / std::max(eyeDistance(a), eyeDistance(b));
}

double rollOf(const Landmarks& landmarks)
{
    return std::arg(landmarks[1] - landmarks[0] + landmarks[4] - landmarks[3]);
}

HeadShape::HeadShape(const Landmarks& landmarks, double grown)
{
    const Similarity toImage = cropToImage(landmarks);
    centre = toImage(HEAD_CENTRE);
    axes = Size2d(HEAD_AXES.width * toImage.scale() * grown, HEAD_AXES.height * toImage.scale() * grown);
    roll = std::arg(toImage.a);
}

Rect2d HeadShape::box() const
{
    const double c = std::cos(roll), s = std::sin(roll);
    const double width = std::hypot(axes.width * c, axes.height * s),
                 height = std::hypot(axes.width * s, axes.height * c);
    return Rect2d(centre.real() - width, centre.imag() - height, 2 * width, 2 * height);
}

bool HeadShape::contains(const Point2c& point) const
{
    const Point2c offset = std::polar(1., -roll) * (point - centre);
    return std::hypot(offset.real() / axes.width, offset.imag() / axes.height) <= 1;
}

}} // namespace cv::sanprivacy
