// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#include "precomp.hpp"
#include "color_conversion.hpp"
#include "frame_change.hpp"
#include "shrink.hpp"

#include <algorithm>
#include <cmath>

namespace cv { namespace sanprivacy {

namespace {

const int CELLS = 160;             // along the long side
const double CHANGED = 10;         // gray levels, beside the change of the whole
const int LEAST_CELLS = 3;         // that change where something appears
const double SUDDEN = 2;           // as many as usual
const double RISE = .5, FALL = .2; // of the usual number towards that of a frame
const double FALL_IN_QUIET = .5;   // ... in quiet places, where much changes for a moment only
const double NOT_KNOWN = -1;       // of the usual number
const int ACTIVE_FRAMES = 12;      // for which a cell that has changed, and what is near it, is no quiet place
const int ACTIVE_RADIUS = 3;       // cells
const int BLOCK = 3;               // cells a side, of the least change that counts in a quiet place
const double HEAD_GROWN = 1.4;     // with hair and neck

Mat cellsOf(const Mat& image)
{
    const Mat small = shrunk(image, CELLS / double(std::max(image.cols, image.rows)));
    const Mat cells = toGray(small);
    return cells.data == image.data ? cells.clone() : cells; // the frame itself, where that is small and gray
}

//! Where cells differ, beside a change of the whole.
Mat changeOf(const Mat& last, const Mat& cells)
{
    Mat difference;
    subtract(cells, last, difference, noArray(), CV_16S);
    return cv::abs(difference - mean(difference)) > CHANGED;
}

//! Where cells differ from what has moved there. After a move by a part of a cell a value lies between two cells.
Mat changeBesideMove(const Mat& last, const Mat& cells, const Point2c& move)
{
    const Matx23d whole(1, 0, std::floor(move.real()), 0, 1, std::floor(move.imag()));
    const Mat square = Mat::ones(2, 2, CV_8U);
    Mat moved, least, most;
    warpAffine(last, moved, whole, last.size(), INTER_NEAREST, BORDER_REPLICATE);
    erode(moved, least, square, Point(1, 1));
    dilate(moved, most, square, Point(1, 1));
    return (cells < least - CHANGED) | (cells > most + CHANGED);
}

//! Takes the number of cells that change in a frame. @return whether it is far above the usual one, which it updates.
bool isSudden(int count, double& usual, double fall)
{
    const bool sudden = count >= LEAST_CELLS && count > SUDDEN * usual;
    usual = usual == NOT_KNOWN ? count : usual + (count > usual ? RISE : fall) * (count - usual);
    return sudden;
}

} // namespace

//! Blocks of cells that change in quiet places, where nothing near has changed lately.
Mat FrameChange::changedInQuiet(const Mat& changed)
{
    const Mat near = Mat::ones(2 * ACTIVE_RADIUS + 1, 2 * ACTIVE_RADIUS + 1, CV_8U),
              block = Mat::ones(BLOCK, BLOCK, CV_8U);
    Mat active, blocks;
    dilate(active_, active, near);
    morphologyEx(changed & (active == 0), blocks, MORPH_OPEN, block);
    subtract(active_, Scalar(1), active_);
    active_.setTo(ACTIVE_FRAMES, changed);
    return blocks;
}

bool FrameChange::appears(const Mat& image, const std::vector<MovingHead>& heads, Rect2d& where)
{
    const Mat cells = cellsOf(image), last = last_;
    last_ = cells;
    if (last.size() != cells.size())
    {
        usual_ = usual_in_quiet_ = NOT_KNOWN;
        active_ = Mat::zeros(cells.size(), CV_8U);
        return false;
    }
    Mat changed = changeOf(last, cells);
    const double x = double(cells.cols) / image.cols, y = double(cells.rows) / image.rows;
    for (const MovingHead& head : heads)
    {
        const HeadShape& shape = head.shape;
        ellipse(changed,
            RotatedRect(Point2f(float(shape.centre.real() * x), float(shape.centre.imag() * y)),
                Size2f(float(2 * HEAD_GROWN * shape.axes.width * x), float(2 * HEAD_GROWN * shape.axes.height * y)),
                float(shape.roll * 180 / CV_PI)),
            Scalar(0), FILLED);
        changed &= changeBesideMove(last, cells, Point2c(head.move.real() * x, head.move.imag() * y));
    }
    const Mat quiet = changedInQuiet(changed);
    const bool anywhere = isSudden(countNonZero(changed), usual_, FALL),
               in_quiet = isSudden(countNonZero(quiet), usual_in_quiet_, FALL_IN_QUIET);
    if (anywhere || in_quiet)
    {
        const Rect box = boundingRect(anywhere ? changed : quiet);
        where = Rect2d(box.x / x, box.y / y, box.width / x, box.height / y);
    }
    return anywhere || in_quiet;
}

}} // namespace cv::sanprivacy
