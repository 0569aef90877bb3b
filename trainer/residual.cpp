// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#include "verbs.hpp"

#include <map>
#include <set>

#include <ATen/CPUGeneratorImpl.h>
#include <CLI/CLI.hpp>

#include "attackers.hpp"
#include "auxiliaries.hpp"
#include "batches.hpp"
#include "dataset.hpp"
#include "generator.hpp"
#include "losses.hpp"
#include "onnx_writer.hpp"

namespace sanprivacy { namespace train {

namespace {

namespace fs = std::filesystem;
using torch::Tensor;
using torch::nn::functional::normalize;

// How differently a network's crop is taken each time, so that no perturbation relies on an exact one.
const double JITTER_SCALE = .06, JITTER_SHIFT = 5; // of the size; pixels of the canonical crop

Tensor drawPlace(int64_t faces, const c10::optional<at::Generator>& generator)
{
    return drawJitter(faces, JITTER_SCALE, JITTER_SHIFT, generator);
}

//! n different ones of 0..size-1.
std::vector<int64_t> drawSome(int64_t n, int64_t size, const at::Generator& generator)
{
    const Tensor order = torch::randperm(size, generator, torch::kLong);
    return { order.data_ptr<int64_t>(), order.data_ptr<int64_t>() + std::min(n, size) };
}

//! Share of faces whose logits are on the wrong side for their labels.
double wrongShare(const Tensor& logits, const Tensor& labels)
{
    return ((logits > 0) != (labels > .5)).to(torch::kFloat).mean().item<double>();
}

std::vector<Auxiliary> findAll(const std::vector<std::string>& names, const fs::path& networks, int task, torch::ScalarType precision = torch::kFloat)
{
    std::vector<Auxiliary> found;
    for (const std::string& name : names)
        found.push_back(findAuxiliary(networks, name, task, precision));
    return found;
}

int64_t descriptorSize(const std::vector<Auxiliary>& matchers)
{
    const torch::NoGradGuard noGradients;
    int64_t size = 0;
    for (const Auxiliary& matcher : matchers)
        size += matcher.forward(torch::zeros({ 1, 3, CROP_SIZE, CROP_SIZE })).size(1);
    return size;
}

struct AttackersOptions
{
    DatasetOptions dataset;
    LoopOptions loop;
    fs::path networks, initial;
    std::vector<std::string> matchers;
};

int run(const AttackersOptions& options)
{
    const LoopOptions& loop = options.loop;
    const Dataset dataset = loadDataset(options.dataset);
    torch::manual_seed(loop.seed);
    const std::vector<Auxiliary> matchers =
        findAll(options.matchers, options.networks, cv::sanprivacy::NETWORK_MATCHER, loop.precision());
    const auto attackers = std::make_shared<Attackers>(descriptorSize(matchers), int64_t(options.dataset.attributes.size()));
    if (!options.initial.empty())
        loadNetwork(options.initial, ATTACKERS_KIND, *attackers);
    const FaceBatches batches(dataset.train, loop.batch, loop.seed, Jitter(), true);

    Task task;
    task.kind = ATTACKERS_KIND;
    task.network = attackers;
    task.facesPerEpoch = int64_t(dataset.train.size());
    task.batch = [&](int64_t step) { return batches(step); };
    task.losses = [&](const Batch& batch, at::Generator generator) -> Losses {
        const Tensor x = degrade({ batch[0] }, generator)[0], &y = batch[1];
        std::vector<Tensor> taught, costs, distances;
        {
            const torch::NoGradGuard noGradients;
            for (const Auxiliary& matcher : matchers)
                taught.push_back(normalize(matcher.forward(batch[0])));
        }
        const Tensor descriptors = torch::cat(taught, 1); // D of the matchers, one after the other
        for (const auto& member : attackers->members)
        {
            const auto [logit, descriptor] = member->look(viewOf(x, member->shape, drawPlace(x.size(0), generator)));
            costs.push_back(crossEntropy(y, logit));
            distances.push_back(1 - torch::cosine_similarity(descriptor, descriptors, 1).mean());
        }
        const Tensor cost = torch::stack(costs).mean(), distance = torch::stack(distances).mean();
        return { { "J", cost + distance }, { "S", cost }, { "J_M", distance } };
    };
    if (dataset.heldOut.size() > 0)
        task.evaluate = [&] {
            const Batch all = plainBatch(dataset.heldOut, 0, dataset.heldOut.size(), true);
            Figures figures;
            for (const auto& member : attackers->members)
                figures.emplace_back("accuracy" + std::to_string(figures.size() + 1),
                                     1 - wrongShare(member->forward(viewOf(all[0], member->shape)), all[1]));
            return figures;
        };
    return runLoop(task, loop) ? 0 : EXIT_INTERRUPTED;
}

struct ResidualOptions
{
    DatasetOptions dataset;
    LoopOptions loop;
    std::vector<fs::path> prototypes; // one per attribute
    fs::path attackers, initial, networks;
    std::vector<std::string> classifiers, matchers, watched;
    double bound = .15, margin = 3, overshoot = 0;
    double lambdaGender = 1, lambdaMatching = 6, lambdaChange = 100, lambdaRoughness = 600, oppositeShare = .5, ghosts = 0;
    int64_t opponents = 4, informed = 4, learners = 2;
};

class ResidualTraining
{
public:
    explicit ResidualTraining(const ResidualOptions& o)
        : options(o), precision(o.loop.precision()), prototypes(o.prototypes),
          classifiers(findAll(o.classifiers, o.networks, cv::sanprivacy::NETWORK_CLASSIFIER, precision)),
          watched(findAll(o.watched, o.networks, cv::sanprivacy::NETWORK_CLASSIFIER)),
          matchers(findAll(o.matchers, o.networks, cv::sanprivacy::NETWORK_MATCHER, precision)),
          contest(std::make_shared<Contest>(std::make_shared<ResidualUNet>(prototypes.neutral(), o.bound),
                                            std::make_shared<Attackers>(descriptorSize(matchers), prototypes.attributes())))
    {
        if (o.prototypes.size() != o.dataset.attributes.size())
            CV_Error(cv::Error::StsBadArg, cv::format("expected a file of prototypes for each of %d attributes, found %d",
                                                      int(o.dataset.attributes.size()), int(o.prototypes.size())));
        const bool onlyGenerator = o.initial.extension() == ".onnx";
        if (onlyGenerator)
            readOnnx(o.initial.string(), *contest->generator);
        else if (!o.initial.empty())
            loadNetwork(o.initial, RESIDUAL_KIND, *contest);
        if (!o.attackers.empty())
            loadNetwork(o.attackers, ATTACKERS_KIND, *contest->attackers);
        else if ((o.initial.empty() || onlyGenerator) && !o.loop.resume)
            CV_Error(cv::Error::StsBadArg, "--attackers, a checkpoint as --initial, or --resume is needed");
        const Tensor& limit = contest->generator->limit;
        fading = limit / limit.max();
    }

