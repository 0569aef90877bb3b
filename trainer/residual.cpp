// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#include "verbs.hpp"

#include <map>

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

struct AttackersOptions
{
    DatasetOptions dataset;
    LoopOptions loop;
};

int run(const AttackersOptions& options)
{
    const LoopOptions& loop = options.loop;
    const Dataset dataset = loadDataset(options.dataset);
    torch::manual_seed(loop.seed);
    const auto attackers = std::make_shared<Attackers>();
    const FaceBatches batches(dataset.train, loop.batch, loop.seed, Jitter(), true);

    Task task;
    task.kind = ATTACKERS_KIND;
    task.network = attackers;
    task.facesPerEpoch = int64_t(dataset.train.size());
    task.batch = [&](int64_t step) { return batches(step); };
    task.losses = [&](const Batch& batch, at::Generator generator) -> Losses {
        const Tensor x = degrade({ batch[0] }, generator)[0], &y = batch[1];
        Tensor sum = torch::zeros({});
        for (const auto& member : attackers->members)
            sum = sum + crossEntropy(y, member->forward(viewOf(x, member->shape, drawPlace(x.size(0), generator))));
        return { { "S", sum / double(attackers->members.size()) } };
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
    fs::path prototypes, attackers, initial, networks;
    std::vector<std::string> classifiers, matchers, watched;
    double bound = .15, margin = 3;
    double lambdaGender = 1, lambdaMatching = 6, lambdaChange = 100, lambdaRoughness = 600;
    int64_t opponents = 4, learners = 3;
};

class ResidualTraining
{
public:
    explicit ResidualTraining(const ResidualOptions& o)
        : options(o), prototypes(o.prototypes),
          contest(std::make_shared<Contest>(std::make_shared<ResidualUNet>(prototypes.neutral(), o.bound)))
    {
        const bool onlyGenerator = o.initial.extension() == ".onnx";
        if (onlyGenerator)
            readOnnx(o.initial.string(), *contest->generator);
        else if (!o.initial.empty())
            loadNetwork(o.initial, RESIDUAL_KIND, *contest);
        if (!o.attackers.empty())
            loadNetwork(o.attackers, ATTACKERS_KIND, *contest->attackers);
        else if ((o.initial.empty() || onlyGenerator) && !o.loop.resume)
            CV_Error(cv::Error::StsBadArg, "--attackers, a checkpoint as --initial, or --resume is needed");
        for (const std::string& name : o.classifiers)
            classifiers.push_back(findAuxiliary(o.networks, name, cv::sanprivacy::NETWORK_CLASSIFIER));
        for (const std::string& name : o.watched)
            watched.push_back(findAuxiliary(o.networks, name, cv::sanprivacy::NETWORK_CLASSIFIER));
        for (const std::string& name : o.matchers)
            matchers.push_back(findAuxiliary(o.networks, name, cv::sanprivacy::NETWORK_MATCHER));
        const Tensor& limit = contest->generator->limit;
        fading = limit / limit.max();
    }

    //! X' - X of colour faces [N,3,224,224], for all channels, as blendFace() puts it into a picture, where it fades towards the rim of the crop.
    Tensor change(const Tensor& faces, const Tensor& targets) const
    {
        const Tensor x = luma(faces);
        return fading * (contest->generator->perturb(x, {}, { prototypes.same(targets) })[0] - x);
    }

    /** The target is drawn independently of the face's label y, which the generator is not told.
        One sum for all: the attackers' weights get the gradient of their own cost only, the generator's that of the rest. */
    Losses losses(const Batch& batch, const at::Generator& generator) const
    {
        const Tensor x = someSmaller(batch[0], generator), &y = batch[1];
        const int64_t n = x.size(0);
        const Tensor targets = torch::randint(2, { n, 1 }, generator, torch::kFloat);
        const Tensor added = change(x, targets);
        const std::vector<Tensor> seen = degrade({ x, x + added }, generator);

        // J_G: some of the attackers and one of the public classifiers
        const auto& members = contest->attackers->members;
        std::vector<Tensor> gender;
        for (int64_t i : drawSome(options.opponents, int64_t(members.size()), generator))
        {
            SmallClassifier& member = *members[size_t(i)];
            const Tensor view = viewOf(seen[1], member.shape, drawPlace(n, generator));
            gender.push_back(targetLoss(targets, member.forward(view, true), options.margin));
        }
        for (int64_t i : drawSome(1, int64_t(classifiers.size()), generator))
            gender.push_back(targetLoss(targets, classifiers[size_t(i)].forward(seen[1], drawPlace(n, generator)), options.margin));
        const Tensor meanGender = torch::stack(gender).mean();

        // J_M: one matcher
        const Auxiliary& matcher = matchers[size_t(drawSome(1, int64_t(matchers.size()), generator)[0])];
        const Tensor place = drawPlace(n, generator);
        Tensor reference;
        {
            const torch::NoGradGuard noGradients;
            reference = matcher.forward(seen[0], place);
        }
        const Tensor matching = cosineLoss(matcher.forward(seen[1], place), reference);

        // The own cost of some of the attackers, with true labels
        Tensor attack = torch::zeros({});
        const Tensor faces = seen[0], shown = seen[1].detach();
        for (int64_t i : drawSome(options.learners, int64_t(members.size()), generator))
        {
            SmallClassifier& member = *members[size_t(i)];
            for (const Tensor& view : { faces, shown })
                attack = attack + crossEntropy(y, member.forward(viewOf(view, member.shape, drawPlace(n, generator))));
        }

        const Tensor shade = changePenalty(added), rough = roughnessPenalty(added);
        const Tensor total = totalLoss(meanGender, matching, options.lambdaGender, options.lambdaMatching)
                             + options.lambdaChange * shade + options.lambdaRoughness * rough + attack;
        return { { "J", total }, { "J_G", meanGender }, { "J_M", matching }, { "change", shade }, { "roughness", rough }, { "attack", attack } };
    }

    /** On held-out faces: the error of the attackers (their mean) and of each public classifier on X'_OP and on X'_SM against the true label, 1 - cosine of each
        matcher, and the peak signal-to-noise ratio, dB. */
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
                for (const auto& member : contest->attackers->members)
                    add("attackers" + suffix, count * wrongShare(member->forward(viewOf(shown, member->shape)), y)
                                              / double(contest->attackers->members.size()));
                for (const auto* list : { &classifiers, &watched })
                    for (const Auxiliary& classifier : *list)
                        add(classifier.description().name + suffix, count * wrongShare(classifier.forward(shown), y));
                if (!opposite)
                    continue;
                for (const Auxiliary& matcher : matchers)
                    add(matcher.description().name, count * (1 - (matcher.forward(shown) * matcher.forward(x)).sum(1)).mean().item<double>());
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
    const Prototypes prototypes;
    const std::shared_ptr<Contest> contest;
    std::vector<Auxiliary> classifiers, watched, matchers;
    Tensor fading;
};

int run(const ResidualOptions& options)
{
    const LoopOptions& loop = options.loop;
    torch::manual_seed(loop.seed);
    const ResidualTraining training(options);
    const Dataset dataset = loadDataset(options.dataset);
    const FaceBatches batches(dataset.train, loop.batch, loop.seed, Jitter(), true);

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
    options->dataset.addTo(*verb);
    options->loop.addTo(*verb);
    return { verb, [options] { return run(*options); } };
}

Verb residualVerb(CLI::App& app)
{
    const auto options = std::make_shared<ResidualOptions>();
    CLI::App* const verb = app.add_subcommand("residual",
        "Trains the residual U-Net, which is not told a face's label, towards targets drawn at random, against an\n"
        "ensemble that learns on perturbed faces at the same time.");
    options->dataset.addTo(*verb);
    verb->add_option("--prototypes", options->prototypes, "file of the verb prototypes")->required()->check(CLI::ExistingFile);
    verb->add_option("--attackers", options->attackers, "checkpoint of the verb attackers")->check(CLI::ExistingFile);
    verb->add_option("--initial", options->initial, "checkpoint of this verb to start from, or a file of the verb export (and --attackers)")->check(CLI::ExistingFile);
    verb->add_option("--networks", options->networks, "networks file that describes the auxiliary networks")->required()->check(CLI::ExistingFile);
    verb->add_option("--classifiers", options->classifiers, "names in the networks file, frozen, beside the attackers");
    verb->add_option("--watched", options->watched, "classifiers to measure by only");
    verb->add_option("--matchers", options->matchers, "names in the networks file")->required();
    verb->add_option("--bound", options->bound, "largest change of a pixel, 0..1")->capture_default_str();
    verb->add_option("--margin", options->margin, "logit that J_G asks of a classifier")->capture_default_str();
    verb->add_option("--opponents", options->opponents, "attackers drawn for each step, beside one of --classifiers")->capture_default_str();
    verb->add_option("--learners", options->learners, "attackers drawn for each step to learn")->capture_default_str();
    verb->add_option("--lambda-gender", options->lambdaGender, "l_G")->capture_default_str();
    verb->add_option("--lambda-matching", options->lambdaMatching, "l_M")->capture_default_str();
    verb->add_option("--lambda-change", options->lambdaChange, "weight of the mean square change")->capture_default_str();
    verb->add_option("--lambda-roughness", options->lambdaRoughness, "weight of its mean square gradient")->capture_default_str();
    options->loop.addTo(*verb);
    return { verb, [options] { return run(*options); } };
}

}} // namespace sanprivacy::train
