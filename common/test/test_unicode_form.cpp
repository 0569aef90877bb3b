// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#include "common/unicode_form.hpp"
#include "temporary_folder.hpp"

#include <gtest/gtest.h>

namespace fs = std::filesystem;
using namespace sanprivacy;

TEST(UnicodeForm, letters_are_taken_apart)
{
    const struct
    {
        const char *composed, *decomposed;
    } names[] = { { "plain.jpg", "plain.jpg" }, { "M\u00FCller", "Mu\u0308ller" }, { "\u1EAD", "a\u0323\u0302" },
        { "\u304C\u30D1", "\u304B\u3099\u30CF\u309A" }, { "\uAC01\uAC00", "\u1100\u1161\u11A8\u1100\u1161" },
        { "\u0439\u03AC\u0623", "\u0438\u0306\u03B1\u0301\u0627\u0654" }, { "\u4EBA\U0001F600", "\u4EBA\U0001F600" },
        { "\xFC\x80\xC3", "\xFC\x80\xC3" }, { "\xC3(", "\xC3(" } }; // the last two are no UTF-8
    for (const auto& name : names)
    {
        EXPECT_EQ(decomposed(name.composed), name.decomposed);
        EXPECT_EQ(decomposed(name.decomposed), name.decomposed);
    }
}

TEST(UnicodeForm, a_file_is_found_under_the_other_form_of_its_name)
{
    const test::TemporaryFolder folder;
    fs::create_directory(folder.path / "Mu\u0308ller");
    const fs::path there = folder.path / "Mu\u0308ller" / "\u00E9.jpg";
    test::write(there, "image");
    NameFinder finder;
    EXPECT_EQ(finder.find(folder.path / "M\u00FCller" / "e\u0301.jpg"), there);
    EXPECT_EQ(finder.find(there), there);
    for (const fs::path& other :
        { folder.path / "M\u00FCller" / "o\u0308.jpg", folder.path / "none.jpg", fs::path(), fs::path("/") })
        EXPECT_FALSE(fs::is_regular_file(finder.find(other))) << other;
    test::write(folder.path / "Mu\u0308ller" / "e\u0301.jpg", "another one");
    EXPECT_EQ(finder.find(there), there);
}