    //! Makes of each matcher a classifier, too, from the first of the batches.
    void learnToRead(const FaceBatches& batches, size_t available)
    {
        const int64_t faces = std::min<int64_t>(int64_t(available), 2048), steps = (faces + options.loop.batch - 1) / options.loop.batch;
        std::vector<std::vector<Tensor>> descriptors(matchers.size());
        std::vector<Tensor> labels;
        const torch::NoGradGuard noGradients;
        for (int64_t step = 0; step < steps; step++)
        {
            const Batch batch = batches(step);
            const at::Generator generator = at::make_generator<at::CPUGeneratorImpl>(mixSeed(options.loop.seed, uint64_t(step)));
            const Tensor seen = degrade({ someSmaller(batch[0], generator) }, generator)[0]; // as in losses()
            for (size_t i = 0; i < matchers.size(); i++)
                descriptors[i].push_back(matchers[i].forward(seen, drawPlace(seen.size(0), generator)));
            labels.push_back(batch[1]);
        }
        for (const auto& list : descriptors)
            readers.emplace_back(torch::cat(list), torch::cat(labels));
    }

    //! X' - X of color faces [N,3,224,224], for all channels, as blendFace() puts it into an image, where it fades towards the border of the crop.
    Tensor change(const Tensor& faces, const Tensor& targets, const Tensor& hidden = {}) const
    {
        const Tensor x = luma(faces).to(precision);
        return fading * (contest->generator->perturb(x, {}, { prototypes.same(targets, hidden) })[0] - x);
    }

