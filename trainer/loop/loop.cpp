// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#include "loop/loop.hpp"

#include <chrono>
#include <cmath>
#include <future>
#include <memory>

#include <CLI/CLI.hpp>
#include <opencv2/core.hpp>

#include "common/atomic_file.hpp"
#include "common/number_range.hpp"
#include "common/progress.hpp"
#include "common/workers.hpp"
#include "loop/checkpoint.hpp"

namespace fs = std::filesystem;

namespace sanprivacy { namespace train {

namespace {

const int64_t LOG_INTERVAL = 20;     // steps per line of loss.csv
const int64_t MOST_EVALUATIONS = 20; // on held-out faces; trainings of more epochs skip some

// What nobody needs more of; larger numbers are mistakes, and could overflow.
const double MOST_STEPS = 1e9, MOST_FACES = 1e6, MOST_WORKERS = 1e4;
const double LARGEST_SEED = 9223372036854774784.; // the last double below 2^63: checkpoints keep it as int64

} // namespace

void LoopOptions::addTo(CLI::App& command)
{
    command.add_option("-o,--output", folder, "folder of checkpoint.pt, loss.csv, held-out.csv")
        ->type_name("DIR")
        ->required();
    command.add_option("--epochs", epochs, "passes over the faces")->capture_default_str()->check(numberAboveZero());
    command.add_option("--steps", steps, "number of steps, in place of --epochs")->check(numberRange(1, MOST_STEPS));
    command.add_option("--minutes", minutes, "stop after this many minutes; --resume continues")
        ->check(numberAboveZero());
    command.add_option("--batch", batch, "faces per step")->capture_default_str()->check(numberRange(1, MOST_FACES));
    command.add_option("--learning-rate", learningRate, "learning rate of Adam")
        ->capture_default_str()
        ->check(numberAboveZero());
    command.add_flag("--decay,!--no-decay", decay, "learning rate falls to zero (cosine) over the planned steps");
    command.add_option("--seed", seed, "the same seed gives the same run")
        ->capture_default_str()
        ->check(numberRange(0, LARGEST_SEED));
    command.add_option("--workers", workers, "threads; 0: one per core. Only the same number gives the same weights")
        ->check(numberRange(0, MOST_WORKERS));
    command.add_option("--checkpoint-minutes", checkpointMinutes, "minutes between checkpoints")
        ->capture_default_str()
        ->check(numberFromZero());
    command.add_option("--device", deviceName, "what the networks run on: cpu or cuda")
        ->capture_default_str()
        ->check(CLI::IsMember({ "cpu", "cuda" }));
    command.add_flag("--bf16,!--fp32", bf16, "compute in bf16, keep weights in fp32");
    command.add_flag("--resume", resume, "continue from checkpoint.pt in the folder");
}

torch::Device LoopOptions::device() const
{
    const torch::Device device(deviceName);
    if (device.is_cuda() && !torch::cuda::is_available())
        CV_Error(cv::Error::StsBadArg,
            "--device cuda: this LibTorch " TORCH_VERSION " finds no CUDA device, or was built without CUDA");
    return device;
}

int64_t LoopOptions::plannedSteps(int64_t facesPerEpoch) const
{
    const double planned = std::ceil(epochs * double(facesPerEpoch) / double(batch));
    if (steps == 0 && planned > MOST_STEPS)
        CV_Error(cv::Error::StsBadArg, cv::format("--epochs %g are %.3g steps of %d faces; expected at most %.3g steps",
                                           epochs, planned, int(batch), MOST_STEPS));
    return steps > 0 ? steps : int64_t(planned);
}

void LoopOptions::prepareFolder() const
{
    device();
    makeWritableFolder(folder);
    const FileLock free(fs::canonical(folder)); // whether another training has it; Training holds it, later
    const fs::path checkpoint = checkpointFile(folder);
    if (!resume && fs::exists(checkpoint))
        CV_Error(
            cv::Error::StsBadArg, checkpoint.string() + " exists: give --resume to go on with it, or another folder");
    if (resume && !fs::exists(checkpoint))
        CV_Error(cv::Error::StsBadArg, "--resume: there is no " + checkpoint.string());
}

namespace {

//! The network is on the device from then on.
std::vector<torch::Tensor> parametersOn(const torch::Device& device, torch::nn::Module& network)
{
    network.to(device);
    return network.parameters();
}

class Training
{
public:
    Training(const Task& task, const LoopOptions& options)
        : task_(task), options_(options), planned_(options.plannedSteps(task.facesPerEpoch)), device_(options.device()),
          workers_(device_.is_cuda()     ? 1
                   : options.workers > 0 ? options.workers
                                         : int64_t(workerCount())),
          parameters_(parametersOn(device_, *task.network)),
          optimizer_(parameters_, torch::optim::AdamOptions(options.learningRate)),
          checkpoint_(checkpointFile(options.folder))
    {
        const int64_t stepsPerEpoch = std::max<int64_t>(1, (task.facesPerEpoch + options.batch - 1) / options.batch);
        const int64_t epochs = (planned_ + stepsPerEpoch - 1) / stepsPerEpoch;
        evaluationInterval_ = stepsPerEpoch * ((epochs + MOST_EVALUATIONS - 1) / MOST_EVALUATIONS);

        options.prepareFolder();
        lock_ = std::make_unique<FileLock>(fs::canonical(options.folder));
        state_.seed = options.seed;
        if (options.resume)
            state_ = resumeCheckpoint(checkpoint_, task.kind, *task.network, optimizer_, options.seed, device_);
        secondsBefore_ = state_.seconds;
    }

