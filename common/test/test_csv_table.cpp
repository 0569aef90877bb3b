// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#include "common/csv_table.hpp"
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
    EXPECT_EQ(count(1, "image") + ", " + count(2, "image"), "1 image, 2 images");
}
