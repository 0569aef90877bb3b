// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#include "common/csv_table.hpp"
#include "common/label_value.hpp"
#include "common/message.hpp"
#include "temporary_folder.hpp"

#include <gtest/gtest.h>

using namespace sanprivacy;

TEST(CsvTable, an_empty_cell_is_no_number)
{
    const test::TemporaryFolder folder;
    test::write(folder.path / "a.csv",
        "\xEF\xBB\xBF"
        "file,\"age, years\"\r\na.jpg,34.5\r\nb.jpg,\r\n\"c \"\"d\"\".jpg\",x\r\ne.jpg,1 2\r\nf.jpg,nan\r\n");
    const CsvTable table = readCsv(folder.path / "a.csv");
    const size_t age = table.at("age, years");
    EXPECT_EQ(table.number(0, age), 34.5);
    EXPECT_FALSE(table.number(1, age));
    for (size_t row : { 2, 3, 4 })
        EXPECT_THROW(table.number(row, age), std::runtime_error) << row;
    EXPECT_EQ(table.rows[2][table.at("file")], "c \"d\".jpg");
    EXPECT_EQ(table.find("gender"), -1);
    EXPECT_THROW(table.at("gender"), std::runtime_error);
}

TEST(CsvTable, the_header_tells_what_separates_the_values)
{
    const test::TemporaryFolder folder;
    for (const char* text : { "Id,File,Gender\n1,a;b.jpg,M\n", "Id;File;Gender\r\n1;\"a;b.jpg\";M\r\n",
             "\xEF\xBB\xBF\"I,,,d\"\tFile\tGender\n1\ta;b.jpg\tM\n" })
    {
        test::write(folder.path / "a.csv", text);
        const CsvTable table = readCsv(folder.path / "a.csv");
        ASSERT_EQ(table.rows.size(), 1u) << text;
        EXPECT_EQ(table.rows[0][table.at("file")], "a;b.jpg") << text;
        EXPECT_EQ(table.rows[0][table.at("gender")], "M") << text;
    }
}

TEST(CsvTable, numbers_may_have_a_decimal_comma_where_semicolons_separate_them)
{
    const test::TemporaryFolder folder;
    test::write(folder.path / "a.csv", "x;y;z\r\n1,5;-2.5;,5\r\n1.234,5;1,2,3;12,\r\n");
    const CsvTable table = readCsv(folder.path / "a.csv");
    EXPECT_EQ(table.number(0, 0), 1.5);
    EXPECT_EQ(table.number(0, 1), -2.5);
    EXPECT_EQ(table.number(0, 2), .5);
    for (size_t column : { 0, 1 })
        EXPECT_THROW(table.number(1, column), std::runtime_error) << column;
    test::write(folder.path / "b.csv", "x,y\n\"1,500\",2\n"); // may be 1500
    EXPECT_THROW(readCsv(folder.path / "b.csv").number(0, 0), std::runtime_error);
}

TEST(CsvTable, a_column_is_found_in_any_case_if_one_only_fits)
{
    const test::TemporaryFolder folder;
    test::write(folder.path / "a.csv", "FILE,Gender,gender,Age,AGE,race,race\na.jpg,M,F,1,2,3,4\n");
    const CsvTable table = readCsv(folder.path / "a.csv");
    EXPECT_EQ(table.find("file"), 0);
    EXPECT_EQ(table.find("gender"), 2);
    EXPECT_EQ(table.find("identity"), -1);
    EXPECT_THROW(table.find("age"), std::runtime_error);
    EXPECT_THROW(table.find("race"), std::runtime_error);
}