    //! Which attributes of each of n faces are to be hidden, [n,A] of 1 and 0: any of them, but not none. Undefined where there is but one.
    Tensor drawHidden(int64_t n, const at::Generator& generator) const
    {
        const int64_t attributes = prototypes.attributes();
        if (attributes == 1)
            return {};
        const Tensor choice = torch::randint(1, int64_t(1) << attributes, { n, 1 }, generator, torch::kLong);
        return choice.bitwise_right_shift(torch::arange(attributes)).bitwise_and(1).to(torch::kFloat);
    }

    Tensor classify(SmallClassifier& member, const Tensor& view) const { return member.forward(view.to(precision)).to(torch::kFloat); }

    /** The generator is not told the face's labels y; informed attackers learn as if the targets were independent of them.
        One sum for all: the attackers' weights get the gradient of their own cost only, the generator's that of the rest. */
    Losses losses(const Batch& batch, const at::Generator& generator) const
    {
        const Tensor x = someSmaller(batch[0], generator), &y = batch[1];
        const int64_t n = x.size(0);
        const auto [targets, independence] = drawTargets(y, options.oppositeShare, generator);
        const Tensor hidden = drawHidden(n, generator);
        const Tensor added = change(x, targets, hidden);
        const std::vector<Tensor> seen = degrade({ x, x + added }, generator);

        // Some of the attackers, for J_G and, by their descriptors, for J_M
        const auto& members = contest->attackers->members;
        std::vector<Tensor> gender, distances;
        const auto mislead = [&, targets = targets](const Tensor& changed, const Tensor& original, bool informed = false) {
            const int64_t known = changed.size(1); // attributes, the first
            const Tensor wanted = hidden.defined() ? hidden.narrow(1, 0, known) : hidden;
            gender.push_back(informed ? confusionLoss(changed, wanted, original)
                                      : targetLoss(targets.narrow(1, 0, known), changed, options.margin, options.overshoot, wanted, original));
        };
        for (int64_t i : drawSome(options.opponents, int64_t(members.size()), generator))
        {
            SmallClassifier& member = *members[size_t(i)];
            const Tensor place = drawPlace(n, generator);
            const std::vector<Tensor> ghost = member.drawGhost(n, options.ghosts, generator);
            const auto lookAt = [&](const Tensor& face) { return member.look(viewOf(face, member.shape, place).to(precision), true, ghost); };
            const SmallClassifier::Output changed = lookAt(seen[1]);
            SmallClassifier::Output reference;
            {
                const torch::NoGradGuard noGradients;
                reference = lookAt(seen[0]);
            }
            mislead(changed.logit, reference.logit, i < options.informed);
            distances.push_back(cosineLoss(normalize(changed.descriptor.to(torch::kFloat)), normalize(reference.descriptor.to(torch::kFloat))));
        }
        const Tensor matchingOfAttackers = torch::stack(distances).mean();

        // J_G: one of the public classifiers, too
        for (int64_t i : drawSome(1, int64_t(classifiers.size()), generator))
        {
            const Tensor place = drawPlace(n, generator);
            Tensor original;
            if (hidden.defined())
            {
                const torch::NoGradGuard noGradients;
                original = classifiers[size_t(i)].forward(seen[0], place);
            }
            mislead(classifiers[size_t(i)].forward(seen[1], place), original);
        }

        // J_M: one matcher, whose descriptors are read for J_G
        const size_t drawn = size_t(drawSome(1, int64_t(matchers.size()), generator)[0]);
        const Auxiliary& matcher = matchers[drawn];
        const Tensor place = drawPlace(n, generator);
        Tensor reference;
        {
            const torch::NoGradGuard noGradients;
            reference = matcher.forward(seen[0], place);
        }
        const Tensor descriptors = matcher.forward(seen[1], place), matching = cosineLoss(descriptors, reference);
        mislead(readers[drawn].forward(descriptors), readers[drawn].forward(reference));
        const Tensor meanGender = torch::stack(gender).mean();

        // The own cost of some of the informed attackers, with true labels
        Tensor attack = torch::zeros({});
        const Tensor faces = seen[0], shown = seen[1].detach();
        for (int64_t i : drawSome(options.learners, std::min(options.informed, int64_t(members.size())), generator))
        {
            SmallClassifier& member = *members[size_t(i)];
            const auto learn = [&](const Tensor& view, const Tensor& weights) {
                attack = attack + crossEntropy(y, classify(member, viewOf(view, member.shape, drawPlace(n, generator))), weights);
            };
            learn(faces, {});
            learn(shown, independence);
        }

        const Tensor shade = changePenalty(added), rough = roughnessPenalty(added);
        const Tensor total = totalLoss(meanGender, matching + matchingOfAttackers, options.lambdaGender, options.lambdaMatching)
                             + options.lambdaChange * shade + options.lambdaRoughness * rough + attack;
        return { { "J", total }, { "J_G", meanGender }, { "J_M", matching }, { "J_M of attackers", matchingOfAttackers },
                 { "change", shade }, { "roughness", rough }, { "attack", attack } };
    }

