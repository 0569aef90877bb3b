// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#ifndef OPENCV_SANPRIVACY_FACE_GEOMETRY_HPP
#define OPENCV_SANPRIVACY_FACE_GEOMETRY_HPP

#include "similarity.hpp"

namespace cv { namespace sanprivacy {

typedef std::vector<Point2c> Landmarks; //!< five: right eye, left eye, nose tip, right and left corner of the mouth

const int CANONICAL_SIDE = 224; //!< of the canonical crop, pixels

//! The landmarks of a canonical crop of that size, see getCanonicalLandmarks().
Landmarks canonicalLandmarks(const Size& size = Size(CANONICAL_SIDE, CANONICAL_SIDE));

//! Takes the canonical crop to the landmarks of an image.
Similarity cropToImage(const Landmarks& landmarks);

//! Distance of the eyes in the canonical crop under cropToImage(): robust where the head is turned.
double eyeDistance(const Landmarks& landmarks);

//! Distance of two faces' centres, in inter-ocular distances of the larger.
double centreDistance(const Landmarks& a, const Landmarks& b);

//! Direction of the face's horizontal, by its eyes and the corners of its mouth; radians.
double rollOf(const Landmarks& landmarks);

/** @brief The head around a face's landmarks: an ellipse of the canonical crop. */
struct HeadShape
{
    Point2c centre;
    Size2d axes; //!< half axes, pixels
    double roll; //!< radians

    explicit HeadShape(const Landmarks& landmarks, double grown = 1);
    Rect2d box() const; //!< of the ellipse
    bool contains(const Point2c& point) const;
};

}} // namespace cv::sanprivacy

#endif // OPENCV_SANPRIVACY_FACE_GEOMETRY_HPP
