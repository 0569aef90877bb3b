// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#include "verbs.hpp"

#include <CLI/CLI.hpp>

#include "batches.hpp"
#include "dataset.hpp"
#include "generator.hpp"
#include "losses.hpp"
#include "networks.hpp"

namespace sanprivacy { namespace train {

namespace {

//! Share of held-out faces told right, and their cross entropy.
Figures measure(GenderClassifier& network, const Faces& faces)
{
    const size_t atATime = 64;
    double right = 0, loss = 0;
    for (size_t begin = 0; begin < faces.size(); begin += atATime)
    {
        const Batch batch = plainBatch(faces, begin, std::min(begin + atATime, faces.size()));
        const torch::Tensor logits = network.forward(batch[0]);
        right += ((logits > 0) == (batch[1] > .5)).sum().item<double>();
        loss += crossEntropy(batch[1], logits).item<double>() * double(batch[0].size(0));
    }
    return { { "accuracy", right / double(faces.size()) }, { "S", loss / double(faces.size()) } };
}

} // namespace

Verb classifierVerb(CLI::App& app)
{
    struct Options
    {
        DatasetOptions dataset;
        LoopOptions loop; // the paper trains its classifier for five epochs, the default
    };
    const auto options = std::make_shared<Options>();
    CLI::App* const verb = app.add_subcommand("classifier", "Trains the auxiliary attribute classifier of the paper.");
    options->dataset.addTo(*verb);
    options->loop.addTo(*verb);
    return { verb, [options] {
        const Dataset dataset = loadDataset(options->dataset);
        const LoopOptions& loop = options->loop;
        torch::manual_seed(loop.seed);
        const auto network = std::make_shared<GenderClassifier>();
        const FaceBatches batches(dataset.train, loop.batch, loop.seed, Jitter());

        Task task;
        task.kind = CLASSIFIER_KIND;
        task.network = network;
        task.facesPerEpoch = int64_t(dataset.train.size());
        task.batch = [&](int64_t step) { return batches(step); };
        task.losses = [&](const Batch& batch, at::Generator generator) -> Losses {
            const torch::Tensor logits = network->forward(batch[0].to(loop.precision()), generator).to(torch::kFloat);
            return { { "S", crossEntropy(batch[1], logits) } };
        };
        if (dataset.heldOut.size() > 0)
            task.evaluate = [&] { return measure(*network, dataset.heldOut); };
        return runLoop(task, loop) ? 0 : EXIT_INTERRUPTED;
    } };
}

}} // namespace sanprivacy::train
