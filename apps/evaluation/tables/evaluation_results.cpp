// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#include "evaluation/tables/evaluation_results.hpp"

#include "common/message.hpp"

#include <algorithm>
#include <cmath>

using namespace cv::sanprivacy;

namespace sanprivacy { namespace apps {

namespace {

/** Notes what suggests that a classifier does not receive what it was made for: it tells the labels apart on no
originals either. One that was trained on perturbed faces may be like that. */
void noteDoubts(const EvaluatedClassifier& classifier, Diagnostics& diagnostics)
{
    const double usual_auc = 0.75;
    const int fewest_faces = 10; // of each label
    const ClassifierResult& originals = classifier.results[0][0];
    const int ones = cv::countNonZero(originals.labels), zeros = int(originals.labels.size()) - ones;
    double least = 0, greatest = 1;
    if (!originals.scores.empty())
        cv::minMaxLoc(originals.scores, &least, &greatest);
    const double rounding = 1e-3;
    if (least < -rounding || greatest > 1 + rounding)
        diagnostics.note(classifier.name,
            cv::format(
                "its answers go from %g to %g: no probabilities, so its error at 0.5 means nothing", least, greatest));
    if (classifier.retrained || std::min(ones, zeros) < fewest_faces || !(originals.auc < usual_auc))
        return;
    const std::string found = cv::format(" (AUC %.2f on the originals): check ", originals.auc);
    if (originals.auc < 1 - usual_auc)
        diagnostics.note(classifier.name,
            "takes label 1 for label 0" + found + "`index` in its description, and which value of the labels is 1");
    else
        diagnostics.note(classifier.name, "hardly tells the labels apart" + found
                                              + "the crop, `mean`, `scale`, `color` and `output` of its description");
}

void noteDoubts(const EvaluatedMatcher& matcher, Diagnostics& diagnostics)
{
    const double usual_eer = 0.25;
    const double fewest_pairs = 20; // of one person
    const MatchResult& originals = matcher.results[0];
    if (originals.eer > usual_eer && originals.genuine_pairs >= fewest_pairs)
        diagnostics.note(matcher.name,
            cv::format(
                "hardly recognises people (EER %.0f %% on the originals): check the crop, `mean`, `scale`, `color`, "
                "`output` and `distance` of its description, and the identities",
                100 * originals.eer));
}

//! A rate of less than one pair cannot be measured.
void noteFewPairs(const EvaluationSet& set, double impostor_pairs, Diagnostics& diagnostics)
{
    std::string rates;
    for (double rate : FALSE_MATCH_RATES)
        if (rate * impostor_pairs < 1)
            rates += (rates.empty() ? "" : ", ") + cv::format("%g", 100 * rate);
    if (!rates.empty())
        diagnostics.note(
            set.name, cv::format("%.0f impostor pairs are too few for a false match rate of ", impostor_pairs) + rates
                          + " %: the TMR given for it is that without a false match");
}

} // namespace

EvaluationResults::EvaluationResults(const Evaluation& evaluation_, ResultCache& cache, Diagnostics& diagnostics)
    : evaluation(evaluation_)
{
    for (size_t network = 0; network < evaluation.networks.size(); ++network)
    {
        const ModelDescription& description = evaluation.networks[network];
        if (description.task == NETWORK_CLASSIFIER)
        {
            EvaluatedClassifier classifier = { description.name, evaluation.retrained.count(description.name) > 0, {},
                {} };
            for (const Measured& measured : evaluation.measured)
            {
                classifier.results.emplace_back();
                for (const Outputs& outputs : measured.outputs[network])
                    classifier.results.back().push_back(ClassifierResult(evaluation.set, outputs));
            }
            for (const ClassifierResult& originals : classifier.results[0])
                classifier.thresholds.push_back(originals.equalErrorThreshold());
            const auto& faces = evaluation.set.faces;
            const bool both = std::any_of(faces.begin(), faces.end(),
                [&](const EvaluatedFace& face) { return face.label != faces[0].label; }); // else it has been told
            if (both && classifier.results[0][0].thresholds.empty() && !classifier.results[0][0].scores.empty())
                diagnostics.note(
                    description.name, "only one label among the faces: errors are those at 0.5, and there is no curve");
            noteDoubts(classifier, diagnostics);
            classifiers.push_back(classifier);
        }
        else if (evaluation.set.has_identities)
            try
            {
                EvaluatedMatcher matcher = { description.name, {} };
                for (const Measured& measured : evaluation.measured)
                    matcher.results.push_back(matchFaces(evaluation.set, network, description, evaluation.measured[0],
                        measured, evaluation.bootstrap, cache));
                if (matchers.empty())
                    noteFewPairs(evaluation.set, double(matcher.results[0].impostor_pairs), diagnostics);
                noteDoubts(matcher, diagnostics);
                matchers.push_back(matcher);
            }
            catch (const std::exception& error)
            {
                diagnostics.fail("matcher " + description.name, message(error));
            }
    }
    adaptive = attackAdaptively(evaluation.set, evaluation.networks, evaluation.measured, evaluation.attackers.adaptive,
        evaluation.attackers.inner());
    if (!evaluation.set.has_identities)
        diagnostics.note(evaluation.set.name, "no column of identities, so matching is not evaluated");
    if (!isSsimMeasured())
        diagnostics.note("SSIM", "left out: this program was built without OpenCV's module quality");
}

double EvaluationResults::meanError(size_t method, size_t attacker) const
{
    std::vector<double> errors;
    for (const EvaluatedClassifier& classifier : classifiers)
        if (!classifier.retrained)
            errors.push_back(classifier.error(method, attacker));
    return mean(errors);
}

double EvaluationResults::strongestAttack(size_t method, std::string& attacker) const
{
    double least = meanError(method, 0);
    attacker = evaluation.attackers.images[0].title;
    const auto consider = [&](double error, const std::string& who)
    {
        if (error < least)
        {
            least = error;
            attacker = who;
        }
    };
    for (size_t i = 1; i < evaluation.attackers.images.size(); ++i)
        consider(meanError(method, i), evaluation.attackers.images[i].title);
    std::vector<double> errors;
    for (const EvaluatedClassifier& classifier : classifiers)
        if (!classifier.retrained)
            errors.push_back(turned(classifier.results[method][0].eer));
    consider(mean(errors), "new threshold");
    for (const EvaluatedClassifier& classifier : classifiers)
        if (classifier.retrained)
            consider(turned(classifier.results[method][0].eer), classifier.name);
    for (const AdaptiveResult& attack : adaptive)
        if (attack.attacker != "treated")
            consider(attack.whole[method].error, attack.title + " (" + attack.features + ")");
    return least;
}

double mean(const std::vector<double>& values)
{
    double sum = 0, count = 0;
    for (double value : values)
        if (!std::isnan(value))
        {
            sum += value;
            ++count;
        }
    return sum / count; // NAN where there are none
}

std::string nameOfLabel(const std::string& attribute, int label)
{
    if (attribute == "gender")
        return label == 1 ? "men" : "women";
    return attribute + " " + std::to_string(label);
}

double turned(double error)
{
    return std::min(error, 1 - error);
}

}} // namespace sanprivacy::apps
