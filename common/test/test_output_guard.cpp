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

TEST(OutputGuard, an_input_that_is_not_there_yet)
{
    EXPECT_THROW(refuseInputsAsOutputs({ "x/../none.csv" }, { "./none.csv" }), UsageError);
    EXPECT_NO_THROW(refuseInputsAsOutputs({ "/dev/stdin", "/dev/null" }, { "/dev/null" }));
}
