// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#ifndef SANPRIVACY_TRAIN_TEST_COMMAND_TEST_HPP
#define SANPRIVACY_TRAIN_TEST_COMMAND_TEST_HPP

#include <cstdio>
#include <filesystem>
#include <memory>
#include <string>

#include <gtest/gtest.h>
#include <sys/wait.h>

#include "drawn_faces.hpp"
#include "places.hpp"

namespace sanprivacy { namespace train { namespace test {

namespace fs = std::filesystem;

//! sanprivacy-train as a user runs it, on twelve drawn faces.
class CommandTest : public ::testing::Test
{
protected:
    static void SetUpTestSuite()
    {
        shared_ = std::make_unique<TemporaryFolder>();
        drawDataset(*shared_ / "data", 12);
        const Result made = run("prototypes" + data() + " -o " + prototypes());
        ASSERT_EQ(0, made.code) << made.output;
        ASSERT_TRUE(fs::exists(prototypes()));
    }
    static void TearDownTestSuite() { shared_.reset(); }

    struct Result
    {
        int code;
        std::string output;
    };

    static Result run(const std::string& arguments)
    {
        FILE* const pipe = popen((trainerProgram() + " " + arguments + " 2>&1").c_str(), "r");
        Result result;
        for (int c; (c = std::fgetc(pipe)) != EOF;)
            result.output += char(c);
        result.code = WEXITSTATUS(pclose(pipe));
        return result;
    }

    static std::string data()
    {
        return " --data " + (*shared_ / "data").string() + " --cache " + (*shared_ / "cache").string();
    }
    static std::string prototypes() { return (*shared_ / "prototypes.yml.gz").string(); }
    static std::string small(const fs::path& out, int steps)
    {
        return data() + " --held-out-share .3 --batch 4 --steps " + std::to_string(steps) + " -o " + out.string();
    }

    //! A model description file of the matcher and the classifier of the module's tests.
    std::string models() const
    {
        const fs::path testdata = repository() / "modules/sanprivacy/testdata", file = folder_ / "models.yml";
        write(file,
            "%YAML:1.0\n---\n"
            "matcher:\n  task: \"matcher\"\n  file: \""
                + (testdata / "descriptor.onnx").string()
                + "\"\n"
                  "  width: 32\n  height: 32\n  color: \"rgb\"\n  square: 0.7\n  distance: \"cosine\"\n"
                  "classifier:\n  task: \"classifier\"\n  file: \""
                + (testdata / "classifier.onnx").string()
                + "\"\n"
                  "  width: 224\n  height: 224\n  scale: 0.003921569\n  color: \"gray\"\n  square: 0.7\n  index: 0\n");
        return file.string();
    }

    inline static std::unique_ptr<TemporaryFolder> shared_;
    TemporaryFolder folder_;
};

}}} // namespace sanprivacy::train::test

#endif // SANPRIVACY_TRAIN_TEST_COMMAND_TEST_HPP
