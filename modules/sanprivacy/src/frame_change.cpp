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
const double FALL_OF_NEWS = .5;    // ... in quiet places, where much is new for a moment only
const double NOT_KNOWN = -1;       // of the usual number
const int RESTLESS = 12;           // frames for which nothing is new where, and near where, a cell has changed
const int NEAR_RESTLESS = 3;       // cells
const int BLOCK = 3;               // cells a side, of the least that is new in a quiet place
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

//! Where cells do not show what has moved there. A move by a part of a cell ends between two cells.
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

//! Takes the next number of cells that change: whether it is far above the usual one, which it then changes.
bool isSudden(int count, double& usual, double fall)
{
    const bool sudden = count >= LEAST_CELLS && count > SUDDEN * usual;
    usual = usual == NOT_KNOWN ? count : usual + (count > usual ? RISE : fall) * (count - usual);
    return sudden;
}

} // namespace

//! Blocks of cells that change where all was quiet, apart from what moves all the time elsewhere.
Mat FrameChange::amongQuiet(const Mat& changed)
{
    const Mat near = Mat::ones(2 * NEAR_RESTLESS + 1, 2 * NEAR_RESTLESS + 1, CV_8U),
              block = Mat::ones(BLOCK, BLOCK, CV_8U);
    Mat restless, news;
    dilate(restless_, restless, near);
    morphologyEx(changed & (restless == 0), news, MORPH_OPEN, block);
    subtract(restless_, Scalar(1), restless_);
    restless_.setTo(RESTLESS, changed);
    return news;
}

bool FrameChange::appears(const Mat& image, const std::vector<MovingHead>& heads, Rect2d& where)
{
    const Mat cells = cellsOf(image), last = last_;
    last_ = cells;
    if (last.size() != cells.size())
    {
        usual_ = usual_news_ = NOT_KNOWN;
        restless_ = Mat::zeros(cells.size(), CV_8U);
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
    const Mat news = amongQuiet(changed);
    const bool anywhere = isSudden(countNonZero(changed), usual_, FALL),
               among_quiet = isSudden(countNonZero(news), usual_news_, FALL_OF_NEWS);
    if (anywhere || among_quiet)
    {
        const Rect box = boundingRect(anywhere ? changed : news);
        where = Rect2d(box.x / x, box.y / y, box.width / x, box.height / y);
    }
    return anywhere || among_quiet;
}

}} // namespace cv::sanprivacy
