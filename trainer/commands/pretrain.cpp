// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#include "commands/commands.hpp"

#include <CLI/CLI.hpp>

#include "data/batches.hpp"
#include "data/dataset.hpp"
#include "loop/loop.hpp"
#include "losses.hpp"
#include "networks/layers.hpp"
#include "networks/prototypes.hpp"
#include "networks/san2018.hpp"

namespace sanprivacy { namespace train {

namespace {

struct Options
{
    DatasetOptions dataset;
    LoopOptions loop;
    std::filesystem::path prototypes;
};

//! J_D and the mean absolute difference of X'_SM from X, in gray levels of 255, on held-out faces.
Figures measure(Generator& network, const Prototypes& prototypes, const Faces& faces)
{
    const size_t atATime = 32;
    double crossEntropy = 0, difference = 0;
    for (size_t begin = 0; begin < faces.size(); begin += atATime)
    {
        const Batch batch =
            onDevice(plainBatch(faces, begin, std::min(begin + atATime, faces.size())), deviceOf(network));
        const torch::Tensor same = prototypes.same(batch[1]);
        const torch::Tensor logits = network.logits(batch[0], same, { same }).front();
        const double n = double(batch[0].size(0));
        crossEntropy += n * reconstructionLoss(logits, batch[0]).item<double>();
        difference += n * 255 * (torch::sigmoid(logits) - batch[0]).abs().mean().item<double>();
    }
    return { { "J_D", crossEntropy / double(faces.size()) }, { "difference", difference / double(faces.size()) } };
}

ExitCode run(const Options& options)
{
    options.loop.prepareFolder();
    const Prototypes prototypes({ options.prototypes }, options.loop.device());
    const Dataset dataset = loadDataset(options.dataset);
    const LoopOptions& loop = options.loop;
    torch::manual_seed(loop.seed);
    const auto network = std::make_shared<San2018>();
    const FaceBatches batches(dataset.train, loop.batch, loop.seed, Jitter());

    Task task;
    task.kind = SAN2018_KIND;
    task.network = network;
    task.facesPerEpoch = int64_t(dataset.train.size());
    task.batch = [&](int64_t step) { return batches(step); };
    task.losses = [&](const Batch& batch, Draws&) -> Losses
    {
        const torch::Tensor same = prototypes.same(batch[1]).to(loop.precision());
        const torch::Tensor logits = network->logits(batch[0].to(loop.precision()), same, { same }).front();
        return { { "J_D", reconstructionLoss(logits, batch[0]) } };
    };
    if (dataset.heldOut.size() > 0)
        task.evaluate = [&] { return measure(*network, prototypes, dataset.heldOut); };
    return runLoop(task, loop) ? SUCCEEDED : INTERRUPTED;
}

} // namespace

Command addPretrain(CLI::App& app)
{
    const auto options = std::make_shared<Options>();
    options->loop.batch = 16;
    CLI::App* const command =
        app.add_subcommand("pretrain", "Trains the autoencoder to reproduce its input: J_D on X'_SM (Eq. 1).");
    options->dataset.addTo(*command);
    command->add_option("--prototypes", options->prototypes, "file that the command prototypes wrote")
        ->type_name("YML")
        ->required()
        ->check(CLI::ExistingFile);
    options->loop.addTo(*command);
    return { command, [options] { return run(*options); } };
}

}} // namespace sanprivacy::train
