// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#include "precomp.hpp"
#include "orientation.hpp"

#include <algorithm>

namespace cv { namespace sanprivacy {

namespace {

Point2c rotateBack(const Point2c& point, int orientation, const Size& image)
{
    switch (orientation)
    {
    case 1:
        return Point2c(point.imag(), image.height - 1 - point.real());
    case 2:
        return Point2c(image.width - 1 - point.real(), image.height - 1 - point.imag());
    case 3:
        return Point2c(image.width - 1 - point.imag(), point.real());
    default:
        return point;
    }
}

} // namespace

int orientationOf(const Landmarks& landmarks)
{
    return (ORIENTATIONS - cvRound(std::arg(cropToImage(landmarks).a) / (CV_PI / 2))) % ORIENTATIONS;
}

Mat rotatedUpright(const Mat& image, int orientation)
{
    if (orientation == 0)
        return image;
    Mat rotated;
    rotate(image, rotated,
        orientation == 1   ? ROTATE_90_CLOCKWISE
        : orientation == 2 ? ROTATE_180
                           : ROTATE_90_COUNTERCLOCKWISE);
    return rotated;
}

void rotateBack(FaceRow& face, int orientation, const Size& image)
{
    for (Point2c& point : face.landmarks)
        point = rotateBack(point, orientation, image);
    const Point2c a = rotateBack(Point2c(face.box.x, face.box.y), orientation, image);
    const Point2c b = rotateBack(Point2c(face.box.br().x, face.box.br().y), orientation, image);
    face.box = Rect2f(float(std::min(a.real(), b.real())), float(std::min(a.imag(), b.imag())),
        float(std::abs(a.real() - b.real())), float(std::abs(a.imag() - b.imag())));
}

}} // namespace cv::sanprivacy
