// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#include "data/manifest.hpp"

#include <gtest/gtest.h>

#include "common/message.hpp"
#include "drawn_faces.hpp"

namespace sanprivacy { namespace train { namespace test { namespace {

AttributeRule rule(const std::string& attribute, const std::string& positive = std::string())
{
    AttributeRule r;
    r.attribute = attribute;
    r.positive = positive;
    return r;
}

const AttributeRule GENDER = rule("gender");

TEST(Train_AttributeRule, gender)
{
    for (const char* one : { "M", "m", "male", "Male", "1", "true", "Yes" })
        EXPECT_EQ(1, GENDER.label(one)) << one;
    for (const char* zero : { "F", "female", "0", "-1", "False", "no" })
        EXPECT_EQ(0, GENDER.label(zero)) << zero;
    for (const char* unknown : { "", "?", "3", "unknown" })
        EXPECT_EQ(LABEL_UNKNOWN, GENDER.label(unknown)) << unknown;
}

TEST(Train_AttributeRule, thresholds_and_lists)
{
    const AttributeRule old = rule("age", ">=50"), young = rule("age", "<50"), some = rule("race", "Black,White");
    EXPECT_EQ(1, old.label("50"));
    EXPECT_EQ(0, old.label("49"));
    EXPECT_EQ(0, old.label("40-49"));
    EXPECT_EQ(1, old.label("more than 70"));
    EXPECT_EQ(LABEL_UNKNOWN, old.label("old"));
    EXPECT_EQ(0, young.label("50"));
    EXPECT_EQ(1, young.label("49"));
    EXPECT_EQ(1, some.label("white"));
    EXPECT_EQ(1, rule("race", " Black , White ").label("white "));
    EXPECT_EQ(1, rule("age", ">=49.5").label("49.6"));
    EXPECT_EQ(0, rule("age", ">=49.5").label("49.4"));
    EXPECT_EQ(0, old.label("-60")) << "a number below zero";
    EXPECT_EQ(1, old.label("20" + std::string(400, '0'))) << "larger than any double";
    EXPECT_EQ(0, some.label("East Asian"));
    EXPECT_EQ(LABEL_UNKNOWN, some.label(""));
}

TEST(Train_Manifest, labels_csv)
{
    const TemporaryFolder folder;
    drawDataset(folder.path, 3);
    const std::vector<Sample> samples = readManifest(folder.path, { GENDER });
    ASSERT_EQ(3u, samples.size());
    EXPECT_EQ(std::filesystem::canonical(folder / "images/001.png"), samples[1].file);
    EXPECT_EQ(0, samples[0].labels[0]);
    EXPECT_EQ(1, samples[1].labels[0]);
    EXPECT_EQ("p1", samples[2].identity);
    ASSERT_EQ(5u, samples[0].landmarks.size());
    EXPECT_EQ(cv::Point2f(130, 145), samples[0].landmarks[2]);
    EXPECT_EQ(1, readManifest(folder.path, { rule("age", ">=22") })[2].labels[0]);
}

TEST(Train_Manifest, empty_landmark_cells_are_no_landmarks)
{
    const TemporaryFolder folder;
    const std::string columns = "file,gender,right_eye_x,right_eye_y,left_eye_x,left_eye_y,nose_x,nose_y,"
                                "right_mouth_x,right_mouth_y,left_mouth_x,left_mouth_y\n";
    write(folder / "labels.csv",
        columns + "a.jpg,M," + DRAWN_LANDMARKS + "\nb.jpg,F,,,,,,,,,,\nc.jpg,F,0,0,1,1,2,2,3,3,4,4\n");
    const std::vector<Sample> samples = readManifest(folder.path, { GENDER });
    EXPECT_EQ(5u, samples[0].landmarks.size());
    EXPECT_TRUE(samples[1].landmarks.empty()) << "to be detected";
    EXPECT_EQ(cv::Point2f(0, 0), samples[2].landmarks.at(0));
}

TEST(Train_Manifest, labels_csv_with_quotes_crlf_and_few_columns)
{
    const TemporaryFolder folder;
    write(folder / "labels.csv", "race,file,split\r\n\"East Asian, other\",b.jpg,test\r\nBlack,a.jpg,\r\n");
    const std::vector<Sample> samples = readManifest(folder.path, { rule("race", "Black") });
    ASSERT_EQ(2u, samples.size());
    EXPECT_EQ("a.jpg", samples[0].file.filename());
    EXPECT_EQ(1, samples[0].labels[0]);
    EXPECT_EQ("East Asian, other", samples[1].value);
    EXPECT_EQ("test", samples[1].split);
    EXPECT_TRUE(samples[0].landmarks.empty());
}

//! What readManifest() says against labels.csv.
std::string refusal(const std::string& text, const AttributeRule& wanted = GENDER)
{
    const TemporaryFolder folder;
    write(folder / "labels.csv", text);
    try
    {
        readManifest(folder.path, { wanted });
    }
    catch (const std::exception& error)
    {
        return message(error);
    }
    return "";
}

TEST(Train_Manifest, unknown_comparisons_are_refused)
{
    for (const char* positive : { ">50", "<=50", " = 50", ">=old" })
        EXPECT_NE(std::string::npos, refusal("file,age\na.jpg,60\n", rule("age", positive)).find("found '"))
            << positive;
    EXPECT_EQ("", refusal("file,age\na.jpg,60\n", rule("age", "60,>70")));
}

TEST(Train_Manifest, repeated_rows_count_once_and_contradicting_ones_are_refused)
{
    const TemporaryFolder folder;
    write(folder / "labels.csv", "file,gender\na.jpg,M\nb.jpg,F\n./a.jpg,male\n");
    ASSERT_EQ(2u, readManifest(folder.path, { GENDER }).size());
    EXPECT_NE(std::string::npos, refusal("file,gender\na.jpg,M\nb.jpg,F\na.jpg,F\n")
                                     .find("contradicting rows for 'a.jpg': gender 'M' and gender 'F'"));
    const std::string columns = "file,gender,right_eye_x,right_eye_y,left_eye_x,left_eye_y,nose_x,nose_y,"
                                "right_mouth_x,right_mouth_y,left_mouth_x,left_mouth_y\na.jpg,M,";
    EXPECT_EQ("", refusal(columns + DRAWN_LANDMARKS + "\na.jpg,F,0,0,1,1,2,2,3,3,4,4\n")) << "two faces of one image";
}

TEST(Train_Manifest, other_words_for_the_split)
{
    const TemporaryFolder folder;
    write(folder / "labels.csv", "file,gender,split\na.jpg,M,Train\nb.jpg,F,VAL\nc.jpg,F,\n");
    const std::vector<Sample> samples = readManifest(folder.path, { GENDER });
    EXPECT_EQ("train", samples[0].split);
    EXPECT_EQ("validation", samples[1].split);
    EXPECT_EQ("", samples[2].split);
    EXPECT_NE(std::string::npos, refusal("file,gender,split\na.jpg,M,train\nb.jpg,F,fold7\n")
                                     .find("row 3, column 'split': expected train, validation, test or nothing; found "
                                           "'fold7'"));
}

TEST(Train_Manifest, damaged_files_of_celeba_and_fairface_are_named)
{
    const TemporaryFolder folder;
    const auto refusal_of = [&](const char* name, const std::string& text)
    {
        write(folder / name, text);
        std::string refusal;
        try
        {
            readManifest(folder.path, { GENDER });
        }
        catch (const std::exception& error)
        {
            refusal = message(error);
        }
        std::filesystem::remove(folder / name);
        return refusal;
    };
    EXPECT_NE(
        std::string::npos, refusal_of("list_attr_celeba.txt", "").find("list_attr_celeba.txt: expected the names"));
    EXPECT_NE(std::string::npos, refusal_of("fairface_label_train.csv", "name,gender\na.jpg,Male\n")
                                     .find("fairface_label_train.csv: no column 'file'"));
    write(folder / "list_attr_celeba.txt", "1\nMale\n000001.jpg -1\n");
    EXPECT_NE(
        std::string::npos, refusal_of("list_eval_partition.txt", "000001.jpg 9\n")
                               .find("list_eval_partition.txt: expected 0, 1 or 2 after '000001.jpg', found '9'"));
    EXPECT_NE(std::string::npos, refusal_of("list_landmarks_align_celeba.txt", "1\nnames\n000001.jpg 69 109 106\n")
                                     .find("list_landmarks_align_celeba.txt: expected ten numbers after '000001.jpg'"));
}

TEST(Train_Manifest, celeba)
{
    const TemporaryFolder folder;
    write(folder / "list_attr_celeba.txt",
        "2\n5_o_Clock_Shadow Male Young \n000001.jpg -1 -1  1 \n000002.jpg  1  1 -1 \n");
    write(folder / "identity_CelebA.txt", "000001.jpg 2880\n000002.jpg 2937\n");
    write(folder / "list_eval_partition.txt", "000001.jpg 0\n000002.jpg 2\n");
    write(folder / "list_landmarks_align_celeba.txt",
        "2\nlefteye_x lefteye_y righteye_x righteye_y nose_x nose_y leftmouth_x leftmouth_y "
        "rightmouth_x rightmouth_y\n000001.jpg 69 109 106 113 77 142 73 152 108 154\n000002.jpg 69 110 107 112 81 "
        "135 70 151 108 153\n");
    const std::vector<Sample> samples = readManifest(folder.path, { GENDER });
    ASSERT_EQ(2u, samples.size());
    EXPECT_EQ(std::filesystem::canonical(folder.path) / "img_align_celeba" / "000001.jpg", samples[0].file);
    EXPECT_EQ(0, samples[0].labels[0]);
    EXPECT_EQ(1, samples[1].labels[0]);
    EXPECT_EQ("2937", samples[1].identity);
    EXPECT_EQ("train", samples[0].split);
    EXPECT_EQ("test", samples[1].split);
    EXPECT_EQ(cv::Point2f(106, 113), samples[0].landmarks.at(1));
    EXPECT_EQ(1, readManifest(folder.path, { rule("Young") })[0].labels[0]);
    EXPECT_THROW(readManifest(folder.path, { rule("Shoes") }), cv::Exception);
}

TEST(Train_Manifest, lfw)
{
    const TemporaryFolder folder;
    write(folder / "Ann_Lee/Ann_Lee_0001.jpg", "");
    write(folder / "Bob_Ray/Bob_Ray_0001.jpg", "");
    write(folder / "Bob_Ray/Bob_Ray_0002.jpg", "");
    write(folder / "Cy_Ho/Cy_Ho_0001.jpg", "");
    write(folder / "female_names.txt", "Ann_Lee_0001.jpg\n"); // a list of images
    write(folder / "male_names.txt", "Bob_Ray\n");            // a list of persons
    write(folder / "peopleDevTrain.txt", "1\nAnn_Lee\t1\n");
    const std::vector<Sample> samples = readManifest(folder.path, { GENDER });
    ASSERT_EQ(4u, samples.size());
    EXPECT_EQ(0, samples[0].labels[0]);
    EXPECT_EQ("train", samples[0].split);
    EXPECT_EQ(1, samples[2].labels[0]);
    EXPECT_EQ("Bob_Ray", samples[2].identity);
    EXPECT_EQ(LABEL_UNKNOWN, samples[3].labels[0]);
}

TEST(Train_Manifest, muct)
{
    const TemporaryFolder folder;
    write(folder / "jpg/i000qa-fn.jpg", "");
    write(folder / "jpg/i001qa-mg.jpg", "");
    std::string row = "i000qa-fn,0000";
    for (int i = 0; i < 76; ++i)
        row += "," + std::to_string(i) + "," + std::to_string(100 + i);
    write(folder / "muct-landmarks/muct76-opencv.csv", "name,tag,x00,y00\n" + row + "\n");
    const std::vector<Sample> samples = readManifest(folder.path, { GENDER });
    ASSERT_EQ(2u, samples.size());
    EXPECT_EQ(0, samples[0].labels[0]);
    EXPECT_EQ(1, samples[1].labels[0]);
    EXPECT_EQ("001", samples[1].identity);
    ASSERT_EQ(5u, samples[0].landmarks.size());
    EXPECT_EQ(cv::Point2f(67, 167), samples[0].landmarks[2]);
    EXPECT_TRUE(samples[1].landmarks.empty());
}

TEST(Train_Manifest, ar)
{
    const TemporaryFolder folder;
    write(folder / "m-001-01.bmp", "");
    write(folder / "w-001-14.bmp", "");
    const std::vector<Sample> samples = readManifest(folder.path, { GENDER });
    ASSERT_EQ(2u, samples.size());
    EXPECT_EQ(1, samples[0].labels[0]);
    EXPECT_EQ(0, samples[1].labels[0]);
    EXPECT_NE(samples[0].identity, samples[1].identity);
}

TEST(Train_Manifest, utkface_where_zero_is_male)
{
    const TemporaryFolder folder;
    write(folder / "26_0_1_20170116184255063.jpg.chip.jpg", "");
    write(folder / "61_1_3_20170109142408075.jpg", "");
    write(folder / "61_1_20170109142408075.jpg", ""); // some of the originals lack a field
    const std::vector<Sample> samples = readManifest(folder.path, { GENDER }, "utkface");
    ASSERT_EQ(2u, samples.size());
    EXPECT_EQ(1, samples[0].labels[0]);
    EXPECT_EQ(0, samples[1].labels[0]);
    EXPECT_EQ(1, readManifest(folder.path, { rule("age", ">=50") })[1].labels[0]);
    EXPECT_EQ("Indian", readManifest(folder.path, { rule("race", "Black") })[1].value);
}

TEST(Train_Manifest, fairface)
{
    const TemporaryFolder folder;
    write(folder / "fairface_label_train.csv",
        "file,age,gender,race,service_test\ntrain/1.jpg,50-59,Male,East Asian,True\n");
    write(folder / "fairface_label_val.csv", "file,age,gender,race,service_test\nval/1.jpg,3-9,Female,Black,False\n");
    const std::vector<Sample> samples = readManifest(folder.path, { GENDER });
    ASSERT_EQ(2u, samples.size());
    EXPECT_EQ(1, samples[0].labels[0]);
    EXPECT_EQ("train", samples[0].split);
    EXPECT_EQ(0, samples[1].labels[0]);
    EXPECT_EQ("validation", samples[1].split);
}

TEST(Train_Manifest, several_attributes_of_the_same_images)
{
    const TemporaryFolder folder;
    write(folder / "labels.csv", "file,gender,age\nb,F,62\na,M,30-39\nc,,70\n");
    const std::vector<Sample> samples = readManifest(folder.path, { GENDER, rule("age", ">=40") });
    ASSERT_EQ(3u, samples.size());
    EXPECT_EQ(std::vector<int>({ 1, 0 }), samples[0].labels);
    EXPECT_EQ(std::vector<int>({ 0, 1 }), samples[1].labels);
    EXPECT_EQ(std::vector<int>({ LABEL_UNKNOWN, 1 }), samples[2].labels);
}

std::string messageOf(const std::function<void()>& call)
{
    try
    {
        call();
    }
    catch (const std::exception& error)
    {
        return ::sanprivacy::message(error);
    }
    return std::string();
}

TEST(Train_Manifest, values_that_are_no_labels_need_a_rule)
{
    const TemporaryFolder folder;
    write(folder / "labels.csv",
        "file,age,race,sex\na,0,Black,1\nb,1,White,0\nc,34,Asian,3\nd,35,Black,\ne,1,White,1\nf,60,White,0\n");
    EXPECT_EQ(LABEL_UNKNOWN, readManifest(folder.path, { rule("sex") })[2].labels[0])
        << "a few unknown ones are left out";
    const std::string age = messageOf([&] { readManifest(folder.path, { rule("race") }); });
    EXPECT_NE(std::string::npos, age.find("race has values such as 'White'; --positive says which")) << age;
    write(folder / "labels.csv", "file,age\na,0\nb,1\nc,34\nd,35\ne,60\n");
    EXPECT_NE(std::string::npos, messageOf([&] { readManifest(folder.path, { rule("age") }); }).find("--positive"));
    EXPECT_EQ(1, readManifest(folder.path, { rule("age", ">=40") })[4].labels[0]);
}

TEST(Train_Manifest, errors_say_what_was_expected)
{
    const TemporaryFolder folder;
    const auto contains = [](const std::string& text, const std::string& part)
    { return text.find(part) != std::string::npos; };
    EXPECT_TRUE(contains(messageOf([&] { readManifest(folder / "none", { GENDER }); }), "is not a folder"));
    EXPECT_TRUE(contains(messageOf([&] { readManifest(folder.path, { GENDER }); }), "labels.csv (labels)"));
    EXPECT_TRUE(contains(messageOf([&] { readManifest(folder.path, { GENDER }, "imdb"); }), "unknown format 'imdb'"));
    write(folder / "labels.csv", "name,gender\na,M\n");
    EXPECT_TRUE(contains(messageOf([&] { readManifest(folder.path, { GENDER }); }), "no column 'file'"));
    write(folder / "labels.csv", "file,gender\na\n");
    EXPECT_FALSE(messageOf([&] { readManifest(folder.path, { GENDER }); }).empty());
    const std::string two = "file,gender,right_eye_x,right_eye_y,left_eye_x,left_eye_y,nose_x,nose_y,"
                            "right_mouth_x,right_mouth_y,left_mouth_x,left_mouth_y\na,M,";
    write(folder / "labels.csv", two + "1,2,,,,,,,,\n");
    EXPECT_TRUE(contains(
        messageOf([&] { readManifest(folder.path, { GENDER }); }), "labels.csv: row 2 has 2 of the 10 coordinates"));
    write(folder / "labels.csv", two + "1,2,3,4,5,6,7,8,9,left\n");
    EXPECT_TRUE(contains(messageOf([&] { readManifest(folder.path, { GENDER }); }),
        "labels.csv: row 2, column 'left_mouth_y': 'left' is not a number"));
    write(folder / "labels.csv", "file,gender\n");
    EXPECT_TRUE(contains(messageOf([&] { readManifest(folder.path, { GENDER }); }), "lists no images"));
}

} // namespace

}}} // namespace sanprivacy::train::test
