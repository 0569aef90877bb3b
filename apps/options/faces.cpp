// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#include "options/faces.hpp"

#include <algorithm>
#include <cmath>

#include <opencv2/imgproc.hpp>

namespace sanprivacy { namespace apps {

cv::Mat faceFromLandmarks(const cv::Mat& landmarks)
{
    double left, right, top, bottom;
    cv::minMaxLoc(landmarks.col(0), &left, &right);
    cv::minMaxLoc(landmarks.col(1), &top, &bottom);
    cv::Mat face(1, 15, CV_32F);
    float* value = face.ptr<float>();
    value[0] = float(left);
    value[1] = float(top);
    value[2] = float(right - left);
    value[3] = float(bottom - top);
    landmarks.reshape(1, 1).copyTo(face.colRange(4, 14));
    value[14] = 1.f;
    return face;
}

int largestFace(const cv::Mat& faces)
{
    int largest = 0;
    float largest_area = -1.f;
    for (int i = 0; i < faces.rows; ++i)
    {
        const float area = faces.at<float>(i, 2) * faces.at<float>(i, 3);
        if (area > largest_area)
        {
            largest = i;
            largest_area = area;
        }
    }
    return largest;
}

int predictLabel(cv::sanprivacy::Perturber& perturber, const cv::Mat& image, const cv::Mat& face)
{
    int label = 0;
    for (int k = 0; k < int(perturber.getAttributes().size()); ++k)
        label |= int(perturber.predictFace(image, face, k) >= .5) << k;
    return label;
}

namespace {

/** Adds the faces of an image of one channel and of its negative; a plain one, as of a mask's edge, is none.
@param origin,scale where the image lies in the whole one, and its size in relation to it */
void addFaces(cv::sanprivacy::FaceDetector& detector, const cv::Mat& alpha, const cv::Point& origin, double scale,
    std::vector<cv::Rect>& found)
{
    const double shades = .02; // standard deviation, of the range of values
    const double range = alpha.depth() == CV_16U ? 65535 : 255;
    cv::Mat inverse, faces, mean, deviation;
    cv::bitwise_not(alpha, inverse);
    for (const cv::Mat& seen : { alpha, inverse })
    {
        detector.detect(seen, faces);
        for (int f = 0; f < faces.rows; ++f)
        {
            const float* box = faces.ptr<float>(f);
            const cv::Rect inner(cv::Rect2f(box[0] + box[2] / 4, box[1] + box[3] / 4, box[2] / 2, box[3] / 2));
            const cv::Mat region = seen(inner & cv::Rect(cv::Point(), seen.size()));
            if (!region.empty())
                cv::meanStdDev(region, mean, deviation);
            if (!region.empty() && deviation.at<double>(0) > shades * range)
                found.emplace_back(cv::Point(cv::Point2d(box[0], box[1]) / scale) + origin,
                    cv::Size(int(box[2] / scale), int(box[3] / scale)));
        }
    }
}

//! Where a transparency has half-transparent areas, with some space around them; soft edges are none.
cv::Rect shadedRegion(const cv::Mat& alpha, double least, double most)
{
    const double margin = .02 * (most - least);
    const int edge = 5, space = 64; // pixels
    cv::Mat shaded;
    cv::inRange(alpha, least + margin, most - margin, shaded);
    cv::erode(shaded, shaded, cv::Mat::ones(edge, edge, CV_8U));
    const cv::Rect region = cv::boundingRect(shaded);
    return region.empty()
               ? region
               : (region + cv::Size(2 * space, 2 * space) - cv::Point(space, space)) & cv::Rect({}, alpha.size());
}

} // namespace

TransparencySearch searchTransparency(cv::sanprivacy::FaceDetector& detector, const cv::Mat& alpha)
{
    double least = 0, most = 0;
    if (!alpha.empty())
        cv::minMaxLoc(alpha, &least, &most);
    TransparencySearch search;
    if (least == most)
        return search;
    const double most_side = 1280,
                 scale = std::min(1., most_side / std::max(alpha.cols, alpha.rows)); // takes less time
    cv::Mat small = alpha;
    if (scale < 1)
        cv::resize(alpha, small, cv::Size(), scale, scale, cv::INTER_AREA);
    addFaces(detector, small, cv::Point(), scale, search.faces);
    const cv::Rect region = scale < 1 ? shadedRegion(alpha, least, most) : cv::Rect();
    if (!region.empty())
        addFaces(detector, alpha(region), region.tl(), 1, search.faces);
    search.smallest_face = int(std::ceil(detector.getSmallestFace(small.size()) / scale));
    return search;
}

}} // namespace sanprivacy::apps
