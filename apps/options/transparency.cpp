// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#include "options/transparency.hpp"

#include <algorithm>
#include <cfloat>
#include <cmath>
#include <stdexcept>

#include <opencv2/imgproc.hpp>

namespace sanprivacy { namespace apps {

namespace {

//! What looks like a face in a transparency.
struct Shape
{
    cv::Rect box;
    bool certain; //!< shaded as a photograph, or large; else it is of opaque and transparent parts, as icons are
};

struct TransparencySearch
{
    std::vector<Shape> shapes;
    int smallest_face = 0; // that is looked for, pixels; 0 where there is nothing to be seen
};

//! Whether most of a region is half-transparent; edges do not count.
bool isShaded(const cv::Mat& region, double range)
{
    const double margin = .02, least = .25; // of 120 photographs 2 % had less than .75, faint ones; of 32 icons one
    const int edge = 3;                     // pixels
    cv::Mat shaded;
    cv::inRange(region, margin * range, (1 - margin) * range, shaded);
    cv::erode(shaded, shaded, cv::Mat::ones(edge, edge, CV_8U));
    return cv::countNonZero(shaded) >= least * double(shaded.total());
}

/** Adds the faces of an image of one channel and of its negative; a plain one, as of a mask's edge, is none.
@param origin,scale where the image lies in the whole one, and its size in relation to it */
void addFaces(cv::sanprivacy::FaceDetector& detector, const cv::Mat& alpha, const cv::Point& origin, double scale,
    std::vector<Shape>& found)
{
    const double shades = .02;      // standard deviation, of the range of values
    const double least_drawn = 100; // pixels; of 32 icons that were taken for a face none was as large
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
                found.push_back({ cv::Rect(cv::Point(cv::Point2d(box[0], box[1]) / scale) + origin,
                                      cv::Size(int(box[2] / scale), int(box[3] / scale))),
                    box[2] / scale >= least_drawn || isShaded(region, range) });
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

//! Whether one of the faces found lies around the middle of another one.
bool isAmong(const cv::Rect& face, const cv::Mat& faces)
{
    const cv::Point2f middle = cv::Point2f(face.tl() + face.br()) / 2;
    bool found = false;
    for (int f = 0; f < faces.rows; ++f)
    {
        const float* box = faces.ptr<float>(f);
        found = found || cv::Rect2f(box[0], box[1], box[2], box[3]).contains(middle);
    }
    return found;
}

/** Looks for a face that can be seen in the transparency itself, as a drawing of black ink on nothing has it. A matte
that cuts out a head, which the detector may take for a face, has no shades inside.
@param alpha where its longer side has more than 1280 pixels, what is half-transparent is searched in its full size, and
the whole in a smaller copy */
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
    addFaces(detector, small, cv::Point(), scale, search.shapes);
    const cv::Rect region = scale < 1 ? shadedRegion(alpha, least, most) : cv::Rect();
    if (!region.empty())
        addFaces(detector, alpha(region), region.tl(), 1, search.shapes);
    search.smallest_face = int(std::ceil(detector.getSmallestFace(small.size()) / scale));
    return search;
}

} // namespace

std::string transparencyLimit(int smallest_face, int smallest_face_in_transparency)
{
    if (smallest_face_in_transparency <= smallest_face)
        return std::string();
    return "In the transparency, faces without half-transparent areas are not searched for if they are narrower than "
           + std::to_string(smallest_face_in_transparency) + " pixels\n";
}

int protectTransparency(Image& image, cv::sanprivacy::FaceDetector& detector, const cv::Mat& known)
{
    const TransparencySearch search = searchTransparency(detector, image.alpha);
    bool lost = !search.shapes.empty();
    for (int white = 1; white >= 0 && lost; --white)
    {
        const cv::Mat pixels = onPlain(image, white);
        cv::Mat faces;
        detector.detect(pixels, faces);
        faces.push_back(known);
        bool found = false;
        lost = false;
        for (const Shape& shape : search.shapes)
        {
            const bool here = isAmong(shape.box, faces);
            found = found || here;
            lost = lost || (!here && shape.certain);
        }
        std::string note = image.note + (image.note.empty() ? "" : "; ");
        if (found && !lost)
            image = { pixels, cv::Mat(),
                note + "written on " + (white ? "white" : "black")
                    + ": a face shows in the transparency, where it cannot be protected" };
        else if (!lost)
            image.note = note + "its transparency has the shape of something like a face, which is left as it is";
    }
    if (lost)
        throw std::runtime_error("a face shows in the transparency, and not in the image on white or black; save it "
                                 "without transparency first");
    return search.smallest_face;
}

void fillTransparent(Image& image)
{
    const cv::Mat hidden = image.alpha.empty() ? cv::Mat() : cv::Mat(image.alpha == 0);
    const int count = hidden.empty() ? 0 : cv::countNonZero(hidden);
    if (count == 0 || count == int(hidden.total()))
        return;
    cv::Mat visible = image.pixels.clone(), small, share, unknown, distance, nearest, filled;
    visible.setTo(0, hidden);
    const int most_side = 1024; // of the image in which the nearest pixels are looked for
    const double scale = std::min(1., double(most_side) / std::max(hidden.cols, hidden.rows));
    cv::resize(visible, small, cv::Size(), scale, scale, cv::INTER_AREA);
    cv::resize(~hidden, share, small.size(), 0, 0, cv::INTER_AREA);
    cv::Mat colors, weights;
    share.convertTo(share, CV_32F, 1 / 255.);
    cv::max(share, FLT_EPSILON, weights);
    cv::merge(std::vector<cv::Mat>(size_t(small.channels()), weights), weights);
    cv::divide(small, weights, colors, 1, image.pixels.depth());

    unknown = share == 0;
    cv::distanceTransform(unknown, distance, nearest, cv::DIST_L2, cv::DIST_MASK_5, cv::DIST_LABEL_PIXEL);
    std::vector<cv::Point> known(size_t(unknown.total()) + 1);
    for (int y = 0; y < unknown.rows; ++y)
        for (int x = 0; x < unknown.cols; ++x)
            if (!unknown.at<uchar>(y, x))
                known[size_t(nearest.at<int>(y, x))] = cv::Point(x, y);
    for (int y = 0; y < unknown.rows; ++y)
        for (int x = 0; x < unknown.cols; ++x)
            if (unknown.at<uchar>(y, x))
                colors(cv::Rect(known[size_t(nearest.at<int>(y, x))], cv::Size(1, 1)))
                    .copyTo(colors(cv::Rect(x, y, 1, 1)));
    cv::resize(colors, filled, hidden.size(), 0, 0, cv::INTER_LINEAR);
    filled.copyTo(image.pixels, hidden);
}

}} // namespace sanprivacy::apps
