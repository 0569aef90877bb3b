// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#include <csignal>
#include <thread>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/wait.h>
#include <unistd.h>

#include <gtest/gtest.h>
#include <opencv2/dnn.hpp>

#include "command_test.hpp"
#include "loop/checkpoint.hpp"
#include "networks/attackers.hpp"

namespace sanprivacy { namespace train { namespace test { namespace {

class Train_Commands : public CommandTest
{
};

const int64_t DESCRIPTOR_SIZE = 12; // of descriptor.onnx

TEST_F(Train_Commands, help_fits_a_screen)
{
    for (const char* command :
        { "", "prototypes", "classifier", "landmarks", "pretrain", "train", "attackers", "residual", "export" })
    {
        const Result result = run(std::string(command) + " --help");
        EXPECT_EQ(0, result.code) << command;
        // A screen and a half at most; newer CLI11 breaks more lines.
        EXPECT_LE(std::count(result.output.begin(), result.output.end(), '\n'), 75) << command;
    }
}

TEST_F(Train_Commands, classifier_resumes_bit_for_bit_and_exports)
{
    const auto exported = [&](const fs::path& run_folder)
    {
        const fs::path file = run_folder / "net.onnx";
        const Result written = run("export " + (run_folder / "checkpoint.pt").string() + " -o " + file.string());
        EXPECT_EQ(0, written.code) << written.output;
        EXPECT_NE(std::string::npos, written.output.find("differ by at most"));
        return textOf(file);
    };
    // As in residual_resumes_bit_for_bit: what several threads do not prove, one thread has to.
    int attempt = 0;
    for (const std::string workers : { "", " --workers 1", " --workers 1" })
    {
        const std::string number = std::to_string(attempt++);
        const fs::path whole = folder_ / ("whole" + number), parts = folder_ / ("parts" + number);
        const Result done = run("classifier" + small(whole, 6) + workers);
        ASSERT_EQ(0, done.code) << done.output;
        EXPECT_NE(std::string::npos, done.output.find("accuracy")) << "on held-out faces: " << done.output;
        ASSERT_EQ(0, run("classifier" + small(parts, 3) + workers).code);
        ASSERT_EQ(0, run("classifier" + small(parts, 6) + workers + " --resume").code);
        if (exported(whole) == exported(parts))
            return;
        std::cout << "whole and in parts" << workers << " differ" << std::endl;
    }
    FAIL() << "three pairs differ";
}

TEST_F(Train_Commands, export_writes_the_mean_of_several_checkpoints)
{
    const auto checkpoint = [&](const char* name) { return (folder_ / name / "checkpoint.pt").string(); };
    const auto output = [&](const std::string& checkpoints, const char* name)
    {
        const fs::path file = folder_ / name;
        const Result written = run("export " + checkpoints + " -o " + file.string());
        EXPECT_EQ(0, written.code) << written.output;
        cv::dnn::Net net = cv::dnn::readNetFromONNX(file.string());
        const int shape[] = { 1, 1, 224, 224 };
        net.setInput(cv::Mat(4, shape, CV_32F, cv::Scalar(.5)));
        return net.forward().at<float>(0);
    };
    ASSERT_EQ(0, run("classifier" + small(folder_ / "early", 1)).code);
    ASSERT_EQ(0, run("classifier" + small(folder_ / "late", 6)).code);
    const float early = output(checkpoint("early"), "early.onnx"), late = output(checkpoint("late"), "late.onnx"),
                mean = output(checkpoint("early") + " " + checkpoint("late"), "mean.onnx");
    EXPECT_NE(early, mean);
    EXPECT_NE(late, mean);
    EXPECT_NEAR(mean, output(checkpoint("late") + " " + checkpoint("early"), "turned.onnx"), 1e-6);
    EXPECT_EQ(late, output(checkpoint("late") + " " + checkpoint("late"), "same.onnx"));
    const Result onto_itself = run("export " + checkpoint("late") + " -o " + checkpoint("late"));
    EXPECT_EQ(2, onto_itself.code);
    EXPECT_NE(std::string::npos, onto_itself.output.find("is an input and would be overwritten")) << onto_itself.output;
    EXPECT_EQ(late, output(checkpoint("late"), "again.onnx"));
    EXPECT_EQ(
        1, run("export " + checkpoint("early") + " " + prototypes() + " -o " + (folder_ / "wrong.onnx").string()).code);
}

TEST_F(Train_Commands, trainings_share_cached_crops)
{
    ASSERT_EQ(0, run("classifier" + small(folder_ / "first", 1)).code);
    std::vector<int> locks;
    for (const auto& entry : fs::directory_iterator(*shared_ / "cache"))
    {
        locks.push_back(open(entry.path().c_str(), O_RDONLY));
        ASSERT_EQ(0, flock(locks.back(), LOCK_EX)); // as the HDF5 library of another training does
    }
    const Result second = run("classifier" + small(folder_ / "second", 1));
    for (int lock : locks)
        close(lock);
    EXPECT_FALSE(locks.empty());
    EXPECT_EQ(0, second.code);
    EXPECT_EQ(std::string::npos, second.output.find("damaged")) << second.output;
}

TEST_F(Train_Commands, interrupt_saves_and_resume_goes_on)
{
    const fs::path out = folder_ / "run";
    const std::string program = trainerProgram();
    const pid_t child = fork();
    if (child == 0)
    {
        const std::string data = (*shared_ / "data").string(), cache = (*shared_ / "cache").string();
        std::freopen("/dev/null", "w", stderr);
        execl(program.c_str(), program.c_str(), "classifier", "--data", data.c_str(), "--cache", cache.c_str(),
            "--batch", "4", "--steps", "1000000", "-o", out.c_str(), nullptr);
        _exit(127);
    }
    const fs::path curve = out / "loss.csv"; // its first line comes after some steps
    for (int i = 0; i < 1200 && (!fs::exists(curve) || fs::file_size(curve) == 0); ++i)
        std::this_thread::sleep_for(std::chrono::milliseconds(100));
    ASSERT_TRUE(fs::exists(curve));
    kill(child, SIGINT);
    int status = 0;
    waitpid(child, &status, 0);
    ASSERT_TRUE(WIFEXITED(status));
    EXPECT_EQ(130, WEXITSTATUS(status));
    ASSERT_TRUE(fs::exists(out / "checkpoint.pt"));
    const Result resumed = run("classifier" + data() + " --batch 4 --steps 1 --resume -o " + out.string());
    EXPECT_EQ(0, resumed.code) << resumed.output;
}

TEST_F(Train_Commands, truncated_checkpoint_is_said)
{
    const fs::path out = folder_ / "run";
    ASSERT_EQ(0, run("classifier" + small(out, 1)).code);
    fs::resize_file(out / "checkpoint.pt", fs::file_size(out / "checkpoint.pt") / 2);
    for (const std::string& call : { "classifier" + small(out, 2) + " --resume",
             "export " + (out / "checkpoint.pt").string() + " -o " + (folder_ / "net.onnx").string() })
    {
        const Result result = run(call);
        EXPECT_EQ(1, result.code);
        EXPECT_NE(std::string::npos, result.output.find("is truncated or no checkpoint")) << result.output;
    }
    EXPECT_FALSE(fs::exists(folder_ / "net.onnx"));
}

TEST_F(Train_Commands, landmarks_train_and_export)
{
    const Result trained = run("landmarks" + small(folder_ / "run", 3));
    ASSERT_EQ(0, trained.code) << trained.output;
    EXPECT_NE(std::string::npos, trained.output.find("error_refined")) << trained.output;
    EXPECT_EQ(
        0, run("export " + (folder_ / "run/checkpoint.pt").string() + " -o " + (folder_ / "net.onnx").string()).code);
}

TEST_F(Train_Commands, pretrain_train_and_export)
{
    const std::string pre = (folder_ / "pre").string(), classifier = (folder_ / "classifier").string(),
                      out = (folder_ / "san").string();
    ASSERT_EQ(0, run("classifier" + small(classifier, 2)).code);
    const Result pretrained = run("pretrain" + small(pre, 2) + " --prototypes " + prototypes());
    ASSERT_EQ(0, pretrained.code) << pretrained.output;
    const std::string exported = (folder_ / "san.onnx").string();
    EXPECT_EQ(0, run("export " + pre + "/checkpoint.pt -o " + exported).code);
    const Result other = run("export --authors-form " + classifier + "/checkpoint.pt -o " + pre + "/none.onnx");
    EXPECT_EQ(1, other.code);
    EXPECT_NE(std::string::npos, other.output.find("--authors-form is for the network of the paper")) << other.output;

    const std::string common = "train --prototypes " + prototypes() + " --initial " + pre
                               + "/checkpoint.pt --classifiers " + classifier + "/checkpoint.pt" + small(out, 2);
    const Result unknown = run(common + " --matchers nobody");
    EXPECT_EQ(1, unknown.code);
    EXPECT_NE(std::string::npos, unknown.output.find("matcher 'nobody' is not among those")) << unknown.output;

    const fs::path matcher = sharedFolder() / "models/matcher-mobileface-v2-112.onnx";
    if (!fs::exists(matcher))
        GTEST_SKIP() << "the command train is not run: no " << matcher;
    write(folder_ / "models.yml", "%YAML:1.0\n---\nmobile:\n  task: \"matcher\"\n  file: \"" + matcher.string()
                                      + "\"\n"
                                        "  width: 112\n  height: 112\n  color: \"rgb\"\n"
                                        "  landmark_template: [ 38.2946,51.6963, 73.5318,51.5014, 56.0252,71.7366, "
                                        "41.5493,92.3655, 70.7299,92.2041 ]\n  distance: \"cosine\"\n");
    const Result trained = run(common + " --matchers mobile --models " + (folder_ / "models.yml").string());
    ASSERT_EQ(0, trained.code) << trained.output;
    EXPECT_NE(std::string::npos, trained.output.find("error_opposite")) << trained.output;
    EXPECT_EQ(0, run("export " + out + "/checkpoint.pt -o " + exported).code);
    EXPECT_EQ(0, run("export " + out + "/checkpoint.pt --authors-form -o " + exported).code);
}

TEST_F(Train_Commands, residual_learns_against_attackers_and_exports)
{
    const std::string attackers = (folder_ / "attackers").string(), out = (folder_ / "residual").string();
    const std::string networks = " --models " + models();
    const Result ensemble = run("attackers --matchers matcher" + networks + small(attackers, 2));
    ASSERT_EQ(0, ensemble.code) << ensemble.output;
    EXPECT_NE(std::string::npos, ensemble.output.find("accuracy10")) << ensemble.output;

    EXPECT_EQ(0, run("attackers --matchers matcher" + networks + small((folder_ / "more").string(), 1) + " --initial "
                     + attackers + "/checkpoint.pt")
                     .code);

    const std::string common = "residual --prototypes " + prototypes() + networks
                               + " --matchers matcher --classifiers classifier" + small(out, 3);
    EXPECT_EQ(2, run(common + " --opposite-share 1").code) << "leaves no face its own label";
    EXPECT_EQ(1, run(common).code) << "neither --attackers nor --initial";
    const Result trained =
        run(common + " --opposite-share .75 --neutral-share .3 --attackers " + attackers + "/checkpoint.pt");
    ASSERT_EQ(0, trained.code) << trained.output;
    for (const char* figure : { "adaptive_OP", "fixed_NT", "classifier_OP", "linear probe of matcher_OP", "PSNR" })
        EXPECT_NE(std::string::npos, trained.output.find(figure)) << trained.output;
    EXPECT_EQ(
        0, run("residual --prototypes " + prototypes() + networks + " --matchers matcher" + small(out, 4) + " --resume")
               .code)
        << "without classifiers, too";
    const Result written = run("export " + out + "/checkpoint.pt -o " + (folder_ / "residual.onnx").string());
    EXPECT_EQ(0, written.code) << written.output;

    const std::string more = "residual --prototypes " + prototypes() + networks + " --matchers matcher"
                             + small(folder_ / "more-residual", 2) + " --workers 1 --initial " + out
                             + "/checkpoint.pt --attackers " + attackers + "/checkpoint.pt --neutral-overshoot 1.5"
                             + " --largest-change .2 --lambda-order 20 --adaptive-attackers 1 --feature-share .4"
                             + " --weight-of-label-1 1.5";
    EXPECT_EQ(2, run(more).code) << "without --pairs";
    const Result crowded = run(more + " --pairs 3");
    EXPECT_EQ(1, crowded.code);
    EXPECT_NE(std::string::npos, crowded.output.find("--pairs: expected at most 2, half of the batch, found 3"))
        << crowded.output;
    const Result ordered = run(more + " --pairs 1");
    ASSERT_EQ(0, ordered.code) << ordered.output;
    EXPECT_NE(std::string::npos, ordered.output.find("J_M by order")) << ordered.output;
    EXPECT_EQ(std::string::npos, trained.output.find("J_M by order")) << "not asked for";
    GeneratorAndAttackers bounded(std::make_shared<ResidualUNet>());
    loadNetwork(folder_ / "more-residual/checkpoint.pt", RESIDUAL_KIND, bounded);
    EXPECT_NEAR(.2, bounded.generator->limit.max().item<double>(), 1e-6);

    const std::string again = "residual --prototypes " + prototypes() + networks + " --matchers matcher"
                              + small((folder_ / "again").string(), 1) + " --adaptive-attackers 0 --initial "
                              + (folder_ / "residual.onnx").string();
    EXPECT_EQ(1, run(again).code) << "an exported file holds no attackers";
    EXPECT_EQ(0, run(again + " --attackers " + attackers + "/checkpoint.pt").code);
}

//! The weights of two trainings that differ, with the largest difference; empty if none does.
std::string differenceOf(const fs::path& first, const fs::path& second)
{
    GeneratorAndAttackers a(std::make_shared<ResidualUNet>(), std::make_shared<Attackers>(DESCRIPTOR_SIZE)),
        b(std::make_shared<ResidualUNet>(), std::make_shared<Attackers>(DESCRIPTOR_SIZE));
    loadNetwork(first / "checkpoint.pt", RESIDUAL_KIND, a);
    loadNetwork(second / "checkpoint.pt", RESIDUAL_KIND, b);
    std::string found;
    for (const auto& parameter : a.named_parameters())
    {
        const torch::Tensor other = b.named_parameters()[parameter.key()];
        if (!torch::equal(parameter.value(), other))
            found += cv::format(
                "%s by %.3g; ", parameter.key().c_str(), (parameter.value() - other).abs().max().item<double>());
    }
    return found;
}

TEST_F(Train_Commands, residual_resumes_bit_for_bit)
{
    const std::string networks = " --matchers matcher --models " + models();
    ASSERT_EQ(0, run("attackers" + networks + small(folder_ / "attackers", 1)).code);
    // Of eight adaptive attackers one learns in each step: most have no gradient in most steps.
    const std::string common = "residual --prototypes " + prototypes() + networks
                               + " --adaptive-attackers 8 --updated-attackers 1"
                                 " --held-out-share 0 --attackers "
                               + (folder_ / "attackers/checkpoint.pt").string();
    const auto train = [&](const fs::path& out, int steps, const std::string& more)
    {
        const Result trained =
            run(common + data() + " --batch 4 --steps " + std::to_string(steps) + more + " -o " + out.string());
        EXPECT_EQ(0, trained.code) << trained.output;
    };
    // Once, on Debian 13, the two differed, for a reason that is not known; some 90 other pairs there were equal. So
    // after a difference on several threads one thread has to prove it: what does not resume never gives equal bits.
    std::string differences;
    for (const char* workers : { "", " --workers 1", " --workers 1" })
    {
        const std::string number = std::to_string(std::count(differences.begin(), differences.end(), '\n'));
        const fs::path whole = folder_ / ("whole" + number), parts = folder_ / ("parts" + number);
        train(whole, 4, workers);
        train(parts, 2, workers);
        train(parts, 4, workers + std::string(" --resume"));
        const std::string found = differenceOf(whole, parts);
        if (found.empty())
            return;
        differences += found + workers + "\n";
        std::cout << "whole and in parts" << workers << ": " << found << std::endl;
    }
    FAIL() << "three pairs differ:\n" << differences;
}

TEST_F(Train_Commands, residual_learns_to_hide_several_attributes)
{
    const std::string attackers = (folder_ / "attackers").string(), out = (folder_ / "residual").string(),
                      ages = (folder_ / "ages.yml.gz").string(),
                      both = " --attribute gender age --positive \"\" \">=26\"";
    const std::string networks = " --models " + models() + " --matchers matcher" + both;
    ASSERT_EQ(0, run("prototypes" + data() + " --attribute age --positive \">=26\" -o " + ages).code);
    ASSERT_EQ(0, run("attackers" + networks + small(attackers, 1)).code);

    const std::string common = "residual" + networks + small(out, 2) + " --attackers " + attackers
                               + "/checkpoint.pt --prototypes " + prototypes();
    const Result missing = run(common);
    EXPECT_EQ(1, missing.code);
    EXPECT_NE(std::string::npos, missing.output.find("each of 2 attributes, found 1")) << missing.output;
    const Result trained = run(common + " " + ages);
    ASSERT_EQ(0, trained.code) << trained.output;
    for (const char* figure : { "adaptive_OP gender", "fixed_NT age", "linear probe of matcher_OP age" })
        EXPECT_NE(std::string::npos, trained.output.find(figure)) << trained.output;
    EXPECT_EQ(0, run("export " + out + "/checkpoint.pt -o " + (folder_ / "residual.onnx").string()).code);
    EXPECT_NE(0, run("classifier" + both + small(folder_ / "classifier", 1)).code) << "of one attribute";
}

} // namespace

}}} // namespace sanprivacy::train::test
