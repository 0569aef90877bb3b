// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#include "commands/commands.hpp"

#include <CLI/CLI.hpp>

#include "data/dataset.hpp"
#include "data/degradation.hpp"
#include "loop/checkpoint.hpp"
#include "loop/loop.hpp"
#include "losses.hpp"
#include "networks/attackers.hpp"
#include "networks/auxiliary.hpp"
#include "networks/crops.hpp"

namespace sanprivacy { namespace train {

namespace {

using torch::Tensor;

struct Options
{
    DatasetOptions dataset;
    LoopOptions loop;
    std::filesystem::path models, initial;
    std::vector<std::string> matchers;
};

//! Cross entropy of the labels, and 1 - cosine of what each attacker tells of the matchers' descriptors.
Losses losses(const Attackers& attackers, const std::vector<Auxiliary>& matchers, const Batch& batch, Draws& draws)
{
    const Tensor x = degrade({ batch[0] }, draws)[0], &y = batch[1];
    std::vector<Tensor> taught, costs, distances;
    {
        const torch::NoGradGuard noGradients;
        for (const Auxiliary& matcher : matchers)
            taught.push_back(torch::nn::functional::normalize(matcher.forward(batch[0])));
    }
    const Tensor descriptors = torch::cat(taught, 1); // D of the matchers, one after the other
    for (const auto& member : attackers.members)
    {
        const SmallClassifier::Output seen = member->predict(classifierCrop(x, member->shape, drawJitter(draws)));
        costs.push_back(crossEntropy(y, seen.logit));
        distances.push_back(1 - torch::cosine_similarity(seen.descriptor, descriptors, 1).mean());
    }
    const Tensor cost = torch::stack(costs).mean(), distance = torch::stack(distances).mean();
    return { { "J", cost + distance }, { "S", cost }, { "J_M", distance } };
}

//! Share of held-out faces that each attacker tells right.
Figures measure(const Attackers& attackers, const Faces& faces, const torch::Device& device)
{
    const Batch all = onDevice(plainBatch(faces, 0, faces.size(), true), device);
    Figures figures;
    for (const auto& member : attackers.members)
        figures.emplace_back("accuracy" + std::to_string(figures.size() + 1),
            1 - errorRate(all[1], member->forward(classifierCrop(all[0], member->shape))));
    return figures;
}

ExitCode run(const Options& options)
{
    options.loop.prepareFolder();
    const LoopOptions& loop = options.loop;
    torch::manual_seed(loop.seed);
    const std::vector<Auxiliary> matchers = findAuxiliaries(
        options.models, options.matchers, cv::sanprivacy::NETWORK_MATCHER, loop.precision(), loop.device());
    const auto attributes = int64_t(options.dataset.attributes.size());
    const auto attackers = std::make_shared<Attackers>(descriptorSize(matchers), attributes);
    if (!options.initial.empty())
        loadNetwork(options.initial, ATTACKERS_KIND, *attackers);
    const Dataset dataset = loadDataset(options.dataset);
    const FaceBatches batches(dataset.train, loop.batch, loop.seed, Jitter(), true);

    Task task;
    task.kind = ATTACKERS_KIND;
    task.network = attackers;
    task.facesPerEpoch = int64_t(dataset.train.size());
    task.batch = [&](int64_t step) { return batches(step); };
    task.losses = [&](const Batch& batch, Draws& draws) { return losses(*attackers, matchers, batch, draws); };
    if (dataset.heldOut.size() > 0)
        task.evaluate = [&] { return measure(*attackers, dataset.heldOut, loop.device()); };
    return runLoop(task, loop) ? SUCCEEDED : INTERRUPTED;
}

} // namespace

Command addAttackers(CLI::App& app)
{
    const auto options = std::make_shared<Options>();
    CLI::App* const command = app.add_subcommand(
        "attackers", "Trains the ten training attackers: classifiers that the residual U-Net then learns to mislead.");
    options->dataset.addTo(*command, true);
    command->add_option("--models", options->models, "model description file of the matchers")
        ->type_name("YML")
        ->required()
        ->check(CLI::ExistingFile);
    command
        ->add_option("--matchers", options->matchers,
            "names in the model description file: some classifiers learn from their descriptors")
        ->type_name("NAMES")
        ->required();
    command->add_option("--initial", options->initial, "checkpoint of this command to start from")
        ->type_name("FILE")
        ->check(CLI::ExistingFile);
    options->loop.addTo(*command);
    return { command, [options] { return run(*options); } };
}

}} // namespace sanprivacy::train
