// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#include "precomp.hpp"
#include "frame_change.hpp"
#include "shrink.hpp"

#include <algorithm>

namespace cv { namespace sanprivacy {

namespace {

const int CELLS = 160;             // along the long side
const double CHANGED = 10;         // gray levels, beside the change of the whole
const int LEAST_CELLS = 3;         // that change where something appears
const double SUDDEN = 2;           // as many as usual
const double RISE = .5, FALL = .2; // of the usual number towards that of a frame
const double HEAD_GROWN = 1.4;     // with hair and neck

Mat cellsOf(const Mat& image)
{
    const Mat small = shrunk(image, CELLS / double(std::max(image.cols, image.rows)));
    if (small.channels() == 1)
        return small.clone(); // that of a small frame is the frame itself
    Mat gray;
    cvtColor(small, gray, COLOR_BGR2GRAY);
    return gray;
}

} // namespace

bool FrameChange::appears(const Mat& image, const std::vector<HeadShape>& heads, Rect2d& where)
{
    const Mat cells = cellsOf(image), last = last_;
    last_ = cells;
    if (last.size() != cells.size())
    {
        usual_ = NOT_KNOWN;
        return false;
    }
    Mat difference;
    subtract(cells, last, difference, noArray(), CV_16S);
    Mat changed = cv::abs(difference - mean(difference)) > CHANGED;
    const double x = double(cells.cols) / image.cols, y = double(cells.rows) / image.rows;
    for (const HeadShape& head : heads)
        ellipse(changed,
            RotatedRect(Point2f(float(head.centre.real() * x), float(head.centre.imag() * y)),
                Size2f(float(2 * HEAD_GROWN * head.axes.width * x), float(2 * HEAD_GROWN * head.axes.height * y)),
                float(head.roll * 180 / CV_PI)),
            Scalar(0), FILLED);
    const int count = countNonZero(changed);
    const bool sudden = count >= LEAST_CELLS && count > SUDDEN * usual_;
    usual_ = usual_ == NOT_KNOWN ? count : usual_ + (count > usual_ ? RISE : FALL) * (count - usual_);
    if (sudden)
    {
        const Rect box = boundingRect(changed);
        where = Rect2d(box.x / x, box.y / y, box.width / x, box.height / y);
    }
    return sudden;
}

}} // namespace cv::sanprivacy
