// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#include "commands/commands.hpp"

#include <set>
#include <utility>

#include <CLI/CLI.hpp>

#include "data/dataset.hpp"
#include "data/degradation.hpp"
#include "data/targets.hpp"
#include "loop/checkpoint.hpp"
#include "loop/figure_sums.hpp"
#include "loop/loop.hpp"
#include "losses.hpp"
#include "networks/attackers.hpp"
#include "networks/auxiliary.hpp"
#include "networks/blending.hpp"
#include "networks/linear_probe.hpp"
#include "networks/prototypes.hpp"
#include "networks/views.hpp"
#include "onnx/networks.hpp"

namespace sanprivacy { namespace train {

namespace {

namespace fs = std::filesystem;
using torch::Tensor;
using torch::nn::functional::normalize;

struct Options
{
    DatasetOptions dataset;
    LoopOptions loop;
    std::vector<fs::path> prototypes; // one per attribute
    fs::path attackers, initial, models;
    std::vector<std::string> classifiers, matchers, monitored;
    double margin = 3, oppositeShare = .5, neutralShare = .2, neutralOvershoot = 0, evening = 0, largestChange = .15;
    int64_t pairs = 0;
    double lambdaMatching = 2.5, lambdaOrder = 0, lambdaChange = 50, lambdaRoughness = 500, lambdaPatches = 50,
           lambdaAsymmetry = 50;
    int64_t sampledAttackers = 3, adaptiveAttackers = 2, updatedAttackers = 1, sampledClassifiers = 2;
};

//! Faces of a step as classifiers and matchers see them, and what is wanted of these.
struct Scene
{
    Tensor original, changed;        // X and X', with evened color, as degrade() shows them, [n,3,224,224]
    Tensor targets, hidden;          // [n,A]; `hidden` is undefined where there is but one attribute
    Tensor middle;                   // logits that count as undecided, [n,A]
    Tensor persons;                  // [n,1]
    std::vector<Tensor> gender = {}; // costs J_G so far
};

class ResidualTraining
{
public:
    explicit ResidualTraining(const Options& options);

    //! Makes of each matcher a classifier, too: a linear probe, fitted to the first of the batches.
    void fitProbes(const FaceBatches& batches, size_t available);

    /** The generator is not told the face's labels y; adaptive attackers learn as if the targets were independent of
    them. One sum for all: the attackers' weights get the gradient of their own cost only, the generator's that of the
    rest. */
    Losses losses(const Batch& batch, Draws& draws) const;

    /** On held-out faces with all attributes hidden: the error of the attackers (mean of the adaptive and of the fixed
    ones), of each public classifier and of each linear probe on X'_OP and on X'_NT against the true labels, 1 - cosine
    of each matcher between X and X'_OP, and the peak signal-to-noise ratio, dB. */
    Figures measure(const Faces& faces) const;

    const std::shared_ptr<Contest>& contest() const { return contest_; }

private:
    Tensor change(const Tensor& faces, const Tensor& targets, const Tensor& hidden = {}) const;
    void mislead(Scene& scene, const Tensor& changed, const Tensor& original, bool adaptive = false) const;
    Tensor faceAttackers(Scene& scene, Draws& draws) const;
    void faceClassifier(Scene& scene, Draws& draws) const;
    std::pair<Tensor, Tensor> faceMatcher(Scene& scene, Draws& draws) const;
    Tensor updateAttackers(const Scene& scene, const Tensor& labels, const Tensor& weights, Draws& draws) const;

