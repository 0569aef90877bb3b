// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#include "common/errors.hpp"
#include "common/output_guard.hpp"
#include "temporary_folder.hpp"

#include <gtest/gtest.h>

namespace fs = std::filesystem;
using namespace sanprivacy;

TEST(OutputGuard, an_input_under_any_name_is_refused)
{
    const test::TemporaryFolder folder;
    const fs::path input = folder.path / "a.jpg", other = folder.path / "b.jpg";
    test::write(input, "image");
    test::write(other, "image");
    fs::create_symlink("a.jpg", folder.path / "symbolic.jpg");
    fs::create_hard_link(input, folder.path / "hard.jpg");
    fs::create_directory(folder.path / "below");
    fs::create_directory_symlink(folder.path, folder.path / "linked");
    for (const fs::path& output : { input, folder.path / "symbolic.jpg", folder.path / "hard.jpg",
             folder.path / "below/../a.jpg", folder.path / "linked" / "a.jpg", fs::relative(input) })
    {
        EXPECT_THROW(refuseInputsAsOutputs({ other, input }, { folder.path / "new.jpg", output }), UsageError)
            << output;
        EXPECT_THROW(refuseInputsAsOutputs({ output }, { input }), UsageError) << output;
    }
    EXPECT_NO_THROW(refuseInputsAsOutputs({ input, "" }, { other, folder.path / "new.jpg", "" }));
}

TEST(OutputGuard, two_outputs_that_are_one_file)
{
    const test::TemporaryFolder folder;
    const fs::path out = folder.path / "out";
    const auto clash = [&](const char* first, const char* second, bool folds)
    {
        DistinctOutputs distinct([folds](const fs::path&) { return folds; });
        distinct.add(out / first, "1");
        try
        {
            distinct.add(out / second, "2");
            return false;
        }
        catch (const UsageError& error)
        {
            EXPECT_NE(std::string(error.what()).find("'1' and '2' would both be written"), std::string::npos);
            return true;
        }
    };
    EXPECT_TRUE(clash("a.jpg", "b/../a.jpg", false));
    for (const char* other : { "A.jpg", "a.JPG", "a.png", "b/a.jpg" })
        EXPECT_FALSE(clash("a.jpg", other, false)) << other;
    EXPECT_TRUE(clash("a.jpg", "A.JPG", true));
    EXPECT_TRUE(clash("B/a.jpg", "b/a.jpg", true));
    EXPECT_TRUE(clash("\u00C9.jpg", "e\u0301.jpg", true));                        // E acute
    EXPECT_TRUE(clash("\u0416\u0420\u03A9.jpg", "\u0436\u0440\u03C9.jpg", true)); // Zhe, Er, Omega
    EXPECT_FALSE(clash("a.jpg", "a.jpeg", true));
    DistinctOutputs twice;
    twice.add(out / "a.jpg", "1");
    try
    {
        twice.add(out / "a.jpg", "1");
        FAIL() << "one file, two times";
    }
    catch (const UsageError& error)
    {
        EXPECT_STREQ(error.what(), "'1' is given twice");
    }

    EXPECT_FALSE(foldsNames(out / "deeper")); // as the file systems that tests run on
    EXPECT_TRUE(fs::is_empty(folder.path));
}

TEST(OutputGuard, an_input_that_is_not_there_yet)
{
    EXPECT_THROW(refuseInputsAsOutputs({ "x/../none.csv" }, { "./none.csv" }), UsageError);
    EXPECT_NO_THROW(refuseInputsAsOutputs({ "/dev/stdin", "/dev/null" }, { "/dev/null" }));
}
