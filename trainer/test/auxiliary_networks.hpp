// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#ifndef SANPRIVACY_TRAIN_TEST_AUXILIARY_NETWORKS_HPP
#define SANPRIVACY_TRAIN_TEST_AUXILIARY_NETWORKS_HPP

#include <vector>

#include <opencv2/imgproc.hpp>
#include <opencv2/sanprivacy/alignment.hpp>
#include <opencv2/sanprivacy/networks.hpp>

#include "small_graph.hpp"

using cv::sanprivacy::ModelDescription;
using torch::Tensor;

const int CROP = 224;
const std::vector<cv::Point2f> ARC112 = { { 38.2946f, 51.6963f }, { 73.5318f, 51.5014f }, { 56.0252f, 71.7366f },
    { 41.5493f, 92.3655f }, { 70.7299f, 92.2041f } };

//! A network's description without its file.
inline ModelDescription describe(int task, int width, int height, const char* color = "rgb")
{
    ModelDescription d;
    d.name = "tested";
    d.task = task;
    d.size = cv::Size(width, height);
    d.color = color;
    d.scale = 1. / 255;
    if (task == cv::sanprivacy::NETWORK_MATCHER)
        d.distance = cv::sanprivacy::DISTANCE_EUCLIDEAN;
    return d;
}

inline std::vector<cv::Point2f> scaledTemplate(double factor)
{
    std::vector<cv::Point2f> landmark_template = ARC112;
    for (auto& point : landmark_template)
        point *= factor;
    return landmark_template;
}

//! A matcher of square images that gives what it is given, as one row per face.
inline ModelDescription passThrough(SmallGraph& g, int side, const char* color = "rgb")
{
    g.input("image", { 1, std::string(color) == "gray" ? 1 : 3, side, side });
    g.node("Flatten", { "image" }, { "row" });
    g.output("row");
    ModelDescription d = describe(cv::sanprivacy::NETWORK_MATCHER, side, side, color);
    d.file = g.write();
    return d;
}

//! An image with detail of every size down to a few pixels, 0..1.
inline cv::Mat texture(uint64_t seed, int side = CROP)
{
    cv::RNG rng(seed);
    cv::Mat sum = cv::Mat::zeros(side, side, CV_32F), noise(side, side, CV_32F);
    for (double sigma : { 1.5, 4., 12. })
    {
        rng.fill(noise, cv::RNG::NORMAL, 0, 1);
        cv::GaussianBlur(noise, noise, cv::Size(), sigma);
        sum += noise * sigma;
    }
    cv::normalize(sum, sum, 0, 1, cv::NORM_MINMAX);
    return sum;
}

inline Tensor toTensor(const cv::Mat& gray)
{
    cv::Mat values;
    gray.convertTo(values, CV_32F, gray.depth() == CV_8U ? 1. / 255 : 1.);
    return torch::from_blob(values.data, { 1, 1, values.rows, values.cols }).clone();
}

inline double meanDifference(const Tensor& a, const Tensor& b)
{
    return (a - b).abs().mean().item<double>();
}

//! A network that answers the canonical crop itself.
inline ModelDescription wholeCrop(SmallGraph& g)
{
    ModelDescription d = passThrough(g, CROP);
    cv::Mat canonical;
    cv::sanprivacy::getCanonicalLandmarks(canonical);
    for (int i = 0; i < canonical.rows; ++i)
        d.landmark_template.push_back(cv::Point2f(canonical.at<float>(i, 0), canonical.at<float>(i, 1)));
    return d;
}

#endif // SANPRIVACY_TRAIN_TEST_AUXILIARY_NETWORKS_HPP
