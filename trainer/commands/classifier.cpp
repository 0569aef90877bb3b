// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#include "commands/commands.hpp"

#include <CLI/CLI.hpp>

#include "data/batches.hpp"
#include "data/dataset.hpp"
#include "loop/loop.hpp"
#include "losses.hpp"
#include "networks/gender_classifier.hpp"
#include "networks/layers.hpp"

namespace sanprivacy { namespace train {

namespace {

struct Options
{
    DatasetOptions dataset;
    LoopOptions loop; // the paper trains its classifier for five epochs, the default
};

//! Share of held-out faces told right, and their cross entropy.
Figures measure(GenderClassifier& network, const Faces& faces)
{
    const size_t atATime = 64;
    double right = 0, loss = 0;
    for (size_t begin = 0; begin < faces.size(); begin += atATime)
    {
        const Batch batch =
            onDevice(plainBatch(faces, begin, std::min(begin + atATime, faces.size())), deviceOf(network));
        const torch::Tensor logits = network.forward(batch[0]);
        right += ((logits > 0) == (batch[1] > .5)).sum().item<double>();
        loss += crossEntropy(batch[1], logits).item<double>() * double(batch[0].size(0));
    }
    return { { "accuracy", right / double(faces.size()) }, { "S", loss / double(faces.size()) } };
}

ExitCode run(const Options& options)
{
    options.loop.prepareFolder();
    const Dataset dataset = loadDataset(options.dataset);
    const LoopOptions& loop = options.loop;
    torch::manual_seed(loop.seed);
    const auto network = std::make_shared<GenderClassifier>();
    const FaceBatches batches(dataset.train, loop.batch, loop.seed, Jitter());

    Task task;
    task.kind = CLASSIFIER_KIND;
    task.network = network;
    task.facesPerEpoch = int64_t(dataset.train.size());
    task.batch = [&](int64_t step) { return batches(step); };
    task.losses = [&](const Batch& batch, Draws& draws) -> Losses
    {
        const torch::Tensor logits = network->forward(batch[0].to(loop.precision()), &draws).to(torch::kFloat);
        return { { "S", crossEntropy(batch[1], logits) } };
    };
    if (dataset.heldOut.size() > 0)
        task.evaluate = [&] { return measure(*network, dataset.heldOut); };
    return runLoop(task, loop) ? SUCCEEDED : INTERRUPTED;
}

} // namespace

Command addClassifier(CLI::App& app)
{
    const auto options = std::make_shared<Options>();
    CLI::App* const command =
        app.add_subcommand("classifier", "Trains the auxiliary attribute classifier of the paper.");
    options->dataset.addTo(*command);
    options->loop.addTo(*command);
    return { command, [options] { return run(*options); } };
}

}} // namespace sanprivacy::train
