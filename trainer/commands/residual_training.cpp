// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#include "commands/residual_training.hpp"

#include <algorithm>
#include <set>

#include "data/degradation.hpp"
#include "data/targets.hpp"
#include "loop/checkpoint.hpp"
#include "losses.hpp"
#include "networks/blending.hpp"
#include "networks/crops.hpp"
#include "onnx/networks.hpp"

namespace sanprivacy { namespace train {

namespace fs = std::filesystem;
using torch::Tensor;
using torch::nn::functional::normalize;

//! Faces of a step as classifiers and matchers see them, and what is wanted of these.
struct ResidualTraining::StepFaces
{
    Tensor original, changed;    // X and X', with evened color, as degrade() shows them, [n,3,224,224]
    Tensor surroundings, change; // X within its surroundings, or undefined; X' - X
    Tensor targets, hidden;      // [n,A]; `hidden` is undefined where there is but one attribute
    Tensor middle;               // logits that count as undecided, [n,A]
    Tensor persons;              // [n,1]
    Tensor weights;              // of the faces in J_G, [n,A]
};

ResidualTraining::ResidualTraining(const ResidualOptions& options)
    : options_(options), precision_(options.loop.precision()), device_(options.loop.device()),
      prototypes_(options.prototypes, device_), classifiers_(findAuxiliaries(options.models, options.classifiers,
                                                    cv::sanprivacy::NETWORK_CLASSIFIER, precision_, device_, true)),
      monitored_(findAuxiliaries(
          options.models, options.monitored, cv::sanprivacy::NETWORK_CLASSIFIER, torch::kFloat, device_, true)),
      matchers_(
          findAuxiliaries(options.models, options.matchers, cv::sanprivacy::NETWORK_MATCHER, precision_, device_)),
      networks_(std::make_shared<GeneratorAndAttackers>(
          std::make_shared<ResidualUNet>(prototypes_.neutral().cpu(), options.largestChange),
          std::make_shared<Attackers>(descriptorSize(matchers_), prototypes_.attributes())))
{
    if (options.prototypes.size() != options.dataset.attributes.size())
        CV_Error(cv::Error::StsBadArg, cv::format("expected a file of prototypes for each of %d attributes, found %d",
                                           int(options.dataset.attributes.size()), int(options.prototypes.size())));
    loadWeights();
    const Tensor& limit = networks_->generator->limit;
    fading_ = (limit / limit.max()).to(device_);
    networks_->to(device_);
}

void ResidualTraining::loadWeights()
{
    const Tensor limit = networks_->generator->limit.clone();
    const bool onlyGenerator = options_.initial.extension() == ".onnx";
    if (options_.loop.resume) // already here, since probes are fitted to the attackers
        loadNetwork(checkpointFile(options_.loop.folder), RESIDUAL_KIND, *networks_);
    else if (onlyGenerator)
        readOnnx(options_.initial.string(), *networks_->generator);
    else if (!options_.initial.empty())
    {
        GeneratorAndAttackers generatorAlone(networks_->generator);
        loadNetwork(options_.initial, RESIDUAL_KIND, options_.attackers.empty() ? *networks_ : generatorAlone);
    }
    if (!options_.loop.resume && !options_.attackers.empty())
        loadNetwork(options_.attackers, ATTACKERS_KIND, *networks_->attackers);
    else if (!options_.loop.resume && (options_.initial.empty() || onlyGenerator))
        CV_Error(cv::Error::StsBadArg, "--attackers, a checkpoint as --initial, or --resume is needed");
    networks_->generator->limit.copy_(limit); // is not learnt: weights of another window go on with this one
}

bool ResidualTraining::needsSurroundings() const
{
    const auto sees = [](const Auxiliary& network) { return network.seesSurroundings(); };
    return std::any_of(classifiers_.begin(), classifiers_.end(), sees)
           || std::any_of(monitored_.begin(), monitored_.end(), sees);
}

void ResidualTraining::fitProbes(const FaceBatches& batches, size_t available)
{
    const int64_t faces = std::min<int64_t>(int64_t(available), 1024), batch = options_.loop.batch;
    const auto& members = networks_->attackers->members;
    std::vector<std::vector<Tensor>> descriptors(matchers_.size());
    std::vector<std::vector<std::vector<Tensor>>> features(members.size());
    std::vector<Tensor> labels;
    const torch::NoGradGuard noGradients;
    for (int64_t step = 0; step < (faces + batch - 1) / batch; ++step)
    {
        const Batch given = onDevice(batches(step), device_);
        Draws draws(mixSeed(options_.loop.seed, uint64_t(step)), batch, 0, batch, device_);
        const Tensor seen = degrade({ someSmaller(given[0], draws) }, draws)[0]; // as in losses()
        for (size_t i = 0; i < matchers_.size(); ++i)
            descriptors[i].push_back(matchers_[i].forward(seen, drawCrop(draws)));
        for (size_t i = size_t(options_.adaptiveAttackers); options_.featureShare > 0 && i < features.size(); ++i)
        {
            const auto stages =
                members[i]->predict(classifierCrop(seen, members[i]->shape, drawCrop(draws)), true).stages;
            features[i].resize(stages.size() - 2);
            for (size_t k = 0; k < features[i].size(); ++k)
                features[i][k].push_back(stages[k + 1].to(torch::kFloat));
        }
        labels.push_back(given[1]);
    }
    for (const auto& list : descriptors)
    {
        const Tensor all = torch::cat(list);
        probes_.emplace_back(all, torch::cat(labels));
        impostorDistances_.push_back(1 - normalize(all).mean(0).square().sum().item<double>());
    }
    for (const auto& stages : features)
    {
        stageProbes_.emplace_back();
        for (const auto& list : stages)
            stageProbes_.back().emplace_back(torch::cat(list), torch::cat(labels));
    }
}

//! X' - X of color faces [N,3,224,224], for all channels, as blendFace() puts it into an image, where it fades towards
//! the border of the crop.
Tensor ResidualTraining::change(const Tensor& faces, const Tensor& targets, const Tensor& hidden) const
{
    const Tensor x = luma(faces).to(precision_);
    return fading_ * (networks_->generator->perturb(x, {}, { prototypes_.same(targets, hidden) })[0] - x);
}

Losses ResidualTraining::losses(const Batch& batch, Draws& draws) const
{
    const Tensor x = someSmaller(batch[0], draws), &y = batch[1];
    const auto [targets, independence] = drawTargets(y, options_.oppositeShare, options_.neutralShare, draws);
    const Tensor hidden = drawHidden(prototypes_.attributes(), draws);
    const Tensor added = change(x, targets, hidden);
    const Tensor changing = added + evenedChroma(x, options_.evening);
    const std::vector<Tensor> seen = degrade({ x, x + changing }, draws);
    const StepFaces faces { seen[0], seen[1], batch.size() > 3 ? batch[3] : Tensor(), changing, targets, hidden,
        options_.neutralOvershoot * (1 - 2 * y), batch[2],
        (1 + (options_.weightOfLabel1 - 1) * y) / (1 + (options_.weightOfLabel1 - 1) / 2) };

    std::vector<Tensor> costs; // J_G of each classifier
    const Tensor matchingOfAttackers = attackerLosses(faces, draws, costs);
    classifierLosses(faces, draws, costs);
    const auto [matching, order] = matcherLosses(faces, draws, costs);
    const Tensor gender = torch::stack(costs).mean();
    const Tensor attack = adaptiveAttackersLoss(faces, y, independence, draws);
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

//! J_G of a classifier by its logits, of those attributes that it knows: the first.
Tensor ResidualTraining::genderLossOf(
    const StepFaces& faces, const Tensor& changed, const Tensor& original, bool adaptive) const
{
    const int64_t known = changed.size(1);
    const Tensor hidden = faces.hidden.defined() ? faces.hidden.narrow(1, 0, known) : faces.hidden;
    return adaptive ? confusionLoss(changed, hidden, original)
                    : targetLoss(faces.targets.narrow(1, 0, known), changed, options_.margin, hidden, original,
                        faces.middle.narrow(1, 0, known), faces.weights.narrow(1, 0, known));
}

//! J_G and J_M of some of the attackers. @return J_M, by the descriptors that they predict.
Tensor ResidualTraining::attackerLosses(const StepFaces& faces, Draws& draws, std::vector<Tensor>& gender) const
{
    const auto& members = networks_->attackers->members;
    std::vector<Tensor> distances;
    for (int64_t i : draws.sample(options_.sampledAttackers, int64_t(members.size())))
    {
        SmallClassifier& member = *members[size_t(i)];
        const Tensor place = drawCrop(draws);
        const auto predict = [&](const Tensor& x)
        {
            auto [logit, descriptor, stages] = member.predict(classifierCrop(x, member.shape, place), true);
            return SmallClassifier::Output { logit, normalize(descriptor.to(torch::kFloat)), stages };
        };
        const SmallClassifier::Output changed = predict(faces.changed);
        SmallClassifier::Output original;
        {
            const torch::NoGradGuard noGradients;
            original = predict(faces.original);
        }
        const bool adaptive = i < options_.adaptiveAttackers;
        const double ofFeatures = adaptive ? 0 : options_.featureShare; // their share
        Tensor cost = (1 - ofFeatures) * genderLossOf(faces, changed.logit, original.logit, adaptive);
        const std::vector<LinearProbe>& probes = stageProbes_[size_t(i)];
        for (size_t k = 0; k < probes.size(); ++k)
        {
            const auto read = [&](const SmallClassifier::Output& seen)
            { return probes[k].forward(seen.stages[k + 1].to(torch::kFloat)); };
            cost = cost + ofFeatures / double(probes.size()) * genderLossOf(faces, read(changed), read(original));
        }
        gender.push_back(cost);
        distances.push_back(cosineLoss(changed.descriptor, original.descriptor));
    }
    return distances.empty() ? torch::zeros({}) : torch::stack(distances).mean();
}

//! J_G of some of the public classifiers.
void ResidualTraining::classifierLosses(const StepFaces& faces, Draws& draws, std::vector<Tensor>& gender) const
{
    for (int64_t i : draws.sample(options_.sampledClassifiers, int64_t(classifiers_.size())))
    {
        const Auxiliary& classifier = classifiers_[size_t(i)];
        std::vector<Tensor> seen { faces.original, faces.changed };
        if (classifier.seesSurroundings())
            seen = degrade({ faces.surroundings, withinSurroundings(faces.surroundings, faces.change) }, draws);
        const Tensor place = drawCrop(draws), changed = classifier.forward(seen[1], place);
        Tensor original;
        if (faces.hidden.defined())
        {
            const torch::NoGradGuard noGradients;
            original = classifier.forward(seen[0], place);
        }
        gender.push_back(genderLossOf(faces, changed, original));
    }
}

//! Of one of the matchers: J_G of the linear probe of its descriptors. @return its J_M and, where it has a weight, its
//! J_M by order, in units of the mean distance of impostor pairs: a matcher with small distances counts as much as
//! others.
std::pair<Tensor, Tensor> ResidualTraining::matcherLosses(
    const StepFaces& faces, Draws& draws, std::vector<Tensor>& gender) const
{
    const double temperature = .05; // of J_M by order
    const size_t drawn = size_t(draws.sample(1, int64_t(matchers_.size()))[0]);
    const Tensor place = drawCrop(draws), changed = matchers_[drawn].forward(faces.changed, place);
    Tensor original;
    {
        const torch::NoGradGuard noGradients;
        original = matchers_[drawn].forward(faces.original, place);
    }
    gender.push_back(genderLossOf(faces, probes_[drawn].forward(changed), probes_[drawn].forward(original)));
    const Tensor a = normalize(changed), b = normalize(original);
    const double unit = impostorDistances_[drawn];
    const Tensor order =
        options_.lambdaOrder > 0 ? orderLoss(a, b, faces.persons, temperature * unit) / unit : torch::zeros({});
    return { cosineLoss(a, b) / unit, order };
}

//! The own cost of some of the adaptive attackers, with true labels, on faces as they are and on perturbed ones.
Tensor ResidualTraining::adaptiveAttackersLoss(
    const StepFaces& faces, const Tensor& labels, const Tensor& weights, Draws& draws) const
{
    const auto& members = networks_->attackers->members;
    const Tensor changed = faces.changed.detach(); // the generator does not learn from this
    Tensor cost = torch::zeros({});
    for (int64_t i :
        draws.sample(options_.updatedAttackers, std::min(options_.adaptiveAttackers, int64_t(members.size()))))
    {
        SmallClassifier& member = *members[size_t(i)];
        const auto learn = [&](const Tensor& x, const Tensor& weighted)
        {
            const Tensor crop = classifierCrop(x, member.shape, drawCrop(draws));
            cost = cost + crossEntropy(labels, member.forward(crop), weighted);
        };
        learn(faces.original, {});
        learn(changed, weights);
    }
    return cost;
}

Figures ResidualTraining::measure(const Faces& faces) const
{
    const size_t n = std::min<size_t>(faces.size(), 192), atATime = 32;
    FigureSums sums;
    double square = 0;
    for (size_t begin = 0; begin < n; begin += atATime)
    {
        const Batch batch = onDevice(plainBatch(faces, begin, std::min(begin + atATime, n), true), device_);
        const Tensor &x = batch[0], &y = batch[1];
        const Tensor evened = evenedChroma(x, options_.evening);
        for (const bool opposite : { true, false })
        {
            const Tensor added = change(x, opposite ? 1 - y : torch::full_like(y, NEUTRAL_TARGET)),
                         shown = x + evened + added;
            const std::string suffix = opposite ? "_OP" : "_NT";
            measureAttackers(shown, y, suffix, sums);
            measureClassifiers(batch, shown, evened + added, suffix, sums);
            measureMatchers(batch, shown, suffix, opposite, sums);
            if (opposite)
                square += double(x.size(0)) * changePenalty(added).item<double>();
        }
    }
    Figures figures = sums.dividedBy(double(n));
    figures.emplace_back("PSNR", -10 * std::log10(square / double(n)));
    return figures;
}

void ResidualTraining::measureAttackers(
    const Tensor& shown, const Tensor& labels, const std::string& suffix, FigureSums& sums) const
{
    const auto& members = networks_->attackers->members;
    const size_t adaptive = std::min(size_t(options_.adaptiveAttackers), members.size()),
                 fixed = members.size() - adaptive;
    for (size_t i = 0; i < members.size(); ++i)
    {
        const Tensor logits = members[i]->forward(classifierCrop(shown, members[i]->shape));
        sums.addErrors((i < adaptive ? "adaptive" : "fixed") + suffix, options_.dataset.attributes, labels, logits,
            double(shown.size(0)) / double(i < adaptive ? adaptive : fixed));
    }
}

void ResidualTraining::measureClassifiers(
    const Batch& batch, const Tensor& shown, const Tensor& change, const std::string& suffix, FigureSums& sums) const
{
    std::set<std::string> measured; // one that is drawn more often is there several times
    for (const auto* list : { &classifiers_, &monitored_ })
        for (const Auxiliary& classifier : *list)
            if (measured.insert(classifier.description().name).second)
            {
                const Tensor logits =
                    classifier.forward(classifier.seesSurroundings() ? withinSurroundings(batch[2], change) : shown);
                sums.addErrors(classifier.description().name + suffix, options_.dataset.attributes,
                    batch[1].narrow(1, 0, logits.size(1)), logits, double(shown.size(0)));
            }
}

void ResidualTraining::measureMatchers(
    const Batch& batch, const Tensor& shown, const std::string& suffix, bool distances, FigureSums& sums) const
{
    const double weight = double(shown.size(0));
    for (size_t i = 0; i < matchers_.size(); ++i)
    {
        const std::string& name = matchers_[i].description().name;
        const Tensor descriptors = matchers_[i].forward(shown);
        sums.addErrors("linear probe of " + name + suffix, options_.dataset.attributes, batch[1],
            probes_[i].forward(descriptors), weight);
        if (distances)
            sums.add(name, weight
                               * (1 - torch::cosine_similarity(descriptors, matchers_[i].forward(batch[0]), 1))
                                     .mean()
                                     .item<double>());
    }
}

}} // namespace sanprivacy::train
