// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#ifndef SANPRIVACY_TRAIN_TEST_DRAWN_FACES_HPP
#define SANPRIVACY_TRAIN_TEST_DRAWN_FACES_HPP

#include <filesystem>
#include <fstream>
#include <string>

#include <opencv2/imgcodecs.hpp>
#include <opencv2/imgproc.hpp>

#include "common/test/temporary_folder.hpp"

namespace sanprivacy { namespace train { namespace test {

using ::sanprivacy::test::TemporaryFolder;
using ::sanprivacy::test::textOf;

inline void write(const std::filesystem::path& file, const std::string& text)
{
    std::filesystem::create_directories(file.parent_path());
    std::ofstream(file, std::ios::binary) << text;
}

//! A drawn face of 260x260 whose eyes are 90 apart; label 1 has thick brows and dark skin, so that a network can tell.
inline cv::Mat drawFace(int label, int variant)
{
    cv::RNG rng(uint64_t(1000 * label + variant + 1));
    cv::Mat image(260, 260, CV_8UC3, cv::Scalar(rng.uniform(90, 140), rng.uniform(90, 140), rng.uniform(90, 140)));
    const int skin = label ? rng.uniform(80, 130) : rng.uniform(160, 220);
    cv::ellipse(image, { 130, 150 }, { 85, 105 }, 0, 0, 360, cv::Scalar::all(skin), cv::FILLED);
    for (int x : { 85, 175 })
    {
        cv::circle(image, { x, 100 }, 9, cv::Scalar::all(20), cv::FILLED);
        cv::line(image, { x - 20, 80 }, { x + 20, 80 }, cv::Scalar::all(30), label ? 9 : 2);
    }
    cv::circle(image, { 130, 145 }, 7, cv::Scalar::all(skin - 40), cv::FILLED);
    cv::line(image, { 95, 190 }, { 165, 190 }, cv::Scalar(40, 40, 120), 6);
    return image;
}

const char* const DRAWN_LANDMARKS = "85,100,175,100,130,145,95,190,165,190";

//! A folder with labels.csv and as many drawn faces, F and M in turn, two images a person.
inline void drawDataset(const std::filesystem::path& folder, int faces)
{
    std::string csv = "file,gender,age,identity,right_eye_x,right_eye_y,left_eye_x,left_eye_y,nose_x,nose_y,"
                      "right_mouth_x,right_mouth_y,left_mouth_x,left_mouth_y\n";
    std::filesystem::create_directories(folder / "images");
    for (int i = 0; i < faces; ++i)
    {
        const int label = i % 2;
        const std::string name = cv::format("images/%03d.png", i);
        cv::imwrite((folder / name).string(), drawFace(label, i));
        csv += name + (label ? ",M," : ",F,") + std::to_string(20 + i) + ",p" + std::to_string(i / 2) + ","
               + DRAWN_LANDMARKS + "\n";
    }
    write(folder / "labels.csv", csv);
}

}}} // namespace sanprivacy::train::test

#endif // SANPRIVACY_TRAIN_TEST_DRAWN_FACES_HPP
