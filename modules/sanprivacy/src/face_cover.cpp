// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#include "precomp.hpp"
#include "face_cover.hpp"

#include "opencv2/sanprivacy/stream_anonymizer.hpp"

#include <algorithm>

namespace cv { namespace sanprivacy {

namespace {

const int CELLS = 6;       // mean colors that remain of a head, across; too few for eyes and mouth
const int FRAME_CELLS = 8; // and of a whole frame
const double GRAY = 128;

//! The image as so few mean colors.
Mat fewColors(const Mat& image, int cells, int interpolation)
{
    const int shortSide = std::max(1, std::min(image.cols, image.rows));
    const Size size(std::max(1, cells * image.cols / shortSide), std::max(1, cells * image.rows / shortSide));
    Mat few, result;
    resize(image, few, size, 0, 0, INTER_AREA);
    resize(few, result, image.size(), 0, 0, interpolation);
    return result;
}

void drawHead(Mat& mask, const HeadShape& head, const Point& origin, double grown, uchar value)
{
    const RotatedRect ellipseBox(Point2f(float(head.centre.real() - origin.x), float(head.centre.imag() - origin.y)),
        Size2f(float(2 * grown * head.axes.width), float(2 * grown * head.axes.height)),
        float(head.roll * 180 / CV_PI));
    ellipse(mask, ellipseBox, Scalar(value), FILLED);
}

} // namespace

void coverHead(
    const Mat& source, Mat& dst, const HeadShape& head, int replacement, const std::vector<HeadShape>& spared)
{
    const Rect2d box = head.box();
    const Rect inside = Rect(cvFloor(box.x), cvFloor(box.y), cvCeil(box.width) + 1, cvCeil(box.height) + 1)
                        & Rect(Point(), source.size());
    if (inside.empty())
        return;

    Mat mask(inside.size(), CV_8U, Scalar(0));
    drawHead(mask, head, inside.tl(), 1, 255);
    const double core = .85; // of a spared head: where the network's output is whole
    for (const HeadShape& other : spared)
        drawHead(mask, other, inside.tl(), core, 0);

    Mat cover;
    if (replacement == REPLACE_SOLID)
        cover = Mat(inside.size(), source.type(), Scalar::all(GRAY));
    else
        cover = fewColors(source(inside), CELLS, replacement == REPLACE_PIXELATION ? INTER_NEAREST : INTER_LINEAR);
    cover.copyTo(dst(inside), mask);
}

void coverFrame(const Mat& source, Mat& dst)
{
    fewColors(source, FRAME_CELLS, INTER_LINEAR).copyTo(dst);
}

}} // namespace cv::sanprivacy
