// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#include "networks/auxiliary.hpp"

#include <cmath>
#include <iostream>

#include <gtest/gtest.h>
#include <opencv2/imgcodecs.hpp>
#include <opencv2/imgproc.hpp>
#include <opencv2/sanprivacy/alignment.hpp>

#include "common/csv_table.hpp"
#include "places.hpp"

// Real faces and public networks, where they are there.

using namespace sanprivacy;
using namespace sanprivacy::train;
using namespace sanprivacy::train::test;
using cv::sanprivacy::ModelDescription;
using torch::Tensor;

namespace {

//! Gray, 0..1.
Tensor toTensor(const cv::Mat& gray)
{
    cv::Mat values;
    gray.convertTo(values, CV_32F, 1. / 255);
    return torch::from_blob(values.data, { 1, 1, values.rows, values.cols }).clone();
}

struct Photograph
{
    cv::Mat image;
    cv::Mat face; // as FaceDetector::detect() gives it
};

//! Photographs of a set with their landmarks; the box is the typical one.
std::vector<Photograph> readPhotographs(const char* set, size_t count)
{
    const std::filesystem::path folder = sharedFolder() / "faces" / set;
    if (!std::filesystem::exists(folder / "labels.csv"))
        return {};
    const CsvTable labels = readCsv(folder / "labels.csv");
    std::vector<Photograph> photographs;
    for (size_t row = 0; row < std::min(count, labels.rows.size()); ++row)
    {
        const std::filesystem::path file = folder / labels.rows[row][labels.at("file")];
        Photograph p = { cv::imread(file.string()), cv::Mat::zeros(1, 15, CV_32F) };
        for (size_t i = 0; i < 10; ++i) // the last ten columns
            p.face.at<float>(int(4 + i)) = float(*labels.number(row, labels.columns.size() - 10 + i));
        cv::Mat canonical, toImage;
        cv::sanprivacy::getCanonicalLandmarks(canonical);
        cv::sanprivacy::estimateSimilarity(canonical, p.face, toImage);
        const double scale = std::hypot(toImage.at<double>(0, 0), toImage.at<double>(1, 0));
        const cv::Vec2d center = cv::Matx23d(toImage) * cv::Vec3d(111, 98, 1);
        const float side = (float)(266 * scale);
        cv::Mat(cv::Matx14f((float)center(0) - side / 2, (float)center(1) - side / 2, side, side))
            .copyTo(p.face.colRange(0, 4));
        photographs.push_back(p);
    }
    return photographs;
}

//! From photograph to crop to network is what training sees; straight from photograph to network is what a held-out
//! evaluator sees.
TEST(Auxiliary, agrees_with_FaceNetwork_on_photographs)
{
    const std::filesystem::path modelsFile = repository() / "samples/models.yml";
    std::vector<ModelDescription> networks;
    try
    {
        cv::sanprivacy::readModelDescriptions(modelsFile.string(), networks);
    }
    catch (const cv::Exception& e)
    {
        GTEST_SKIP() << "the networks of the samples are not there: " << e.err;
    }
    // Matchers on what they are trained with; classifiers, whose squares reach further, where there is some background.
    const std::vector<Photograph> tight = readPhotographs("fairface-val", 16),
                                  wide = readPhotographs("celeba-identities", 16);
    if (tight.empty() || wide.empty())
        GTEST_SKIP() << "no photographs in " << sharedFolder() << "; SANPRIVACY_SHARED names another place";

    for (const auto& network : networks)
    {
        SCOPED_TRACE(network.name);
        const auto& photographs = network.task == cv::sanprivacy::NETWORK_MATCHER ? tight : wide;
        const Auxiliary auxiliary(network);
        const auto evaluator = cv::sanprivacy::FaceNetwork::create(network);
        double sameScore = 0, otherScore = 0, probabilityDifference = 0;
        Tensor previous;
        for (const auto& p : photographs)
        {
            cv::Mat gray, canonical, crop, output;
            cv::cvtColor(p.image, gray, cv::COLOR_BGR2GRAY);
            evaluator->crop(gray, p.face, crop);
            evaluator->forward(std::vector<cv::Mat> { crop }, output);
            const Tensor judged = torch::from_blob(output.data, { 1, (int64_t)output.total() }).clone();
            cv::sanprivacy::alignFace(gray, p.face, canonical);
            torch::NoGradGuard noGrad;
            const Tensor found = auxiliary.forward(toTensor(canonical));
            if (network.task == cv::sanprivacy::NETWORK_CLASSIFIER)
            {
                probabilityDifference += (found.sigmoid() - judged).abs().item<double>() / (double)photographs.size();
                continue;
            }
            auto cosine = [](const Tensor& a, const Tensor& b)
            { return torch::cosine_similarity(a, b).item<double>(); };
            sameScore += cosine(found, judged) / (double)photographs.size();
            otherScore += previous.defined() ? cosine(found, previous) / (double)(photographs.size() - 1) : 0;
            previous = judged;
        }
        if (network.task == cv::sanprivacy::NETWORK_CLASSIFIER)
        {
            EXPECT_LE(probabilityDifference, .1);
            std::cout << network.name << ": probabilities differ by " << probabilityDifference << " on average"
                      << std::endl;
            continue;
        }
        EXPECT_GE(sameScore, .95);
        EXPECT_LE(otherScore, sameScore - .1);
        std::cout << network.name << ": cosine " << sameScore << " with the same photograph, " << otherScore
                  << " with the next" << std::endl;
    }
}

} // namespace
