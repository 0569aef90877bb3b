// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#include "commands/video/square_pixels.hpp"

#include <algorithm>
#include <cmath>

#include <opencv2/imgproc.hpp>

using namespace cv::sanprivacy;

namespace sanprivacy { namespace apps {

SquarePixels::SquarePixels(const cv::Size& pixel_shape, size_t max_pixels) : stretch_(1, 1), max_pixels_(max_pixels)
{
    const double nearly = 1.15, most = 8; // more is a file's mistake
    const double ratio = double(pixel_shape.width) / pixel_shape.height;
    if (ratio > nearly)
        stretch_.width = std::min(ratio, most);
    else if (ratio < 1 / nearly)
        stretch_.height = std::min(1 / ratio, most);
}

cv::Mat SquarePixels::shown(const cv::Mat& stored) const
{
    if (stretch_ == cv::Size2d(1, 1))
        return stored;
    const double area = double(stored.total()) * stretch_.width * stretch_.height;
    const double scale = std::min(1., std::sqrt(double(max_pixels_) / area));
    const cv::Size size(std::max(1, cvRound(stored.cols * stretch_.width * scale)),
        std::max(1, cvRound(stored.rows * stretch_.height * scale)));
    cv::Mat result;
    cv::resize(stored, result, size, 0, 0, cv::INTER_LINEAR);
    return result;
}

cv::Mat SquarePixels::stored(const cv::Mat& changed, const cv::Mat& shown, const cv::Mat& stored)
{
    cv::Mat difference, mask, small, result = stored.clone();
    cv::absdiff(changed, shown, difference);
    cv::Mat planes = difference.reshape(1, int(difference.total()));
    cv::reduce(planes, mask, 1, cv::REDUCE_MAX);
    cv::Mat(mask.reshape(1, changed.rows) > 0).copyTo(mask);
    cv::resize(mask, mask, stored.size(), 0, 0, cv::INTER_AREA);
    cv::resize(changed, small, stored.size(), 0, 0, cv::INTER_AREA);
    small.copyTo(result, mask > 0);
    return result;
}

void SquarePixels::toStored(StreamRecord& record, const cv::Size& shown, const cv::Size& stored)
{
    const double x = double(stored.width) / shown.width, y = double(stored.height) / shown.height;
    for (StreamFace& face : record.faces)
    {
        face.box = cv::Rect2d(face.box.x * x, face.box.y * y, face.box.width * x, face.box.height * y);
        for (cv::Point2f& point : face.landmarks)
            point = cv::Point2f(float(point.x * x), float(point.y * y));
    }
}

}} // namespace sanprivacy::apps