    const Options& options_;
    const torch::ScalarType precision_;
    const torch::Device device_;
    const Prototypes prototypes_;
    const std::vector<Auxiliary> classifiers_, monitored_, matchers_;
    const std::shared_ptr<Contest> contest_;
    std::vector<LinearProbe> probes_; // of the matchers
    std::vector<double> strangers_;   // mean 1 - cosine of two strangers, of each matcher
    Tensor fading_;
};

ResidualTraining::ResidualTraining(const Options& options)
    : options_(options), precision_(options.loop.precision()), device_(options.loop.device()),
      prototypes_(options.prototypes, device_), classifiers_(findAuxiliaries(options.models, options.classifiers,
                                                    cv::sanprivacy::NETWORK_CLASSIFIER, precision_, device_)),
      monitored_(findAuxiliaries(
          options.models, options.monitored, cv::sanprivacy::NETWORK_CLASSIFIER, torch::kFloat, device_)),
      matchers_(
          findAuxiliaries(options.models, options.matchers, cv::sanprivacy::NETWORK_MATCHER, precision_, device_)),
      contest_(
          std::make_shared<Contest>(std::make_shared<ResidualUNet>(prototypes_.neutral().cpu(), options.largestChange),
              std::make_shared<Attackers>(descriptorSize(matchers_), prototypes_.attributes())))
{
    if (options.prototypes.size() != options.dataset.attributes.size())
        CV_Error(cv::Error::StsBadArg, cv::format("expected a file of prototypes for each of %d attributes, found %d",
                                           int(options.dataset.attributes.size()), int(options.prototypes.size())));
    const Tensor limit = contest_->generator->limit.clone();
    const bool onlyGenerator = options.initial.extension() == ".onnx";
    if (onlyGenerator)
        readOnnx(options.initial.string(), *contest_->generator);
    else if (!options.initial.empty())
    {
        Contest generatorAlone(contest_->generator);
        loadNetwork(options.initial, RESIDUAL_KIND, options.attackers.empty() ? *contest_ : generatorAlone);
    }
    if (!options.attackers.empty())
        loadNetwork(options.attackers, ATTACKERS_KIND, *contest_->attackers);
    else if ((options.initial.empty() || onlyGenerator) && !options.loop.resume)
        CV_Error(cv::Error::StsBadArg, "--attackers, a checkpoint as --initial, or --resume is needed");
    contest_->generator->limit.copy_(limit); // is not learnt: weights of another window go on with this one
    fading_ = (limit / limit.max()).to(device_);
    contest_->to(device_);
}

void ResidualTraining::fitProbes(const FaceBatches& batches, size_t available)
{
    const int64_t faces = std::min<int64_t>(int64_t(available), 1024), batch = options_.loop.batch;
    std::vector<std::vector<Tensor>> descriptors(matchers_.size());
    std::vector<Tensor> labels;
    const torch::NoGradGuard noGradients;
    for (int64_t step = 0; step < (faces + batch - 1) / batch; ++step)
    {
        const Batch given = onDevice(batches(step), device_);
        Draws draws(mixSeed(options_.loop.seed, uint64_t(step)), batch, 0, batch, device_);
        const Tensor seen = degrade({ someSmaller(given[0], draws) }, draws)[0]; // as in losses()
        for (size_t i = 0; i < matchers_.size(); ++i)
            descriptors[i].push_back(matchers_[i].forward(seen, drawCrop(draws)));
        labels.push_back(given[1]);
    }
    for (const auto& list : descriptors)
    {
        const Tensor all = torch::cat(list);
        probes_.emplace_back(all, torch::cat(labels));
        strangers_.push_back(1 - normalize(all).mean(0).square().sum().item<double>());
    }
}

//! X' - X of color faces [N,3,224,224], for all channels, as blendFace() puts it into an image, where it fades towards
//! the border of the crop.
Tensor ResidualTraining::change(const Tensor& faces, const Tensor& targets, const Tensor& hidden) const
{
    const Tensor x = luma(faces).to(precision_);
    return fading_ * (contest_->generator->perturb(x, {}, { prototypes_.same(targets, hidden) })[0] - x);
}

Losses ResidualTraining::losses(const Batch& batch, Draws& draws) const
{
    const Tensor x = someSmaller(batch[0], draws), &y = batch[1];
    const auto [targets, independence] = drawTargets(y, options_.oppositeShare, options_.neutralShare, draws);
    const Tensor hidden = drawHidden(prototypes_.attributes(), draws);
    const Tensor added = change(x, targets, hidden);
    const std::vector<Tensor> seen = degrade({ x, x + added + evenedChroma(x, options_.evening) }, draws);
    Scene scene { seen[0], seen[1], targets, hidden, options_.neutralOvershoot * (1 - 2 * y), batch[2] };

    const Tensor matchingOfAttackers = faceAttackers(scene, draws);
    faceClassifier(scene, draws);
    const auto [matching, order] = faceMatcher(scene, draws);
    const Tensor gender = torch::stack(scene.gender).mean();
    const Tensor attack = updateAttackers(scene, y, independence, draws);
    const Tensor shade = changePenalty(added), rough = roughnessPenalty(added), patches = patchPenalty(added),
                 asymmetry = asymmetryPenalty(added);
    const Tensor total = totalLoss(gender, matching + matchingOfAttackers, 1, options_.lambdaMatching)
                         + options_.lambdaOrder * order + options_.lambdaChange * shade
                         + options_.lambdaRoughness * rough + options_.lambdaPatches * patches
                         + options_.lambdaAsymmetry * asymmetry + attack;
    Losses all = { { "J", total }, { "J_G", gender }, { "J_M", matching }, { "J_M of attackers", matchingOfAttackers },
        { "change", shade }, { "roughness", rough }, { "patches", patches }, { "asymmetry", asymmetry },
        { "attack", attack } };
    if (options_.lambdaOrder > 0)
        all.emplace_back("J_M by order", order);
    return all;
}

//! J_G of a classifier's logits, of those attributes that it knows: the first.
void ResidualTraining::mislead(Scene& scene, const Tensor& changed, const Tensor& original, bool adaptive) const
{
    const int64_t known = changed.size(1);
    const Tensor hidden = scene.hidden.defined() ? scene.hidden.narrow(1, 0, known) : scene.hidden;
    scene.gender.push_back(adaptive ? confusionLoss(changed, hidden, original)
                                    : targetLoss(scene.targets.narrow(1, 0, known), changed, options_.margin, hidden,
                                        original, scene.middle.narrow(1, 0, known)));
}

//! Some of the attackers. Returns their J_M, by their descriptors.
Tensor ResidualTraining::faceAttackers(Scene& scene, Draws& draws) const
{
    const auto& members = contest_->attackers->members;
    std::vector<Tensor> distances;
    for (int64_t i : draws.some(options_.sampledAttackers, int64_t(members.size())))
    {
        SmallClassifier& member = *members[size_t(i)];
        const Tensor place = drawCrop(draws);
        const auto lookAt = [&](const Tensor& faces)
        {
            const auto [logit, descriptor] = member.look(viewOf(faces, member.shape, place), true);
            return SmallClassifier::Output { logit, normalize(descriptor.to(torch::kFloat)) };
        };
        const SmallClassifier::Output changed = lookAt(scene.changed);
        SmallClassifier::Output original;
        {
            const torch::NoGradGuard noGradients;
            original = lookAt(scene.original);
        }
        mislead(scene, changed.logit, original.logit, i < options_.adaptiveAttackers);
        distances.push_back(cosineLoss(changed.descriptor, original.descriptor));
    }
    return distances.empty() ? torch::zeros({}) : torch::stack(distances).mean();
}

//! Some of the public classifiers.
void ResidualTraining::faceClassifier(Scene& scene, Draws& draws) const
{
    for (int64_t i : draws.some(options_.sampledClassifiers, int64_t(classifiers_.size())))
    {
        const Auxiliary& classifier = classifiers_[size_t(i)];
        const Tensor place = drawCrop(draws), changed = classifier.forward(scene.changed, place);
        Tensor original;
        if (scene.hidden.defined())
        {
            const torch::NoGradGuard noGradients;
            original = classifier.forward(scene.original, place);
        }
        mislead(scene, changed, original);
    }
}

//! One of the matchers, whose descriptors are probed for J_G. Returns its J_M and, where it has a weight, its J_M by
//! order, in units of what parts strangers: a matcher for which all faces are alike counts as much as others.
std::pair<Tensor, Tensor> ResidualTraining::faceMatcher(Scene& scene, Draws& draws) const
{
    const double temperature = .05; // of J_M by order
    const size_t drawn = size_t(draws.some(1, int64_t(matchers_.size()))[0]);
    const Tensor place = drawCrop(draws), changed = matchers_[drawn].forward(scene.changed, place);
    Tensor original;
    {
        const torch::NoGradGuard noGradients;
        original = matchers_[drawn].forward(scene.original, place);
    }
    mislead(scene, probes_[drawn].forward(changed), probes_[drawn].forward(original));
    const Tensor a = normalize(changed), b = normalize(original);
    const double unit = strangers_[drawn];
    const Tensor order =
        options_.lambdaOrder > 0 ? orderLoss(a, b, scene.persons, temperature * unit) / unit : torch::zeros({});
    return { cosineLoss(a, b) / unit, order };
}

//! The own cost of some of the adaptive attackers, with true labels, on faces as they are and on perturbed ones.
Tensor ResidualTraining::updateAttackers(
    const Scene& scene, const Tensor& labels, const Tensor& weights, Draws& draws) const
{
    const auto& members = contest_->attackers->members;
    const Tensor changed = scene.changed.detach(); // the generator does not learn from this
    Tensor cost = torch::zeros({});
    for (int64_t i :
        draws.some(options_.updatedAttackers, std::min(options_.adaptiveAttackers, int64_t(members.size()))))
    {
        SmallClassifier& member = *members[size_t(i)];
        const auto learn = [&](const Tensor& faces, const Tensor& weighted)
        {
            const Tensor view = viewOf(faces, member.shape, drawCrop(draws));
            cost = cost + crossEntropy(labels, member.forward(view), weighted);
        };
        learn(scene.original, {});
        learn(changed, weights);
    }
    return cost;
}

Figures ResidualTraining::measure(const Faces& faces) const
{
    const size_t n = std::min<size_t>(faces.size(), 192), atATime = 32;
    const std::vector<std::string>& attributes = options_.dataset.attributes;
    const auto& members = contest_->attackers->members;
    const size_t adaptive = std::min(size_t(options_.adaptiveAttackers), members.size()),
                 fixed = members.size() - adaptive;
    FigureSums sums;
    double square = 0;
    for (size_t begin = 0; begin < n; begin += atATime)
    {
        const Batch batch = onDevice(plainBatch(faces, begin, std::min(begin + atATime, n), true), device_);
        const Tensor &x = batch[0], &y = batch[1];
        const double weight = double(x.size(0));
        const Tensor evened = x + evenedChroma(x, options_.evening);
        for (const bool opposite : { true, false })
        {
            const Tensor added = change(x, opposite ? 1 - y : torch::full_like(y, NEUTRAL_TARGET)),
                         shown = evened + added;
            const std::string suffix = opposite ? "_OP" : "_NT";
            for (size_t i = 0; i < members.size(); ++i)
            {
                const Tensor logits = members[i]->forward(viewOf(shown, members[i]->shape));
                sums.addErrors((i < adaptive ? "adaptive" : "fixed") + suffix, attributes, y, logits,
                    weight / double(i < adaptive ? adaptive : fixed));
            }
            std::set<std::string> measured; // one that is drawn more often is there several times
            for (const auto* list : { &classifiers_, &monitored_ })
                for (const Auxiliary& classifier : *list)
                    if (measured.insert(classifier.description().name).second)
                    {
                        const Tensor logits = classifier.forward(shown);
                        sums.addErrors(classifier.description().name + suffix, attributes,
                            y.narrow(1, 0, logits.size(1)), logits, weight);
                    }
            for (size_t i = 0; i < matchers_.size(); ++i)
            {
                const std::string& name = matchers_[i].description().name;
                const Tensor descriptors = matchers_[i].forward(shown);
                sums.addErrors(
                    "linear probe of " + name + suffix, attributes, y, probes_[i].forward(descriptors), weight);
                if (opposite)
                    sums.add(name, weight
                                       * (1 - torch::cosine_similarity(descriptors, matchers_[i].forward(x), 1))
                                             .mean()
                                             .item<double>());
            }
            if (opposite)
                square += weight * changePenalty(added).item<double>();
        }
    }
    Figures figures = sums.dividedBy(double(n));
    figures.emplace_back("PSNR", -10 * std::log10(square / double(n)));
    return figures;
}

ExitCode run(const Options& options)
{
    options.loop.prepareFolder();
    const LoopOptions& loop = options.loop;
    torch::manual_seed(loop.seed);
    ResidualTraining training(options);
    const Dataset dataset = loadDataset(options.dataset);
    const FaceBatches batches(dataset.train, loop.batch, loop.seed, Jitter(), true, options.pairs);
    training.fitProbes(batches, dataset.train.size());

    Task task;
    task.kind = RESIDUAL_KIND;
    task.network = training.contest();
    task.facesPerEpoch = int64_t(dataset.train.size());
    task.batch = [&](int64_t step) { return batches(step); };
    task.losses = [&](const Batch& batch, Draws& draws) { return training.losses(batch, draws); };
    if (dataset.heldOut.size() > 0)
        task.evaluate = [&] { return training.measure(dataset.heldOut); };
    return runLoop(task, loop) ? SUCCEEDED : INTERRUPTED;
}

} // namespace

Command addResidual(CLI::App& app)
{
    const auto options = std::make_shared<Options>();
    CLI::App* const command = app.add_subcommand("residual",
        "Trains the residual U-Net to move faces towards target labels that are drawn at random, against an ensemble "
        "of\n"
        "classifiers. Some of these keep learning on perturbed faces. The U-Net does not receive the label of a face.");
    const auto add = [command](const std::string& name, auto& value, const std::string& help)
    { return command->add_option(name, value, help)->capture_default_str(); };
    options->dataset.addTo(*command, true);
    command->add_option("--prototypes", options->prototypes, "file of the command prototypes, one for each attribute")
        ->required()
        ->check(CLI::ExistingFile);
    command->add_option("--attackers", options->attackers, "checkpoint of the command attackers")
        ->check(CLI::ExistingFile);
    command
        ->add_option("--initial", options->initial,
            "checkpoint of this command to start from, or a file of the command export (and --attackers)")
        ->check(CLI::ExistingFile);
    command->add_option("--models", options->models, "model description file of the auxiliary networks")
        ->required()
        ->check(CLI::ExistingFile);
    command->add_option("--classifiers", options->classifiers,
        "names in the model description file: public classifiers of the first attribute, used besides the attackers; "
        "a name given twice is drawn twice as often");
    add("--sampled-classifiers", options->sampledClassifiers, "how many of --classifiers are drawn for each step")
        ->check(CLI::NonNegativeNumber.description(""));
    command->add_option("--monitored", options->monitored, "classifiers that are only measured, not trained against");
    command
        ->add_option(
            "--matchers", options->matchers, "names in the model description file, the same as for the attackers")
        ->required();
    add("--margin", options->margin, "margin in J_G: logit by which a classifier should favor the target label");
    add("--opposite-share", options->oppositeShare,
        "share of targets with the opposite label, which is harder to learn; adaptive attackers weigh both equally")
        ->type_name("0.01-0.99")
        ->check(CLI::Range(.01, .99).description(""));
    add("--neutral-share", options->neutralShare, "share of targets that are neutral: classifiers should be undecided")
        ->type_name("0-1")
        ->check(CLI::Range(0., 1.).description(""));
    add("--neutral-overshoot", options->neutralOvershoot,
        "logit of the other label that neutral targets aim at; above 0, because unseen classifiers are misled less");
    add("--largest-change", options->largestChange, "largest change of a pixel")
        ->type_name("0.01-1")
        ->check(CLI::Range(.01, 1.).description(""));
    add("--color-evening", options->evening,
        "strength of the color evening that is applied to the faces, as in the module")
        ->type_name("0-1")
        ->check(CLI::Range(0., 1.).description(""));
    add("--sampled-attackers", options->sampledAttackers,
        "how many attackers are drawn for each step, besides --sampled-classifiers")
        ->check(CLI::NonNegativeNumber.description(""));
    add("--adaptive-attackers", options->adaptiveAttackers,
        "how many attackers, the first ones, go on learning on perturbed faces")
        ->check(CLI::NonNegativeNumber.description(""));
    add("--updated-attackers", options->updatedAttackers, "how many of these learn in each step")
        ->check(CLI::NonNegativeNumber.description(""));
    CLI::Option* const pairs =
        add("--pairs", options->pairs, "pairs of photographs of one person in each batch, for --lambda-order")
            ->check(CLI::NonNegativeNumber.description(""));
    add("--lambda-matching", options->lambdaMatching, "weight l_M of J_M; that of J_G is 1");
    add("--lambda-order", options->lambdaOrder,
        "weight of the order loss: a face should stay nearer to another photo of its person than strangers are")
        ->needs(pairs);
    add("--lambda-change", options->lambdaChange, "weight of the mean square change");
    add("--lambda-roughness", options->lambdaRoughness, "weight of the mean square gradient of the change");
    add("--lambda-patches", options->lambdaPatches,
        "weight of the penalty for change that is concentrated at one place");
    add("--lambda-asymmetry", options->lambdaAsymmetry,
        "weight of the penalty for a change that differs from its mirror image");
    options->loop.addTo(*command);
    return { command, [options] { return run(*options); } };
}

}} // namespace sanprivacy::train
