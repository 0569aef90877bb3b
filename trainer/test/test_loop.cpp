// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#include "loop/loop.hpp"

#include <iostream>
#include <limits>

#include <gtest/gtest.h>

#include "common/atomic_file.hpp"
#include "drawn_faces.hpp"
#include "loop/checkpoint.hpp"

namespace sanprivacy { namespace train { namespace test { namespace {

namespace fs = std::filesystem;

const int64_t FEATURES = 5;

//! Linear regression with dropout of its input: small, and random in every step.
struct Regression
{
    Regression()
    {
        torch::manual_seed(11);
        network = std::make_shared<torch::nn::LinearImpl>(FEATURES, 1);
        task.kind = "regression";
        task.network = network;
        task.facesPerEpoch = 64;
        task.batch = [](int64_t step) -> Batch
        {
            const at::Generator generator = at::detail::createCPUGenerator(uint64_t(100 + step));
            const torch::Tensor x = torch::randn({ 8, FEATURES }, generator);
            return { x, x.sum(1, true) };
        };
        task.losses = [this](const Batch& batch, Draws& draws) -> Losses
        {
            const torch::Tensor kept = (draws.uniform({ FEATURES }) < .9).to(torch::kFloat);
            const torch::Tensor loss = (network->forward(batch[0] * kept) - batch[1]).square().mean();
            return { { "squared", loss } };
        };
    }

