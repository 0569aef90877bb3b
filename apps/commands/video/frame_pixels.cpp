// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#include "commands/video/frame_pixels.hpp"

#include <string>

#include <opencv2/imgproc.hpp>

using namespace cv::sanprivacy;

namespace sanprivacy { namespace apps {

void drawBoxes(cv::Mat& image, const StreamRecord& record)
{
    const std::string states[] = { "found", "tracked", "backtracked", "held" }; // by FaceState
    const cv::Scalar colors[] = { { 80, 220, 80 }, { 220, 180, 60 }, { 220, 80, 200 }, { 60, 80, 230 } };
    const double font = .5, scale = image.depth() == CV_16U ? SIXTEEN_OF_EIGHT_BITS : 1;
    for (const StreamFace& face : record.faces)
    {
        const cv::Scalar color = colors[face.state] * scale;
        cv::rectangle(image, cv::Rect(face.box), color, 2);
        cv::putText(image, std::to_string(face.track) + ' ' + states[face.state],
            cv::Rect(face.box).tl() - cv::Point(0, 5), cv::FONT_HERSHEY_SIMPLEX, font, color);
    }
}

cv::Mat withDepth(const cv::Mat& result, const cv::Mat& deep)
{
    cv::Mat before, after;
    deep.convertTo(before, CV_8U, 1 / SIXTEEN_OF_EIGHT_BITS);
    result.convertTo(after, CV_16U, SIXTEEN_OF_EIGHT_BITS);
    const cv::Mat same = before.reshape(1) == result.reshape(1);
    cv::Mat values = after.reshape(1);
    deep.reshape(1).copyTo(values, same);
    return after;
}

}} // namespace sanprivacy::apps
