// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#include "precomp.hpp"
#include "color_conversion.hpp"
#include "gender_network.hpp"
#include "aligned_face.hpp"
#include "image_depth.hpp"

namespace cv { namespace sanprivacy {

namespace {

const Size CHIP(128, 128), INPUT(32, 32); // what dlib cuts out, and its means of 4x4 pixels

//! The five landmarks in dlib's chip of padding .2.
const Point2d LANDMARKS[] = { { 38.903, 38.034 }, { 89.125, 38.034 }, { 63.095, 65.426 }, { 41.518, 89.618 },
    { 84.672, 89.618 } };

const Scalar MEAN(122.782, 117.001, 104.298); // R, G, B
const double DEVIATION = 256;

} // namespace

Mat GenderNetwork::cut(const Mat& image, const std::vector<Point2c>& landmarks)
{
    std::vector<Point2c> landmark_template;
    for (const Point2d& point : LANDMARKS)
        landmark_template.push_back(Point2c(point.x, point.y));
    const Mat chip = AlignedFace::cut(image, landmarks, CHIP, landmark_template).crop;
    Mat face;
    resize(chip, face, INPUT, 0, 0, INTER_AREA);
    face.convertTo(face, CV_32F, 1 / whiteLevel(image.depth()));
    return toBgr(face);
}

Mat GenderNetwork::forward(const std::vector<Mat>& faces)
{
    const double white = 255;
    net.setInput(dnn::blobFromImages(faces, white / DEVIATION, INPUT, MEAN / white, true));
    const Mat probabilities = net.forward(); // of female and male
    return probabilities.reshape(1, (int)faces.size()).col(1).clone();
}

}} // namespace cv::sanprivacy
