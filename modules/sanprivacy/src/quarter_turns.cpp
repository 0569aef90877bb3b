// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#include "precomp.hpp"
#include "quarter_turns.hpp"

#include <algorithm>

namespace cv { namespace sanprivacy {

namespace {

Point2f turnPointBack(const Point2f& point, int quarterTurns, const Size& image)
{
    switch (quarterTurns)
    {
    case 1: return Point2f(point.y, image.height - 1 - point.x);
    case 2: return Point2f(image.width - 1 - point.x, image.height - 1 - point.y);
    case 3: return Point2f(image.width - 1 - point.y, point.x);
    default: return point;
    }
}

} // namespace

Mat turnedClockwise(const Mat& image, int quarterTurns)
{
    if (quarterTurns == 0)
        return image;
    Mat turned;
    rotate(image, turned, quarterTurns == 1 ? ROTATE_90_CLOCKWISE : quarterTurns == 2 ? ROTATE_180 : ROTATE_90_COUNTERCLOCKWISE);
    return turned;
}

void turnBack(Mat& faces, int quarterTurns, const Size& image)
{
    const int firstLandmark = 4, score = 14;
    for (int i = 0; i < faces.rows; ++i)
    {
        float* const value = faces.ptr<float>(i);
        for (int k = firstLandmark; k < score; k += 2)
        {
            const Point2f point = turnPointBack(Point2f(value[k], value[k + 1]), quarterTurns, image);
            value[k] = point.x;
            value[k + 1] = point.y;
        }
        const Point2f a = turnPointBack(Point2f(value[0], value[1]), quarterTurns, image);
        const Point2f b = turnPointBack(Point2f(value[0] + value[2], value[1] + value[3]), quarterTurns, image);
        value[0] = std::min(a.x, b.x);
        value[1] = std::min(a.y, b.y);
        value[2] = std::abs(a.x - b.x);
        value[3] = std::abs(a.y - b.y);
    }
}

}} // namespace cv::sanprivacy