    /** On held-out faces with all attributes hidden: the error of the attackers (mean of the informed ones and of the others), of each
        public classifier and of each reader on X'_OP and on X'_SM against the true labels, 1 - cosine of each matcher, and the peak
        signal-to-noise ratio, dB. */
    Figures measure(const Faces& faces) const
    {
        const size_t n = std::min<size_t>(faces.size(), 320), atATime = 32;
        std::map<std::string, double> sums;
        std::vector<std::string> names; // in the order they come
        const auto add = [&](const std::string& name, double value) {
            if (!sums.count(name))
                names.push_back(name);
            sums[name] += value;
        };
        //! The error of each attribute that the classifier knows, with its name where there are several.
        const auto addErrors = [&](const std::string& name, const Tensor& logits, const Tensor& labels, double weight) {
            const std::vector<std::string>& attributes = options.dataset.attributes;
            for (int64_t a = 0; a < logits.size(1); a++)
                add(attributes.size() == 1 ? name : name + " " + attributes[size_t(a)],
                    weight * wrongShare(logits.select(1, a), labels.select(1, a)));
        };
        double square = 0;
        for (size_t begin = 0; begin < n; begin += atATime)
        {
            const size_t end = std::min(begin + atATime, n);
            const Batch batch = plainBatch(faces, begin, end, true);
            const Tensor &x = batch[0], &y = batch[1];
            const double count = double(end - begin);
            for (const bool opposite : { true, false })
            {
                const Tensor added = change(x, opposite ? 1 - y : y), shown = x + added;
                const std::string suffix = opposite ? "_OP" : "_SM";
                const auto& members = contest->attackers->members;
                const size_t informed = std::min(size_t(options.informed), members.size());
                for (size_t i = 0; i < members.size(); i++)
                {
                    const Tensor logits = classify(*members[i], viewOf(shown, members[i]->shape));
                    if (i < informed)
                        addErrors("informed" + suffix, logits, y, count / double(informed));
                    else
                        addErrors("uninformed" + suffix, logits, y, count / double(members.size() - informed));
                }
                std::set<std::string> measured; // one that is drawn more often is there several times
                for (const auto* list : { &classifiers, &watched })
                    for (const Auxiliary& classifier : *list)
                        if (measured.insert(classifier.description().name).second)
                            addErrors(classifier.description().name + suffix, classifier.forward(shown), y, count);
                for (size_t i = 0; i < matchers.size(); i++)
                {
                    const std::string& name = matchers[i].description().name;
                    const Tensor descriptors = matchers[i].forward(shown);
                    addErrors("reader of " + name + suffix, readers[i].forward(descriptors), y, count);
                    if (opposite)
                        add(name, count * (1 - (descriptors * matchers[i].forward(x)).sum(1)).mean().item<double>());
                }
                if (!opposite)
                    continue;
                square += count * changePenalty(added).item<double>();
            }
        }
        Figures figures;
        for (const std::string& name : names)
            figures.emplace_back(name, sums[name] / double(n));
        figures.emplace_back("PSNR", -10 * std::log10(square / double(n)));
        return figures;
    }

