// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#include "commands/commands.hpp"

#include <CLI/CLI.hpp>
#include <opencv2/sanprivacy/networks.hpp>

#include "common/number_range.hpp"
#include "data/batches.hpp"
#include "data/dataset.hpp"
#include "loop/checkpoint.hpp"
#include "loop/loop.hpp"
#include "losses.hpp"
#include "networks/auxiliary.hpp"
#include "networks/gender_classifier.hpp"
#include "networks/prototypes.hpp"
#include "networks/san2018.hpp"
#include "networks/crops.hpp"

namespace sanprivacy { namespace train {

namespace {

namespace fs = std::filesystem;

struct Options
{
    DatasetOptions dataset;
    LoopOptions loop;
    fs::path prototypes, initial, models;
    std::vector<std::string> classifiers, matchers;
    double lambdaGender = 1, lambdaMatching = 1, lambdaDifference = 0;
    bool matchOpposite = false;
};

//! The auxiliary networks of section 3.2, frozen and in evaluation mode.
class Auxiliaries
{
public:
    explicit Auxiliaries(const Options& options) : precision_(options.loop.precision()), device_(options.loop.device())
    {
        for (const std::string& name : options.classifiers)
        {
            if (fs::path(name).extension() != ".pt")
            {
                classifiers_.push_back(
                    findAuxiliary(options.models, name, cv::sanprivacy::NETWORK_CLASSIFIER, torch::kFloat, device_));
                continue;
            }
            const auto own = std::make_shared<GenderClassifier>();
            loadNetwork(name, CLASSIFIER_KIND, *own);
            own->eval();
            own->to(device_);
            for (torch::Tensor& parameter : own->parameters())
                parameter.requires_grad_(false);
            own_.push_back(own);
        }
        for (const std::string& name : options.matchers)
            matchers_.push_back(
                findAuxiliary(options.models, name, cv::sanprivacy::NETWORK_MATCHER, precision_, device_));
        if (own_.empty() && classifiers_.empty())
            CV_Error(cv::Error::StsBadArg, "no classifier is given (--classifiers)");
        if (matchers_.empty())
            CV_Error(cv::Error::StsBadArg, "no matcher is given (--matchers)");
    }

    //! J_G (Eq. 3), mean over the classifiers.
    torch::Tensor gender(const torch::Tensor& labels, const torch::Tensor& same, const torch::Tensor& opposite,
        const torch::Tensor& jitter) const
    {
        torch::Tensor sum = torch::zeros({});
        for (const auto& own : own_)
            sum = sum
                  + genderLoss(labels, own->forward(same.to(precision_)).to(torch::kFloat),
                      own->forward(opposite.to(precision_)).to(torch::kFloat));
        for (const auto& classifier : classifiers_)
            sum = sum + genderLoss(labels, classifier.forward(same, jitter), classifier.forward(opposite, jitter));
        return sum / double(own_.size() + classifiers_.size());
    }

    //! J_M (Eq. 4), mean over the matchers.
    torch::Tensor matching(
        const torch::Tensor& perturbed, const torch::Tensor& original, const torch::Tensor& jitter) const
    {
        torch::Tensor sum = torch::zeros({});
        for (const auto& matcher : matchers_)
        {
            torch::Tensor reference;
            {
                const torch::NoGradGuard noGradients;
                reference = matcher.forward(original, jitter);
            }
            sum = sum + matchingLoss(matcher.forward(perturbed, jitter), reference);
        }
        return sum / double(matchers_.size());
    }

    /** On held-out faces: J_G, J_M, the classifiers' mean error on X'_SM and on X'_OP against the true label, and the
    mean absolute difference of X'_OP from X in gray levels of 255. */
    Figures measure(Generator& network, const Prototypes& prototypes, const Faces& faces) const
    {
        const size_t atATime = 16;
        double genderSum = 0, matchingSum = 0, wrongSame = 0, wrongOpposite = 0, difference = 0;
        for (size_t begin = 0; begin < faces.size(); begin += atATime)
        {
            const Batch batch = onDevice(plainBatch(faces, begin, std::min(begin + atATime, faces.size())), device_);
            const torch::Tensor &x = batch[0], &labels = batch[1];
            const torch::Tensor p = prototypes.same(labels);
            const std::vector<torch::Tensor> outputs = network.perturb(x, p, { p, prototypes.opposite(labels) });
            const double n = double(x.size(0));
            genderSum += n * gender(labels, outputs[0], outputs[1], {}).item<double>();
            matchingSum += n * matching(outputs[0], x, {}).item<double>();
            wrongSame += n * wrong(outputs[0], labels);
            wrongOpposite += n * wrong(outputs[1], labels);
            difference += n * 255 * (outputs[1] - x).abs().mean().item<double>();
        }
        const double n = double(faces.size());
        return { { "J_G", genderSum / n }, { "J_M", matchingSum / n }, { "error_same", wrongSame / n },
            { "error_opposite", wrongOpposite / n }, { "difference", difference / n } };
    }

private:
    double wrong(const torch::Tensor& faces, const torch::Tensor& labels) const
    {
        double sum = 0;
        for (const auto& own : own_)
            sum += errorRate(labels, own->forward(faces));
        for (const auto& classifier : classifiers_)
            sum += errorRate(labels, classifier.forward(faces));
        return sum / double(own_.size() + classifiers_.size());
    }

