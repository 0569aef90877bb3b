// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#include "loop.hpp"

#include <chrono>
#include <cmath>
#include <csignal>
#include <fstream>
#include <future>
#include <iostream>
#include <thread>

#include <ATen/CPUGeneratorImpl.h>
#include <CLI/CLI.hpp>
#include <opencv2/core.hpp>

#include "progress.hpp"

namespace fs = std::filesystem;

namespace sanprivacy { namespace train {

namespace {

const int64_t LOG_INTERVAL = 20; // steps per line of loss.csv
const int64_t MOST_EVALUATIONS = 20; // on held-out faces; trainings of more epochs skip some

volatile std::sig_atomic_t interrupted = 0;

//! SIGINT and SIGTERM ask for a stop while this lives; a second one stops at once.
class InterruptGuard
{
public:
    InterruptGuard()
    {
        interrupted = 0;
        struct sigaction action = {};
        action.sa_handler = [](int) { interrupted = 1; };
        action.sa_flags = int(SA_RESETHAND);
        sigaction(SIGINT, &action, &before_[0]);
        sigaction(SIGTERM, &action, &before_[1]);
    }
    ~InterruptGuard()
    {
        sigaction(SIGINT, &before_[0], nullptr);
        sigaction(SIGTERM, &before_[1], nullptr);
    }

private:
    struct sigaction before_[2];
};

//! Where a training stands, besides its tensors.
struct Progression
{
    int64_t step = 0;
    double seconds = 0; //!< of training so far
};

void openArchive(const fs::path& file, torch::serialize::InputArchive& archive)
{
    if (!fs::exists(file))
        CV_Error(cv::Error::StsBadArg, "no checkpoint " + file.string());
    try
    {
        archive.load_from(file.string());
    }
    catch (const c10::Error&)
    {
        CV_Error(cv::Error::StsParseError, file.string() + " is truncated or no checkpoint");
    }
}

//! One entry of an archive that must be there.
template<typename Read> void readEntry(const fs::path& file, const Read& read)
{
    try
    {
        read();
    }
    catch (const c10::Error& error)
    {
        CV_Error(cv::Error::StsParseError, file.string() + " does not hold what was expected: " + error.what_without_backtrace());
    }
}

std::string readKind(const fs::path& file, torch::serialize::InputArchive& archive)
{
    c10::IValue kind;
    readEntry(file, [&] { archive.read("kind", kind); });
    return kind.toStringRef();
}

void readNetwork(const fs::path& file, torch::serialize::InputArchive& archive, const std::string& kind, torch::nn::Module& network)
{
    const std::string found = readKind(file, archive);
    if (found != kind)
        CV_Error(cv::Error::StsBadArg, file.string() + " holds a network of kind '" + found + "', '" + kind + "' was expected");
    // LibTorch would take tensors of any shape.
    std::vector<std::vector<int64_t>> shapes;
    const auto tensors = [&network] {
        std::vector<torch::Tensor> all = network.parameters();
        const std::vector<torch::Tensor> buffers = network.buffers();
        all.insert(all.end(), buffers.begin(), buffers.end());
        return all;
    };
    for (const torch::Tensor& tensor : tensors())
        shapes.push_back(tensor.sizes().vec());
    readEntry(file, [&] {
        torch::serialize::InputArchive entry;
        archive.read("network", entry);
        network.load(entry);
    });
    for (size_t i = 0; i < shapes.size(); i++)
        if (tensors()[i].sizes().vec() != shapes[i])
            CV_Error(cv::Error::StsBadArg, file.string() + " holds a network '" + kind + "' of another size");
}

void saveCheckpoint(const fs::path& file, const Task& task, const torch::optim::Optimizer& optimiser, uint64_t seed,
                    const Progression& state)
{
    torch::serialize::OutputArchive archive, network, moments;
    task.network->save(network);
    optimiser.save(moments);
    archive.write("kind", c10::IValue(task.kind));
    archive.write("network", network);
    archive.write("optimiser", moments);
    archive.write("seed", c10::IValue(int64_t(seed)));
    archive.write("step", c10::IValue(state.step));
    archive.write("seconds", c10::IValue(state.seconds));
    const fs::path part = file.string() + ".part";
    try
    {
        archive.save_to(part.string());
        fs::rename(part, file);
    }
    catch (const c10::Error& error)
    {
        std::error_code ignored;
        fs::remove(part, ignored);
        CV_Error(cv::Error::StsError, "cannot write " + file.string() + ": " + error.what_without_backtrace());
    }
}

Progression resumeCheckpoint(const fs::path& file, const Task& task, torch::optim::Optimizer& optimiser, uint64_t seed)
{
    torch::serialize::InputArchive archive;
    openArchive(file, archive);
    readNetwork(file, archive, task.kind, *task.network);
    Progression state;
    readEntry(file, [&] {
        torch::serialize::InputArchive moments;
        archive.read("optimiser", moments);
        optimiser.load(moments);
        c10::IValue value;
        archive.read("seed", value);
        if (uint64_t(value.toInt()) != seed)
            CV_Error(cv::Error::StsBadArg, file.string() + " was trained with --seed " + std::to_string(uint64_t(value.toInt())));
        archive.read("step", value);
        state.step = value.toInt();
        archive.read("seconds", value);
        state.seconds = value.toDouble();
    });
    return state;
}

//! A CSV file that grows line by line; resuming drops what was written after the checkpoint.
class Curve
{
public:
    Curve(const fs::path& file, int64_t step) : file_(file)
    {
        std::ifstream in(file);
        std::string line, kept;
        if (step > 0)
            while (std::getline(in, line))
                if (kept.empty() || std::atoll(line.c_str()) <= step)
                    kept += line + "\n";
        in.close();
        std::ofstream out(file);
        out << kept;
        headed_ = !kept.empty();
        check(out);
    }

