// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#include <torch/torch.h>

#include "command_test.hpp"

namespace sanprivacy { namespace train { namespace test { namespace {

//! Arguments and data that sanprivacy-train refuses.
class Train_Refusals : public CommandTest
{
};

TEST_F(Train_Refusals, bad_usage_and_bad_input_are_told_apart)
{
    EXPECT_EQ(2, run("").code);
    EXPECT_EQ(2, run("classify").code);
    EXPECT_EQ(2, run("classifier").code);
    write(folder_ / "some.pt", "");
    const Result nan = run("export --largest-change nan " + (folder_ / "some.pt").string() + " -o a.onnx");
    EXPECT_EQ(2, nan.code);
    EXPECT_NE(std::string::npos, nan.output.find("expected a number from 0.01 to 1; found nan")) << nan.output;
    const Result none = run("classifier --data " + (folder_ / "none").string() + " -o " + (folder_ / "run").string());
    EXPECT_EQ(1, none.code);
    EXPECT_NE(std::string::npos, none.output.find("is not a folder")) << none.output;
    EXPECT_EQ(1, std::count(none.output.begin(), none.output.end(), '\n')) << "one line: " << none.output;
}

TEST_F(Train_Refusals, a_folder_with_a_checkpoint_is_refused_before_anything_is_loaded)
{
    const std::string out = (folder_ / "run").string();
    fs::create_directories(out);
    write(folder_ / "run/checkpoint.pt", "");
    const std::string none = " --data " + (folder_ / "none").string() + " -o " + out;
    for (const std::string& command : { "classifier" + none, "landmarks" + none,
             "pretrain --prototypes " + prototypes() + none, "attackers --matchers matcher --models " + models() + none,
             "residual --matchers matcher --prototypes " + prototypes() + " --models " + models() + none })
    {
        const Result result = run(command);
        EXPECT_EQ(1, result.code) << command;
        EXPECT_NE(std::string::npos, result.output.find("checkpoint.pt exists: give --resume")) << result.output;
    }
    const Result missing = run("classifier --resume --data " + (folder_ / "none").string() + " -o " + out + "2");
    EXPECT_NE(std::string::npos, missing.output.find("--resume: there is no")) << missing.output;
}

TEST_F(Train_Refusals, numbers_that_cannot_be_meant_are_told_before_anything_is_loaded)
{
    const std::string out = " -o " + (folder_ / "run").string() + " --data " + (folder_ / "none").string();
    for (const char* options : { "--epochs nan", "--epochs -1", "--epochs 0", "--steps -3", "--steps 0",
             "--minutes nan", "--minutes 0", "--checkpoint-minutes nan", "--learning-rate nan", "--learning-rate 0",
             "--batch 0", "--batch 99999999999", "--workers -3", "--seed -1", "--seed 99999999999999999999",
             "--held-out-share nan", "--held-out-share 2", "--min-coverage nan", "--min-coverage -5" })
    {
        const Result result = run(std::string("classifier ") + options + out);
        EXPECT_EQ(2, result.code) << options << ": " << result.output;
        EXPECT_NE(std::string::npos, result.output.find("expected a number")) << options << ": " << result.output;
    }
    const std::string files = " --prototypes " + prototypes() + " --models " + models() + " --matchers matcher" + out;
    for (const char* option : { "margin", "neutral-overshoot", "weight-of-label-1", "lambda-matching", "lambda-change",
             "lambda-roughness", "lambda-patches", "lambda-asymmetry", "pairs", "sampled-attackers" })
        for (const char* value : { "nan", "-1" })
        {
            const Result result = run(cv::format("residual --%s %s", option, value) + files);
            EXPECT_EQ(2, result.code) << option;
            EXPECT_NE(std::string::npos, result.output.find("expected a number")) << option << ": " << result.output;
        }
    for (const char* option : { "lambda-gender", "lambda-matching", "lambda-difference" })
        EXPECT_EQ(2, run(cv::format("train --%s nan --classifiers a --initial ", option) + prototypes() + files).code)
            << option;
    const Result endless = run("classifier" + data() + " --epochs 1e30 -o " + (folder_ / "run").string());
    EXPECT_EQ(1, endless.code);
    EXPECT_NE(std::string::npos, endless.output.find("expected at most 1e+09 steps")) << endless.output;
}

TEST_F(Train_Refusals, both_labels_are_needed)
{
    const auto refusal = [&](const std::string& options)
    {
        const Result result =
            run("classifier" + data() + " --steps 1 --batch 4 -o " + (folder_ / "run").string() + options);
        EXPECT_EQ(1, result.code) << options;
        EXPECT_FALSE(fs::exists(folder_ / "run/checkpoint.pt"));
        return result.output;
    };
    EXPECT_NE(std::string::npos, refusal(" --attribute age --positive '>=90'")
                                     .find("no face to train on has label 1 of age; both labels are needed. Values "
                                           "found: 20, 21"));
    EXPECT_NE(
        std::string::npos, refusal(" --positive M,X").find("--positive: no image has the gender 'x'; found: F, M"));
    drawDataset(folder_ / "men", 4);
    write(folder_ / "men/labels.csv", "file,gender\nimages/000.png,M\nimages/001.png,M\n");
    const fs::path file = folder_ / "men.yml.gz";
    const Result men = run("prototypes --min-coverage 0 --data " + (folder_ / "men").string() + " --cache "
                           + (*shared_ / "cache").string() + " -o " + file.string());
    EXPECT_EQ(1, men.code) << men.output;
    EXPECT_FALSE(fs::exists(file));
}

TEST_F(Train_Refusals, prototypes_overwrite_no_labels_and_no_image)
{
    for (const char* input : { "labels.csv", "images/000.png" })
    {
        const fs::path file = *shared_ / "data" / input;
        const auto before = fs::file_size(file);
        const Result result = run("prototypes" + data() + " -o " + file.string());
        EXPECT_EQ(2, result.code);
        EXPECT_NE(std::string::npos, result.output.find("expected a file name such as prototypes.yml.gz"))
            << result.output;
        EXPECT_EQ(before, fs::file_size(file)) << input;
    }
}

TEST_F(Train_Refusals, held_out_faces_that_are_none_or_trained_on_are_told)
{
    const Result none =
        run("classifier" + data() + " --held-out-share 0 --batch 4 --steps 1 -o " + (folder_ / "0").string());
    EXPECT_EQ(0, none.code);
    EXPECT_NE(std::string::npos, none.output.find("no face is held out")) << none.output;
    const Result result = run("classifier" + small(folder_ / "run", 1) + " --held-out " + (*shared_ / "data").string());
    EXPECT_EQ(0, result.code);
    EXPECT_EQ(std::string::npos, result.output.find("no face is held out"));
    EXPECT_NE(std::string::npos, result.output.find("12 of 12 held-out faces are trained on, too")) << result.output;
}

TEST_F(Train_Refusals, a_missing_device_is_told_before_anything_is_loaded)
{
    if (torch::cuda::is_available())
        GTEST_SKIP() << "there is a CUDA device";
    const Result result =
        run("classifier --device cuda --data " + (folder_ / "none").string() + " -o " + (folder_ / "run").string());
    EXPECT_EQ(1, result.code);
    EXPECT_NE(std::string::npos, result.output.find("finds no CUDA device")) << result.output;
    EXPECT_FALSE(fs::exists(folder_ / "run"));
    EXPECT_NE(0, run("classifier --device gpu --data x -o y").code);
}

}}}} // namespace sanprivacy::train::test::
