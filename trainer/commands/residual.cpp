// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#include "commands/commands.hpp"

#include <CLI/CLI.hpp>

#include "commands/residual_training.hpp"
#include "common/number_range.hpp"

namespace sanprivacy { namespace train {

namespace {

ExitCode run(const ResidualOptions& options)
{
    options.loop.prepareFolder();
    const LoopOptions& loop = options.loop;
    torch::manual_seed(loop.seed);
    ResidualTraining training(options);
    DatasetOptions wanted = options.dataset;
    wanted.surroundings = training.needsSurroundings();
    const Dataset dataset = loadDataset(wanted);
    const FaceBatches batches(dataset.train, loop.batch, loop.seed, Jitter(), true, options.pairs);
    training.fitProbes(batches, dataset.train.size());

    Task task;
    task.kind = RESIDUAL_KIND;
    task.network = training.networks();
    task.facesPerEpoch = int64_t(dataset.train.size());
    task.batch = [&](int64_t step) { return batches(step); };
    task.losses = [&](const Batch& batch, Draws& draws) { return training.losses(batch, draws); };
    if (dataset.heldOut.size() > 0)
        task.evaluate = [&] { return training.measure(dataset.heldOut); };
    return runLoop(task, loop) ? SUCCEEDED : INTERRUPTED;
}

template <class Value>
CLI::Option* add(CLI::App& command, const std::string& name, Value& value, const std::string& help)
{
    return command.add_option(name, value, help)->capture_default_str();
}

void addNetworks(CLI::App& command, ResidualOptions& options)
{
    command.add_option("--prototypes", options.prototypes, "file of the command prototypes, one for each attribute")
        ->type_name("YML")
        ->required()
        ->check(CLI::ExistingFile);
    command.add_option("--attackers", options.attackers, "checkpoint of the command attackers")
        ->type_name("FILE")
        ->check(CLI::ExistingFile);
    command
        .add_option("--initial", options.initial,
            "checkpoint of this command to start from, or a file of the command export (and --attackers)")
        ->type_name("FILE")
        ->check(CLI::ExistingFile);
    command.add_option("--models", options.models, "model description file of the auxiliary networks")
        ->type_name("YML")
        ->required()
        ->check(CLI::ExistingFile);
    command
        .add_option("--classifiers", options.classifiers,
            "names in the model description file: classifiers of the first attribute, besides the training attackers; "
            "named twice: drawn twice as often")
        ->type_name("NAMES");
    add(command, "--sampled-classifiers", options.sampledClassifiers,
        "how many of --classifiers are drawn for each step")
        ->check(numberRange(0, 1e6));
    command.add_option("--monitored", options.monitored, "classifiers that are only measured, not trained against")
        ->type_name("NAMES");
    command
        .add_option(
            "--matchers", options.matchers, "names in the model description file, the same as for the attackers")
        ->type_name("NAMES")
        ->required();
}

//! What is asked of the generator and of classifiers.
void addTargets(CLI::App& command, ResidualOptions& options)
{
    add(command, "--margin", options.margin, "margin in J_G: logit by which a classifier should favor the target label")
        ->check(numberFromZero());
    add(command, "--opposite-share", options.oppositeShare,
        "share of targets with the opposite label, which is harder to learn; adaptive attackers weigh both equally")
        ->type_name("0.01-0.99")
        ->check(numberRange(.01, .99));
    add(command, "--neutral-share", options.neutralShare,
        "share of targets that are neutral: classifiers should be undecided")
        ->type_name("0-1")
        ->check(numberRange(0., 1.));
    add(command, "--neutral-overshoot", options.neutralOvershoot,
        "logit on the other label's side that neutral targets aim at; above 0, as unseen classifiers are misled less")
        ->check(numberFromZero());
    add(command, "--feature-share", options.featureShare,
        "share of an attacker's J_G that comes from linear probes of its inner features")
        ->type_name("0-1")
        ->check(numberRange(0., 1.));
    add(command, "--weight-of-label-1", options.weightOfLabel1,
        "weight in J_G of faces of label 1, that of label 0 is 1; above 1 where these are misled less often")
        ->check(numberAboveZero());
    add(command, "--largest-change", options.largestChange, "largest change of a pixel, as a part of the full range")
        ->type_name("0.01-1")
        ->check(numberRange(.01, 1.));
    add(command, "--color-evening", options.evening,
        "strength of the color evening that is applied to the faces, as in the module")
        ->type_name("0-1")
        ->check(numberRange(0., 1.));
}

void addAttackerCounts(CLI::App& command, ResidualOptions& options)
{
    add(command, "--sampled-attackers", options.sampledAttackers,
        "how many attackers are drawn for each step, besides --sampled-classifiers")
        ->check(numberRange(0, 1e6));
    add(command, "--adaptive-attackers", options.adaptiveAttackers,
        "how many attackers, the first ones, go on learning on perturbed faces")
        ->check(numberRange(0, 1e6));
    add(command, "--updated-attackers", options.updatedAttackers, "how many of these learn in each step")
        ->check(numberRange(0, 1e6));
}

//! The weights of J_M and of what the paper does not have.
void addLossWeights(CLI::App& command, ResidualOptions& options)
{
    CLI::Option* const pairs =
        add(command, "--pairs", options.pairs, "pairs of photographs of one person in each batch, for --lambda-order")
            ->check(numberRange(0, 1e6));
    add(command, "--lambda-matching", options.lambdaMatching, "weight l_M of J_M; that of J_G is 1")
        ->check(numberFromZero());
    add(command, "--lambda-order", options.lambdaOrder,
        "weight of the order loss: a face should stay nearer to another photo of its person than other people are")
        ->check(numberFromZero())
        ->needs(pairs);
    add(command, "--lambda-change", options.lambdaChange, "weight of the mean square change")->check(numberFromZero());
    add(command, "--lambda-roughness", options.lambdaRoughness, "weight of the mean square gradient of the change")
        ->check(numberFromZero());
    add(command, "--lambda-patches", options.lambdaPatches,
        "weight of the penalty for change that is concentrated at one place")
        ->check(numberFromZero());
    add(command, "--lambda-asymmetry", options.lambdaAsymmetry,
        "weight of the penalty for a change that differs from its mirror image")
        ->check(numberFromZero());
}

} // namespace

Command addResidual(CLI::App& app)
{
    const auto options = std::make_shared<ResidualOptions>();
    CLI::App* const command = app.add_subcommand("residual",
        "Trains the residual U-Net to move faces towards target labels drawn at random, against an ensemble of\n"
        "classifiers, some of which keep learning on perturbed faces. It does not receive the label of a face.");
    options->dataset.addTo(*command, true);
    addNetworks(*command, *options);
    addTargets(*command, *options);
    addAttackerCounts(*command, *options);
    addLossWeights(*command, *options);
    options->loop.addTo(*command);
    return { command, [options] { return run(*options); } };
}

}} // namespace sanprivacy::train