    void add(int64_t step, const Figures& figures)
    {
        std::ofstream out(file_, std::ios::app);
        if (!headed_)
        {
            out << "step";
            for (const auto& figure : figures)
                out << ',' << figure.first;
            out << '\n';
            headed_ = true;
        }
        out << step;
        for (const auto& figure : figures)
            out << ',' << figure.second;
        out << std::endl;
        check(out);
    }

private:
    void check(const std::ofstream& out) const
    {
        if (!out)
            CV_Error(cv::Error::StsError, "cannot write " + file_.string());
    }

    fs::path file_;
    bool headed_ = false;
};

std::string describe(const Figures& figures)
{
    std::string text;
    for (const auto& figure : figures)
        text += (text.empty() ? "" : " ") + figure.first + cv::format(" %.4g", figure.second);
    return text;
}

//! Gradient of the first loss and the values of all, for one thread's share of a batch.
struct Share
{
    std::vector<torch::Tensor> gradients;
    Figures values;
};

Share differentiate(const Task& task, const Batch& batch, const std::vector<torch::Tensor>& parameters, uint64_t seed)
{
    const Losses losses = task.losses(batch, at::make_generator<at::CPUGeneratorImpl>(seed));
    Share share;
    share.gradients = torch::autograd::grad({ losses.front().second }, parameters, {}, c10::nullopt, false, true);
    for (const auto& loss : losses)
        share.values.emplace_back(loss.first, loss.second.item<double>());
    return share;
}

/** Splits a batch over threads with one ATen thread each, which is faster than one pass with several:
    the gradient of the whole is the mean of the parts', weighted by size, and summed in fixed order. */
Figures setGradients(const Task& task, const Batch& batch, const std::vector<torch::Tensor>& parameters, int64_t workers, uint64_t seed)
{
    const int64_t n = batch.front().size(0);
    const int64_t parts = std::min(workers, n);
    std::vector<std::future<Share>> shares;
    std::vector<double> weights;
    for (int64_t k = 0; k < parts; k++)
    {
        const int64_t begin = n * k / parts, end = n * (k + 1) / parts;
        weights.push_back(double(end - begin) / double(n));
        Batch part;
        for (const torch::Tensor& tensor : batch)
            part.push_back(tensor.slice(0, begin, end));
        shares.push_back(std::async(std::launch::async, [&task, &parameters, part, seed, k] {
            torch::set_num_threads(1);
            return differentiate(task, part, parameters, mixSeed(seed, uint64_t(k)));
        }));
    }
    Figures values;
    for (size_t k = 0; k < shares.size(); k++)
    {
        const Share share = shares[k].get();
        for (size_t p = 0; p < parameters.size(); p++)
        {
            if (!share.gradients[p].defined())
                continue;
            torch::Tensor gradient = parameters[p].grad();
            if (k == 0 || !gradient.defined())
                parameters[p].mutable_grad() = share.gradients[p] * weights[k];
            else
                gradient.add_(share.gradients[p], weights[k]);
        }
        for (size_t i = 0; i < share.values.size(); i++)
        {
            if (k == 0)
                values.emplace_back(share.values[i].first, 0.);
            values[i].second += weights[k] * share.values[i].second;
        }
    }
    return values;
}

} // namespace

void LoopOptions::addTo(CLI::App& verb)
{
    verb.add_option("-o,--out", folder, "folder of checkpoint.pt, loss.csv, held-out.csv")->required();
    verb.add_option("--epochs", epochs, "passes over the faces")->capture_default_str();
    verb.add_option("--steps", steps, "steps, instead of epochs");
    verb.add_option("--minutes", minutes, "stop this call after as many minutes");
    verb.add_option("--batch", batch, "faces per step")->capture_default_str()->check(CLI::PositiveNumber);
    verb.add_option("--learning-rate", learningRate, "of Adam")->capture_default_str()->check(CLI::PositiveNumber);
    verb.add_flag("--decay,!--no-decay", decay, "learning rate falls to zero (cosine) over the planned steps");
    verb.add_option("--seed", seed, "same seed, same run")->capture_default_str();
    verb.add_option("--workers", workers, "threads, 0: one per core; the result depends on their number in the last bits");
    verb.add_option("--checkpoint-minutes", checkpointMinutes)->capture_default_str();
    verb.add_flag("--bf16,!--fp32", bf16, "compute in bf16, keep weights in fp32");
    verb.add_flag("--resume", resume, "go on from checkpoint.pt in the folder");
}

int64_t LoopOptions::plannedSteps(int64_t facesPerEpoch) const
{
    return steps > 0 ? steps : int64_t(std::ceil(epochs * double(facesPerEpoch) / double(batch)));
}

fs::path checkpointFile(const fs::path& folder) { return folder / "checkpoint.pt"; }

std::string checkpointKind(const fs::path& file)
{
    torch::serialize::InputArchive archive;
    openArchive(file, archive);
    return readKind(file, archive);
}

void loadNetwork(const fs::path& file, const std::string& kind, torch::nn::Module& network)
{
    torch::serialize::InputArchive archive;
    openArchive(file, archive);
    readNetwork(file, archive, kind, network);
}

uint64_t mixSeed(uint64_t seed, uint64_t count)
{
    uint64_t z = seed * 0xD1B54A32D192ED03 + (count + 1) * 0x9E3779B97F4A7C15;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
    return z ^ (z >> 31);
}

bool runLoop(const Task& task, const LoopOptions& options)
{
    using Clock = std::chrono::steady_clock;
    const auto since = [](Clock::time_point begin) { return std::chrono::duration<double>(Clock::now() - begin).count(); };

    const int64_t planned = options.plannedSteps(task.facesPerEpoch);
    const int64_t stepsPerEpoch = std::max<int64_t>(1, (task.facesPerEpoch + options.batch - 1) / options.batch);
    const int64_t epochs = (planned + stepsPerEpoch - 1) / stepsPerEpoch;
    const int64_t evaluationInterval = stepsPerEpoch * ((epochs + MOST_EVALUATIONS - 1) / MOST_EVALUATIONS);
    const int64_t workers = options.workers > 0 ? options.workers : std::max(1u, std::thread::hardware_concurrency());
    const std::vector<torch::Tensor> parameters = task.network->parameters();
    torch::optim::Adam optimiser(parameters, torch::optim::AdamOptions(options.learningRate));

    fs::create_directories(options.folder);
    const fs::path checkpoint = checkpointFile(options.folder);
    Progression state;
    if (options.resume)
        state = resumeCheckpoint(checkpoint, task, optimiser, options.seed);
    else if (fs::exists(checkpoint))
        CV_Error(cv::Error::StsBadArg, checkpoint.string() + " exists: give --resume to go on with it, or another folder");
    Curve curve(options.folder / "loss.csv", state.step), heldOut(options.folder / "held-out.csv", state.step);

    const double secondsBefore = state.seconds;
    const Clock::time_point begin = Clock::now();
    Clock::time_point saved = begin;
    const auto settle = [&] {
        const torch::NoGradGuard noGradients;
        if (task.settle)
            task.settle();
    };
    const auto save = [&] {
        settle();
        state.seconds = secondsBefore + since(begin);
        saveCheckpoint(checkpoint, task, optimiser, options.seed, state);
        saved = Clock::now();
    };
    const auto evaluate = [&] {
        if (!task.evaluate)
            return;
        settle();
        task.network->eval();
        const torch::NoGradGuard noGradients;
        const Figures figures = task.evaluate();
        task.network->train();
        heldOut.add(state.step, figures);
        std::cerr << "\nheld-out faces after step " << state.step << ": " << describe(figures) << std::endl;
    };

    const InterruptGuard guard;
    task.network->train();
    Figures sums;
    int64_t summed = 0;
    bool stopped = false;
    {
        Progress progress(task.kind, double(planned), double(state.step));
        std::future<Batch> next;
        while (state.step < planned && !stopped)
        {
            const Batch batch = next.valid() ? next.get() : task.batch(state.step);
            if (state.step + 1 < planned)
                next = std::async(std::launch::async, task.batch, state.step + 1);

            double learningRate = options.learningRate;
            if (options.decay)
                learningRate *= .5 * (1 + std::cos(CV_PI * double(state.step) / double(planned)));
            static_cast<torch::optim::AdamOptions&>(optimiser.param_groups().front().options()).lr(learningRate);

            const Figures values = setGradients(task, batch, parameters, workers, mixSeed(options.seed, uint64_t(state.step)));
            for (const auto& value : values)
                if (!std::isfinite(value.second))
                    CV_Error(cv::Error::StsError, "loss '" + value.first + "' is not finite at step " + std::to_string(state.step)
                             + "; a smaller --learning-rate may help, the last checkpoint is kept");
            optimiser.step();
            state.step++;

            sums.resize(values.size());
            for (size_t i = 0; i < values.size(); i++)
                sums[i] = { values[i].first, (summed ? sums[i].second : 0.) + values[i].second };
            summed++;
            if (state.step % LOG_INTERVAL == 0 || state.step == planned)
            {
                for (auto& sum : sums)
                    sum.second /= double(summed);
                summed = 0;
                Figures line = { { "seconds", std::round(secondsBefore + since(begin)) }, { "learning_rate", learningRate } };
                line.insert(line.end(), sums.begin(), sums.end());
                curve.add(state.step, line);
            }
            progress.show(double(state.step), describe(values));
            if (state.step % evaluationInterval == 0 && state.step < planned)
                evaluate();
            stopped = interrupted || (options.minutes > 0 && since(begin) >= 60 * options.minutes);
            if (since(saved) >= 60 * options.checkpointMinutes)
                save();
        }
        if (next.valid())
            next.wait();
    }
    if (!interrupted)
        evaluate(); // before saving: a network may gather what it needs for evaluation mode
    save();
    if (interrupted)
    {
        std::cerr << "interrupted at step " << state.step << " of " << planned << ", saved; --resume goes on" << std::endl;
        return false;
    }
    return true;
}

}} // namespace sanprivacy::train