    const ResidualOptions& options;
    const torch::ScalarType precision;
    const Prototypes prototypes;
    const std::vector<Auxiliary> classifiers, watched, matchers;
    const std::shared_ptr<Contest> contest;
    std::vector<DescriptorReader> readers; // of the matchers
    Tensor fading;
};

int run(const ResidualOptions& options)
{
    const LoopOptions& loop = options.loop;
    torch::manual_seed(loop.seed);
    ResidualTraining training(options);
    const Dataset dataset = loadDataset(options.dataset);
    const FaceBatches batches(dataset.train, loop.batch, loop.seed, Jitter(), true);
    training.learnToRead(batches, dataset.train.size());

    Task task;
    task.kind = RESIDUAL_KIND;
    task.network = training.contest;
    task.facesPerEpoch = int64_t(dataset.train.size());
    task.batch = [&](int64_t step) { return batches(step); };
    task.losses = [&](const Batch& batch, const at::Generator& generator) { return training.losses(batch, generator); };
    if (dataset.heldOut.size() > 0)
        task.evaluate = [&] { return training.measure(dataset.heldOut); };
    return runLoop(task, loop) ? 0 : EXIT_INTERRUPTED;
}

} // namespace

Verb attackersVerb(CLI::App& app)
{
    const auto options = std::make_shared<AttackersOptions>();
    CLI::App* const verb = app.add_subcommand("attackers", "Trains the ensemble of classifiers that the residual U-Net meets.");
    options->dataset.addTo(*verb, true);
    verb->add_option("--models", options->networks, "model description file that describes the matchers")->required()->check(CLI::ExistingFile);
    verb->add_option("--matchers", options->matchers, "names in the model description file: their descriptors are learnt, too")->required();
    verb->add_option("--initial", options->initial, "checkpoint of this verb to start from")->check(CLI::ExistingFile);
    options->loop.addTo(*verb);
    return { verb, [options] { return run(*options); } };
}

Verb residualVerb(CLI::App& app)
{
    const auto options = std::make_shared<ResidualOptions>();
    CLI::App* const verb = app.add_subcommand("residual",
        "Trains the residual U-Net, which is not told a face's label, towards targets drawn at random, against an\n"
        "ensemble of classifiers, some of which learn on perturbed faces at the same time.");
    options->dataset.addTo(*verb, true);
    verb->add_option("--prototypes", options->prototypes, "file of the verb prototypes, one for each attribute")->required()->check(CLI::ExistingFile);
    verb->add_option("--attackers", options->attackers, "checkpoint of the verb attackers")->check(CLI::ExistingFile);
    verb->add_option("--initial", options->initial, "checkpoint of this verb to start from, or a file of the verb export (and --attackers)")->check(CLI::ExistingFile);
    verb->add_option("--models", options->networks, "model description file that describes the auxiliary networks")->required()->check(CLI::ExistingFile);
    verb->add_option("--classifiers", options->classifiers, "names in the model description file, frozen, beside the attackers; they read the first attribute; "
        "one is drawn for each step, one that is named twice is drawn twice as often");
    verb->add_option("--watched", options->watched, "classifiers to measure by only");
    verb->add_option("--matchers", options->matchers, "names in the model description file, as the attackers had them")->required();
    verb->add_option("--bound", options->bound, "largest change of a pixel, 0..1")->capture_default_str();
    verb->add_option("--margin", options->margin, "logit that J_G asks of a classifier")->capture_default_str();
    verb->add_option("--overshoot", options->overshoot, "weight of a larger logit, so that who keeps their label does not stand out")->capture_default_str();
    verb->add_option("--opposite-share", options->oppositeShare, "of the targets, which are the harder ones; informed attackers learn as if it were one half")
        ->capture_default_str()->check(CLI::Range(.01, .99));
    verb->add_option("--ghosts", options->ghosts, "an attacker to be misled has its channels changed by up to this, anew each time")
        ->type_name("0-1")->capture_default_str()->check(CLI::Range(0., 1.).description(""));
    verb->add_option("--opponents", options->opponents, "attackers drawn for each step, beside one of --classifiers")->capture_default_str();
    verb->add_option("--informed", options->informed, "so many attackers, the first, go on learning on perturbed faces")->capture_default_str()->check(CLI::NonNegativeNumber);
    verb->add_option("--learners", options->learners, "of these, drawn for each step to learn")->capture_default_str()->check(CLI::NonNegativeNumber);
    verb->add_option("--lambda-gender", options->lambdaGender, "l_G")->capture_default_str();
    verb->add_option("--lambda-matching", options->lambdaMatching, "l_M")->capture_default_str();
    verb->add_option("--lambda-change", options->lambdaChange, "weight of the mean square change")->capture_default_str();
    verb->add_option("--lambda-roughness", options->lambdaRoughness, "weight of its mean square gradient")->capture_default_str();
    options->loop.addTo(*verb);
    return { verb, [options] { return run(*options); } };
}

}} // namespace sanprivacy::train