TEST(CsvTable, what_spreadsheets_add_is_left_out)
{
    const test::TemporaryFolder folder;
    for (const char* text : { "sep=;\r\nfile;a,b,c\r\nx.jpg;1\r\n", "\xEF\xBB\xBFSEP=\t\nfile\ta,b,c\nx.jpg\t1\n",
             "file,\"a,b,c\"\nx.jpg,1\n,\n,\n" })
    {
        test::write(folder.path / "a.csv", text);
        const CsvTable table = readCsv(folder.path / "a.csv");
        ASSERT_EQ(table.rows.size(), 1u) << text;
        EXPECT_EQ(table.rows[0][table.at("file")], "x.jpg") << text;
        EXPECT_EQ(table.rows[0][table.at("a,b,c")], "1") << text;
    }
    test::write(folder.path / "a.csv", "sep=x,file\n1,a.jpg\n"); // a column of that name
    EXPECT_EQ(readCsv(folder.path / "a.csv").find("sep=x"), 0);
    for (const auto& kind : { std::make_pair(std::string("PK\3\4 and more"), "spreadsheet"),
             std::make_pair(std::string("f\0i\0l\0e\0\n\0", 10), "UTF-16"),
             std::make_pair(std::string("\x1F\x8B\x08"), "is no text"),
             std::make_pair(std::string("PAR1\x15\0\x15", 7), "is no text"),
             std::make_pair(std::string("[{\"file\": \"a.jpg\"}]"), "is JSON") })
    {
        test::write(folder.path / "a.csv", kind.first);
        try
        {
            readCsv(folder.path / "a.csv");
            FAIL() << kind.second;
        }
        catch (const std::runtime_error& error)
        {
            EXPECT_NE(std::string(error.what()).find(kind.second), std::string::npos) << error.what();
        }
    }
}

TEST(CsvTable, utf_16_is_told)
{
    const test::TemporaryFolder folder;
    test::write(folder.path / "a.csv", std::string("\xFF\xFE"
                                                   "f\0i\0l\0e\0\n\0",
                                           12));
    try
    {
        readCsv(folder.path / "a.csv");
        FAIL() << "accepted";
    }
    catch (const std::runtime_error& error)
    {
        EXPECT_NE(std::string(error.what()).find("UTF-8"), std::string::npos) << error.what();
    }
}

TEST(LabelValue, is_read_in_any_case)
{
    for (const char* one : { "1", "1.0", "M", "Male", "MAN", "true", "yes" })
        EXPECT_EQ(binaryLabel(one), 1) << one;
    for (const char* zero : { "0", "0.0", "-1", "f", "FEMALE", "Woman", "false", "no" })
        EXPECT_EQ(binaryLabel(zero), 0) << zero;
    for (const char* other : { "", "men", "2", "0.5", "unknown" })
        EXPECT_FALSE(binaryLabel(other)) << other;
}

TEST(LabelValue, names_of_windows_are_understood)
{
    const test::TemporaryFolder folder;
    EXPECT_EQ(listedName(folder.path, "a\\b\\c.jpg"), "a/b/c.jpg");
    test::write(folder.path / "a\\b.jpg", "");
    EXPECT_EQ(listedName(folder.path, "a\\b.jpg"), "a\\b.jpg");
}

TEST(CsvTable, a_row_of_another_length_is_refused)
{
    const test::TemporaryFolder folder;
    for (const char* text : { "a,b\n1\n", "a,b\n1,2,3\n", "a,b\n\"1,2\n", "" })
    {
        test::write(folder.path / "a.csv", text);
        EXPECT_THROW(readCsv(folder.path / "a.csv"), std::runtime_error) << text;
    }
}

TEST(Message, is_printable)
{
    EXPECT_EQ(printable("a\x1b[31m\nb\x7f"), "a\\x1b[31m\\nb\\x7f");
    EXPECT_EQ(printable("\xc3\xa4 \xe4\xba\xba \xf0\x9f\x98\x80"), "\xc3\xa4 \xe4\xba\xba \xf0\x9f\x98\x80");
    EXPECT_EQ(printable("\xc2\x9b"
                        "31m \xff \xe4\xba"),
        "\\xc2\\x9b31m \\xff \\xe4\\xba");
    EXPECT_EQ(message(std::runtime_error("  two\n  lines ")), "two lines");
    EXPECT_EQ(printable("rtsp://me:se@c:ret@host:554/a@b http://host:80/c@d ftp://me@host"),
        "rtsp://me:***@host:554/a@b http://host:80/c@d ftp://me@host");
    EXPECT_EQ(count(1, "image") + ", " + count(2, "image"), "1 image, 2 images");
}