    std::shared_ptr<torch::nn::LinearImpl> network;
    Task task;
};

LoopOptions options(const fs::path& folder, int64_t steps)
{
    LoopOptions o;
    o.folder = folder;
    o.batch = 8;
    o.steps = steps;
    o.learningRate = .05;
    o.workers = 2;
    return o;
}

template <typename Call>
std::string message(const Call& call)
{
    try
    {
        call();
    }
    catch (const cv::Exception& error)
    {
        return error.err;
    }
    return std::string();
}

TEST(Train_Loop, learns)
{
    const TemporaryFolder folder;
    Regression regression;
    regression.task.losses = [&](const Batch& batch, Draws&) -> Losses {
        return { { "squared", (regression.network->forward(batch[0]) - batch[1]).square().mean() } };
    };
    LoopOptions o = options(folder / "run", 300);
    o.decay = true;
    EXPECT_TRUE(runLoop(regression.task, o));
    EXPECT_TRUE(torch::allclose(regression.network->weight, torch::ones({ 1, FEATURES }), 0, 1e-3))
        << regression.network->weight;
}

//! A regression after some steps.
Regression trained(LoopOptions o, int64_t workers)
{
    o.workers = workers;
    Regression regression; // of its own: everything comes from the checkpoint where it resumes
    runLoop(regression.task, o);
    return regression;
}

bool sameBits(const Regression& a, const Regression& b)
{
    return torch::equal(a.network->weight, b.network->weight) && torch::equal(a.network->bias, b.network->bias);
}

TEST(Train_Loop, resumed_training_equals_an_uninterrupted_one_bit_for_bit)
{
    // As in Train_Commands.residual_resumes_bit_for_bit: what two threads do not prove, one has to.
    for (int64_t workers : { 2, 1, 1 })
    {
        const TemporaryFolder folder;
        const Regression whole = trained(options(folder / "whole", 50), workers),
                         first = trained(options(folder / "parts", 20), workers);
        LoopOptions rest = options(folder / "parts", 50);
        rest.resume = true;
        const Regression second = trained(rest, workers), again = trained(options(folder / "again", 50), workers);
        LoopOptions seeded = options(folder / "other", 50);
        seeded.seed = 2;
        const Regression other = trained(seeded, workers);
        EXPECT_FALSE(sameBits(whole, first)) << "fewer steps";
        EXPECT_FALSE(sameBits(whole, other)) << "another seed";
        if (sameBits(whole, second) && sameBits(whole, again))
            return;
        std::cout << workers << " workers: resumed or repeated training differs" << std::endl;
    }
    FAIL() << "in three attempts";
}

TEST(Train_Loop, workers_share_the_gradient_of_one_batch)
{
    const TemporaryFolder folder;
    std::vector<torch::Tensor> weights;
    for (int64_t workers : { 1, 2, 3 })
    {
        Regression regression;
        regression.task.losses = [&](const Batch& batch, Draws&) -> Losses {
            return { { "squared", (regression.network->forward(batch[0]) - batch[1]).square().mean() } };
        };
        LoopOptions o = options(folder / std::to_string(workers), 10);
        o.workers = workers;
        runLoop(regression.task, o);
        weights.push_back(regression.network->weight);
    }
    EXPECT_TRUE(torch::allclose(weights[0], weights[1], 0, 1e-5));
    EXPECT_TRUE(torch::allclose(weights[0], weights[2], 0, 1e-5));
}

TEST(Train_Loop, curves_have_one_line_per_interval_also_after_resuming)
{
    const TemporaryFolder folder;
    Regression first, second;
    LoopOptions o = options(folder / "run", 40);
    runLoop(first.task, o);
    o.steps = 100;
    o.resume = true;
    runLoop(second.task, o);
    std::istringstream csv(textOf(folder / "run/loss.csv"));
    std::string line, header;
    std::getline(csv, header);
    EXPECT_EQ("step,seconds,learning_rate,squared", header);
    for (int step = 20; step <= 100; step += 20)
    {
        std::getline(csv, line);
        EXPECT_EQ(std::to_string(step), line.substr(0, line.find(',')));
    }
    EXPECT_FALSE(std::getline(csv, line));
}

TEST(Train_Loop, a_line_that_a_full_disk_has_cut_is_left_out_when_a_curve_goes_on)
{
    const TemporaryFolder folder;
    write(folder / "a.csv", "step,loss\n20,1\n4");
    TrainingCurve(folder / "a.csv", 20).add(40, { { "loss", 2. } });
    EXPECT_EQ("step,loss\n20,1\n40,2\n", textOf(folder / "a.csv"));
    write(folder / "a.csv", "step,lo");
    TrainingCurve(folder / "a.csv", 20).add(40, { { "loss", 2. } });
    EXPECT_EQ("step,loss\n40,2\n", textOf(folder / "a.csv"));
}

TEST(Train_Loop, a_folder_is_of_one_training_at_a_time)
{
    const TemporaryFolder folder;
    Regression regression;
    const LoopOptions o = options(folder / "run", 20);
    fs::create_directories(folder / "run");
    {
        const FileLock other(folder / "run");
        EXPECT_THROW(runLoop(regression.task, o), std::runtime_error);
        EXPECT_FALSE(fs::exists(folder / "run/loss.csv"));
    }
    EXPECT_TRUE(runLoop(regression.task, o));
}

TEST(Train_Loop, a_loss_that_is_not_finite_stops_and_keeps_the_checkpoint)
{
    const TemporaryFolder folder;
    Regression good, bad;
    runLoop(good.task, options(folder / "run", 20));
    const std::string checkpoint = textOf(checkpointFile(folder / "run"));
    bad.task.losses = [&](const Batch& batch, Draws&) -> Losses {
        return { { "squared", bad.network->forward(batch[0]).mean() * std::numeric_limits<float>::quiet_NaN() } };
    };
    LoopOptions o = options(folder / "run", 40);
    o.resume = true;
    EXPECT_NE(
        std::string::npos, message([&] { runLoop(bad.task, o); }).find("loss 'squared' is not finite at step 20"));
    EXPECT_EQ(checkpoint, textOf(checkpointFile(folder / "run")));
}

TEST(Train_Loop, held_out_figures_are_written_after_each_epoch)
{
    const TemporaryFolder folder;
    Regression regression;
    regression.task.evaluate = [&]() -> Figures
    {
        EXPECT_FALSE(regression.network->is_training());
        return { { "bias", regression.network->bias.item<double>() } };
    };
    runLoop(regression.task, options(folder / "run", 16)); // an epoch is 8 steps
    const std::string csv = textOf(folder / "run/held-out.csv");
    EXPECT_EQ(0u, csv.find("step,bias\n8,"));
    EXPECT_NE(std::string::npos, csv.find("\n16,"));
}

TEST(Train_Loop, wrong_checkpoints_are_told_apart)
{
    const TemporaryFolder folder;
    Regression regression;
    const fs::path checkpoint = checkpointFile(folder / "run");
    LoopOptions o = options(folder / "run", 20);
    runLoop(regression.task, o);
    EXPECT_EQ("regression", checkpointKind(checkpoint));
    EXPECT_NE(std::string::npos, message([&] { runLoop(regression.task, o); }).find("exists: give --resume"));
    o.resume = true;
    o.seed = 5;
    EXPECT_NE(std::string::npos, message([&] { runLoop(regression.task, o); }).find("was trained with --seed 1"));
    EXPECT_NE(std::string::npos, message([&] { loadNetwork(checkpoint, "san2018", *regression.network); })
                                     .find("holds a network of kind 'regression', 'san2018' was expected"));
    torch::nn::LinearImpl larger(FEATURES + 1, 1);
    EXPECT_NE(std::string::npos, message([&] { loadNetwork(checkpoint, "regression", larger); })
                                     .find("of another size, of other matchers or attributes: of weight expected 1x6, "
                                           "found 1x5"));

    const std::string whole = textOf(checkpoint);
    for (size_t size : { size_t(0), size_t(10), whole.size() / 2, whole.size() - 100 })
    {
        write(checkpoint, whole.substr(0, size));
        EXPECT_NE(std::string::npos, message([&] { checkpointKind(checkpoint); }).find("is truncated or no checkpoint"))
            << size;
    }
    EXPECT_NE(std::string::npos, message([&] { checkpointKind(folder / "none.pt"); }).find("no checkpoint"));

    const auto load = [&](const std::string& content)
    {
        write(checkpoint, content);
        loadNetwork(checkpoint, "regression", *regression.network);
    };
    load(whole);
    const torch::Tensor weights = regression.network->weight;
    const size_t place = whole.find(std::string(static_cast<const char*>(weights.data_ptr()), weights.nbytes()));
    ASSERT_NE(std::string::npos, place);
    std::string damaged = whole;
    damaged[place + 2] ^= 1;
    EXPECT_NE(std::string::npos, message([&] { load(damaged); }).find("is damaged: the checksum of its entry "));
}

TEST(Train_Loop, an_unwritable_folder_is_an_error)
{
    const TemporaryFolder folder;
    write(folder / "file", "");
    Regression regression;
    EXPECT_ANY_THROW(runLoop(regression.task, options(folder / "file/run", 1)));
}

} // namespace

}}} // namespace sanprivacy::train::test