    torch::ScalarType precision_;
    torch::Device device_;
    std::vector<std::shared_ptr<GenderClassifier>> own_;
    std::vector<Auxiliary> classifiers_, matchers_;
};

//! J (Eq. 5) and its parts.
Losses losses(const Options& options, const Auxiliaries& auxiliaries, Generator& network, const Prototypes& prototypes,
    const Batch& batch, Draws& draws)
{
    // The crop of a network is displaced a little each time, so that no perturbation relies on an exact one.
    const double jitterScale = .03, jitterShift = 3;
    const torch::ScalarType precision = options.loop.precision();
    const torch::Tensor &x = batch[0], &y = batch[1];
    const torch::Tensor same = prototypes.same(y).to(precision);
    const torch::Tensor opposite = prototypes.opposite(y).to(precision);
    std::vector<torch::Tensor> outputs = network.perturb(x.to(precision), same, { same, opposite });
    for (torch::Tensor& output : outputs)
        output = output.to(torch::kFloat);
    const torch::Tensor &xSame = outputs[0], &xOpposite = outputs[1];

    const torch::Tensor jitter = drawJitter(draws, jitterScale, jitterShift);
    const torch::Tensor gender = auxiliaries.gender(y, xSame, xOpposite, jitter); // J_G, Eq. 3
    torch::Tensor matching = auxiliaries.matching(xSame, x, jitter);              // J_M, Eq. 4
    if (options.matchOpposite)
        matching = .5 * (matching + auxiliaries.matching(xOpposite, x, jitter));
    torch::Tensor total = totalLoss(gender, matching, options.lambdaGender, options.lambdaMatching); // Eq. 5
    Losses losses = { { "J", total }, { "J_G", gender }, { "J_M", matching } };
    if (options.lambdaDifference > 0)
    {
        const torch::Tensor difference = .5 * ((xSame - x).abs().mean() + (xOpposite - x).abs().mean());
        losses[0].second = total + options.lambdaDifference * difference;
        losses.emplace_back("difference", difference);
    }
    return losses;
}

ExitCode run(const Options& options)
{
    options.loop.prepareFolder();
    const LoopOptions& loop = options.loop;
    const Prototypes prototypes({ options.prototypes }, loop.device());
    const Auxiliaries auxiliaries(options);
    const auto network = std::make_shared<San2018>();
    loadNetwork(options.initial, SAN2018_KIND, *network);
    const Dataset dataset = loadDataset(options.dataset);
    const FaceBatches batches(dataset.train, loop.batch, loop.seed, Jitter());

    Task task;
    task.kind = SAN2018_KIND;
    task.network = network;
    task.facesPerEpoch = int64_t(dataset.train.size());
    task.batch = [&](int64_t step) { return batches(step); };
    task.losses = [&](const Batch& batch, Draws& draws)
    { return losses(options, auxiliaries, *network, prototypes, batch, draws); };
    if (dataset.heldOut.size() > 0)
        task.evaluate = [&] { return auxiliaries.measure(*network, prototypes, dataset.heldOut); };
    return runLoop(task, loop) ? SUCCEEDED : INTERRUPTED;
}

} // namespace

Command addTrain(CLI::App& app)
{
    const auto options = std::make_shared<Options>();
    options->loop.batch = 16;
    CLI::App* const command = app.add_subcommand("train",
        "Semi-adversarial training: J = l_G J_G + l_M J_M (Eq. 5), the auxiliary networks frozen.\n"
        "J_G is the mean over the classifiers, J_M the mean over the matchers of the squared distance between\n"
        "descriptors (scaled to unit length for matchers that compare by cosine).");
    options->dataset.addTo(*command);
    command->add_option("--prototypes", options->prototypes, "file that the command prototypes wrote")
        ->type_name("YML")
        ->required()
        ->check(CLI::ExistingFile);
    command->add_option("--initial", options->initial, "checkpoint of the command pretrain")
        ->type_name("FILE")
        ->required()
        ->check(CLI::ExistingFile);
    command->add_option("--models", options->models, "model description file of the auxiliary networks")
        ->type_name("YML")
        ->check(CLI::ExistingFile);
    command
        ->add_option("--classifiers", options->classifiers,
            "names in the model description file, or checkpoints (.pt) of the command classifier")
        ->type_name("NAMES")
        ->required();
    command->add_option("--matchers", options->matchers, "names in the model description file")
        ->type_name("NAMES")
        ->required();
    command->add_option("--lambda-gender", options->lambdaGender, "weight l_G of J_G")
        ->capture_default_str()
        ->check(numberFromZero());
    command->add_option("--lambda-matching", options->lambdaMatching, "weight l_M of J_M")
        ->capture_default_str()
        ->check(numberFromZero());
    command
        ->add_option(
            "--lambda-difference", options->lambdaDifference, "weight of mean |X' - X|, which the paper does not have")
        ->capture_default_str()
        ->check(numberFromZero());
    command->add_flag("--match-opposite", options->matchOpposite, "J_M is the mean over X'_SM and X'_OP");
    options->loop.addTo(*command);
    return { command, [options] { return run(*options); } };
}

}} // namespace sanprivacy::train