    bool run()
    {
        TrainingCurve losses(options_.folder / "loss.csv", state_.step),
            heldOut(options_.folder / "held-out.csv", state_.step);
        Progress progress(task_.kind, size_t(planned_), size_t(state_.step));
        if (!task_.evaluate)
            progress.message("no face is held out (--held-out-share, --held-out), so held-out.csv stays empty");
        task_.network->train();
        Figures values;
        std::future<Batch> next;
        for (bool stopped = false; state_.step < planned_ && !stopped;)
        {
            const Batch batch = onDevice(next.valid() ? next.get() : task_.batch(state_.step), device_);
            if (state_.step + 1 < planned_)
                next = std::async(std::launch::async, task_.batch, state_.step + 1);
            values = step(batch);
            log(values, losses);
            progress.step(describe(values));
            if (state_.step % evaluationInterval_ == 0 && state_.step < planned_)
                evaluate(heldOut, progress);
            stopped = interrupted() || (options_.minutes > 0 && since(begin_) >= 60 * options_.minutes);
            if (since(saved_) >= 60 * options_.checkpointMinutes)
                save();
        }
        if (next.valid())
            next.wait();
        if (!values.empty())
            progress.message(task_.kind + " after step " + std::to_string(state_.step) + ": " + describe(values));
        if (!interrupted())
            evaluate(heldOut, progress); // before saving: a network may gather what it needs for evaluation mode
        save();
        if (interrupted())
            progress.message("interrupted at step " + std::to_string(state_.step) + " of " + std::to_string(planned_)
                             + ", saved; --resume goes on");
        return !interrupted();
    }

private:
    using Clock = std::chrono::steady_clock;

    static double since(Clock::time_point begin) { return std::chrono::duration<double>(Clock::now() - begin).count(); }

    Figures step(const Batch& batch)
    {
        learningRate_ = options_.learningRate;
        if (options_.decay)
            learningRate_ *= .5 * (1 + std::cos(CV_PI * double(state_.step) / double(planned_)));
        static_cast<torch::optim::AdamOptions&>(optimizer_.param_groups().front().options()).lr(learningRate_);

        const uint64_t seed = mixSeed(options_.seed, uint64_t(state_.step));
        const Figures values = setGradients(task_.losses, batch, parameters_, workers_, seed);
        for (const auto& value : values)
            if (!std::isfinite(value.second))
                CV_Error(cv::Error::StsError,
                    "loss '" + value.first + "' is not finite at step " + std::to_string(state_.step)
                        + "; a smaller --learning-rate may help, the last checkpoint is kept");
        optimizer_.step();
        state_.step++;
        return values;
    }

    //! Means over the steps since the last line.
    void log(const Figures& values, TrainingCurve& curve)
    {
        sums_.resize(values.size());
        for (size_t i = 0; i < values.size(); ++i)
            sums_[i] = { values[i].first, (summed_ ? sums_[i].second : 0.) + values[i].second };
        summed_++;
        if (state_.step % LOG_INTERVAL != 0 && state_.step != planned_)
            return;
        Figures line = { { "seconds", std::round(secondsBefore_ + since(begin_)) },
            { "learning_rate", learningRate_ } };
        for (const auto& sum : sums_)
            line.emplace_back(sum.first, sum.second / double(summed_));
        curve.add(state_.step, line);
        summed_ = 0;
    }

    void prepareEvaluation() const
    {
        const torch::NoGradGuard noGradients;
        if (task_.prepareEvaluation)
            task_.prepareEvaluation();
    }

    void evaluate(TrainingCurve& curve, Progress& progress) const
    {
        if (!task_.evaluate)
            return;
        prepareEvaluation();
        task_.network->eval();
        const torch::NoGradGuard noGradients;
        const Figures figures = task_.evaluate();
        task_.network->train();
        curve.add(state_.step, figures);
        progress.message("held-out faces after step " + std::to_string(state_.step) + ": " + describe(figures));
    }

    void save()
    {
        prepareEvaluation();
        state_.seconds = secondsBefore_ + since(begin_);
        saveCheckpoint(checkpoint_, task_.kind, *task_.network, optimizer_, state_);
        saved_ = Clock::now();
    }

    const Task& task_;
    const LoopOptions& options_;
    const int64_t planned_;
    const torch::Device device_;
    const int64_t workers_;
    const std::vector<torch::Tensor> parameters_;
    torch::optim::Adam optimizer_;
    const fs::path checkpoint_;
    std::unique_ptr<FileLock> lock_; // of the folder
    int64_t evaluationInterval_ = 1;
    TrainingState state_;
    double secondsBefore_ = 0, learningRate_ = 0;
    Figures sums_; // of the steps since the last line of loss.csv
    int64_t summed_ = 0;
    const Clock::time_point begin_ = Clock::now();
    Clock::time_point saved_ = begin_;
};

} // namespace

bool runLoop(const Task& task, const LoopOptions& options)
{
    catchInterrupts();
    return Training(task, options).run();
}

}} // namespace sanprivacy::train
