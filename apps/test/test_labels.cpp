// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#include "options/labels.hpp"

#include "options/face_labels.hpp"

#include <filesystem>
#include <fstream>
#include <stdexcept>

#include <gtest/gtest.h>
#include <unistd.h>

namespace fs = std::filesystem;
using namespace sanprivacy::apps;

namespace {

class Labels : public testing::Test
{
protected:
    Labels() : path(fs::temp_directory_path() / ("sanprivacy-labels-" + std::to_string(getpid()) + ".csv")) {}
    ~Labels() override { fs::remove(path); }

    LabelFile read(const std::string& content, const std::vector<std::string>& attributes = { "gender" }) const
    {
        std::ofstream(path) << content;
        return LabelFile(path, attributes);
    }

    //! Labels of a file of one column besides the names.
    std::vector<int> labels(const std::string& column, const std::vector<std::string>& values) const
    {
        std::string content = "file," + column + "\n";
        for (size_t i = 0; i < values.size(); ++i)
            content += std::to_string(i) + ".jpg," + values[i] + "\n";
        const LabelFile file = read(content, { column });
        std::vector<int> found;
        for (const Labelled& row : file.rows())
            found.push_back(row.label);
        return found;
    }

    const fs::path path;
};

} // namespace

TEST_F(Labels, of_gender_are_letters_words_or_digits)
{
    EXPECT_EQ(labels("gender", { "M", "f", "Male", "FEMALE", "1", "0", "" }),
        (std::vector<int> { 1, 0, 1, 0, 1, 0, NO_LABEL }));
    EXPECT_THROW(labels("gender", { "M", "2" }), std::runtime_error);
    EXPECT_THROW(labels("gender", { "men" }), std::runtime_error);
}

TEST_F(Labels, of_age_are_years_or_bands_that_begin_with_one)
{
    EXPECT_EQ(
        labels("age", { "39", "40", "40.5", "30-39", "40-49", "more than 70", "70+", "[20;30)", "0-2", ">60", "" }),
        (std::vector<int> { 0, 1, 1, 0, 1, 1, 1, 0, 0, 1, NO_LABEL }));
    for (const char* other : { "old", "-1", "<40", "under 40", "Below 60", "up to 45", "until 45", "1961" })
        EXPECT_THROW(labels("age", { "39", other }), std::runtime_error) << other;
}

TEST(LabelCheck, speaks_once_where_most_labels_differ)
{
    LabelCheck check({ "gender", "age" });
    for (int face = 0; face < 19; ++face)
        check.add(face < 12 ? 1 : 0, 0);
    EXPECT_EQ(check.warning(false), "");
    check.add(0, 0);
    const std::string warning = check.warning(false);
    EXPECT_NE(warning.find("gender contradict the classifier in 12 of 20 faces"), std::string::npos) << warning;
    EXPECT_EQ(check.warning(true), "");

    LabelCheck few({ "gender", "age" });
    for (int face = 0; face < 4; ++face)
        few.add(3, 1);
    EXPECT_EQ(few.warning(true), "");
    few.add(3, 1);
    EXPECT_NE(few.warning(true).find("age contradict the classifier in 5 of 5"), std::string::npos);
}

TEST_F(Labels, of_age_are_1_from_40_on)
{
    EXPECT_EQ(labels("age", { "39", "40", "30-39", "40-49", "more than 70", "0-2", "" }),
        (std::vector<int> { 0, 1, 0, 1, 1, 0, NO_LABEL }));
}

TEST_F(Labels, of_several_attributes_are_bits)
{
    const LabelFile file = read("file,age,gender\na.jpg,50,F\nb.jpg,20,M\nc.jpg,,M\n", { "gender", "age" });
    ASSERT_EQ(file.rows().size(), 3u);
    EXPECT_EQ(file.rows()[0].label, 2);
    EXPECT_EQ(file.rows()[1].label, 1);
    EXPECT_EQ(file.rows()[2].label, NO_LABEL);
}

TEST_F(Labels, come_with_landmarks_or_without)
{
    const std::string names = "right_eye_x,right_eye_y,left_eye_x,left_eye_y,nose_x,nose_y,right_mouth_x,right_mouth_y,"
                              "left_mouth_x,left_mouth_y";
    const LabelFile with =
        read("file,gender," + names + "\na.jpg,M,60,70,100.5,70,80,90,65,110,95,110\nb.jpg,F,,,,,,,,,,\n");
    EXPECT_TRUE(with.hasLandmarks());
    ASSERT_EQ(with.rows()[0].landmarks.size(), cv::Size(2, 5));
    EXPECT_EQ(with.rows()[0].landmarks.at<float>(1, 0), 100.5f);
    EXPECT_TRUE(with.rows()[1].landmarks.empty());
    EXPECT_FALSE(read("file,gender\na.jpg,M\n").hasLandmarks());
}

TEST_F(Labels, need_their_columns)
{
    EXPECT_THROW(read("name,gender\na.jpg,M\n"), std::runtime_error);
    try
    {
        read("file,sex\na.jpg,M\n");
        FAIL() << "no error for a missing column";
    }
    catch (const std::runtime_error& error)
    {
        EXPECT_NE(std::string(error.what()).find("gender"), std::string::npos) << error.what();
        EXPECT_NE(std::string(error.what()).find(path.filename().string()), std::string::npos) << error.what();
    }
}
