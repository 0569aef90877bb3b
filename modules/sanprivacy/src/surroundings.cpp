// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#include "precomp.hpp"
#include "image_depth.hpp"
#include "surroundings.hpp"

#include <algorithm>
#include <cmath>

namespace cv { namespace sanprivacy {

namespace {

// The ellipse of a face, in pixels of a canonical crop of 224 pixels, whose eyes are 90 pixels apart.
const double EYES = 90;
const Point2c CENTRE(111.5, 100);
const double HALF_WIDTH = 112, HALF_HEIGHT = 166;

// Shares of the ellipse's radii: the blur sets in between the first two and ends between the last two.
const double FACE = .95, SURROUNDINGS = 1.1, NEAR = 1.8, FAR = 2.5;

// Pixel of the smaller image that is blurred: inter-ocular distances, so that it has the border of the ellipse, and
// share of sigma.
const double LARGEST_PIXEL = .05, SHARE_OF_SIGMA = 1. / 3;
const int ROWS = 256; // that are mixed at a time

//! Distance of a pixel of the canonical crop from the face's centre, of the ellipse's radius in that direction.
double distanceFrom(const Point2c& z)
{
    const Point2c offset = z - CENTRE;
    return std::hypot(offset.real() / HALF_WIDTH, offset.imag() / HALF_HEIGHT);
}

//! 0 up to a distance, 1 beyond another.
double rise(double distance, double from, double to)
{
    return std::min(std::max((distance - from) / (to - from), 0.), 1.);
}

Rect around(const Similarity& face, const Size& image)
{
    const Point2c centre = face(CENTRE), width = FAR * HALF_WIDTH * face.a, height = FAR * HALF_HEIGHT * face.a;
    const double x = std::hypot(width.real(), height.imag()), y = std::hypot(width.imag(), height.real());
    return Rect(Point(cvFloor(centre.real() - x), cvFloor(centre.imag() - y)),
               Point(cvCeil(centre.real() + x), cvCeil(centre.imag() + y)))
           & Rect(Point(), image);
}

/** Weights of the pixels of a small image.
@param toCrop take pixels of an image that is larger by sx and sy to those of the faces' canonical crops, the first that
of the face in the middle.
@param outside 1 outside all faces, 0 inside.
@param blur the same, fading with the distance from the first face. */
void weigh(const std::vector<Similarity>& toCrop, double sx, double sy, Mat& outside, Mat& blur)
{
    for (int y = 0; y < outside.rows; ++y)
        for (int x = 0; x < outside.cols; ++x)
        {
            const Point2c z((x + .5) * sx - .5, (y + .5) * sy - .5);
            const double distance = distanceFrom(toCrop[0](z));
            double weight = rise(distance, FACE, SURROUNDINGS);
            for (size_t i = 1; i < toCrop.size() && weight > 0; ++i)
                weight *= rise(distanceFrom(toCrop[i](z)), FACE, SURROUNDINGS);
            outside.at<float>(y, x) = float(weight);
            blur.at<float>(y, x) = float(weight * (1 - rise(distance, NEAR, FAR)));
        }
}

//! The mean of what lies outside the faces, so that no skin runs into it.
Mat blurred(const Mat& image, const Mat& outside, double sigma)
{
    const float least = 1e-6f;
    Mat weights, sum, channels;
    GaussianBlur(outside, weights, Size(), sigma);
    cv::max(weights, least, weights);
    merge(std::vector<Mat>(size_t(image.channels()), outside), channels);
    image.convertTo(sum, CV_32F);
    multiply(sum, channels, sum);
    GaussianBlur(sum, sum, Size(), sigma);
    merge(std::vector<Mat>(size_t(image.channels()), weights), channels);
    divide(sum, channels, sum);
    return sum;
}

/** Moves pixels towards others.
@param goal one channel more than pixels: the last is the weight, of the type's white or, of floats, of 1. */
template <typename T>
void moveTowards(const Mat& goal, Mat pixels)
{
    const int channels = pixels.channels();
    const float share = float(1 / whiteLevel(pixels.depth()));
    for (int y = 0; y < pixels.rows; ++y)
    {
        T* pixel = pixels.ptr<T>(y);
        const T* to = goal.ptr<T>(y);
        for (int x = 0; x < pixels.cols; ++x, pixel += channels, to += channels + 1)
            if (to[channels] > 0)
                for (int c = 0; c < channels; ++c)
                    pixel[c] = saturate_cast<T>(
                        float(pixel[c]) + share * float(to[channels]) * (float(to[c]) - float(pixel[c])));
    }
}

//! Mixes a smaller image, whose last channel is its weight, into an image; by rows, so that the memory does not grow.
void mix(const Mat& small, Mat image)
{
    const double sx = double(image.cols) / small.cols, sy = double(image.rows) / small.rows;
    Mat enlarged;
    for (int top = 0; top < image.rows; top += ROWS)
    {
        const Mat part = image.rowRange(top, std::min(top + ROWS, image.rows));
        const Matx23d toSmall(1 / sx, 0, .5 / sx - .5, 0, 1 / sy, (top + .5) / sy - .5);
        warpAffine(small, enlarged, toSmall, part.size(), INTER_LINEAR | WARP_INVERSE_MAP, BORDER_REPLICATE);
        if (image.depth() == CV_8U)
            moveTowards<uchar>(enlarged, part);
        else if (image.depth() == CV_16U)
            moveTowards<ushort>(enlarged, part);
        else
            moveTowards<float>(enlarged, part);
    }
}

/** Blurs what surrounds the first face.
@param toCrop take pixels of the image to those of the faces' canonical crops. */
void blurAround(Mat image, const std::vector<Similarity>& toCrop, double sigma)
{
    const double eyes = EYES / toCrop[0].scale(), pixel = eyes * std::min(LARGEST_PIXEL, SHARE_OF_SIGMA * sigma),
                 scale = std::min(1 / pixel, 1.);
    const Size size(std::max(1, cvRound(image.cols * scale)), std::max(1, cvRound(image.rows * scale)));
    const double sx = double(image.cols) / size.width, sy = double(image.rows) / size.height;
    Mat small, outside(size, CV_32F), weights(size, CV_32F), goal;
    resize(image, small, size, 0, 0, INTER_AREA);
    weigh(toCrop, sx, sy, outside, weights);
    small = blurred(small, outside, sigma * eyes / std::max(sx, sy));
    merge(std::vector<Mat> { small, weights * whiteLevel(image.depth()) }, goal);
    goal.convertTo(goal, image.depth());
    mix(goal, image);
}

} // namespace

void blurSurroundings(
    Mat& image, const std::vector<Similarity>& faces, const std::vector<Similarity>& others, double sigma)
{
    for (size_t i = 0; i < faces.size() && sigma > 0; ++i)
    {
        const Rect part = around(faces[i], image.size());
        if (part.empty())
            continue;
        std::vector<Similarity> all(1, faces[i]);
        for (size_t k = 0; k < faces.size(); ++k)
            if (k != i)
                all.push_back(faces[k]);
        all.insert(all.end(), others.begin(), others.end());
        for (Similarity& face : all)
            face = face.inverse() * Similarity(1., Point2c(part.x, part.y));
        blurAround(image(part), all, sigma);
    }
}

}} // namespace cv::sanprivacy
