// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#include "evaluation/attackers/adaptive_attacker.hpp"
#include "evaluation/tables/tables.hpp"

#include <algorithm>
#include <cmath>
#include <map>

#include <opencv2/sanprivacy.hpp>

using namespace cv::sanprivacy;

namespace sanprivacy { namespace apps {

namespace {

std::vector<float> logits(const std::vector<float>& probabilities)
{
    const double sure = 1e-6;
    std::vector<float> result;
    for (float probability : probabilities)
    {
        const double p = std::min(1 - sure, std::max(sure, double(probability)));
        result.push_back(float(std::log(p / (1 - p))));
    }
    return result;
}

double equalErrorRateOfVotes(const EvaluationSet& set, const ClassifierResult& result)
{
    std::vector<int> people, labels;
    for (size_t face : result.faces)
        people.push_back(set.faces[face].person);
    std::vector<float> votes;
    vote(logits(result.scores), result.labels, people, votes, labels);
    const int ones = cv::countNonZero(labels);
    if (!set.has_identities || ones == 0 || ones == int(labels.size()))
        return NAN;
    cv::Mat1d fpr, tpr, thresholds;
    rocCurve(votes, labels, fpr, tpr, thresholds);
    return equalErrorRate(fpr, tpr);
}

} // namespace

Table classifierTable(const EvaluationResults& results, bool retrained)
{
    Table table = { retrained ? "retrained" : "classifiers",
        retrained ? "Attackers who retrain" : "Table 2: " + results.evaluation.attribute + " error",
        retrained ? "Classifiers that were trained on perturbed faces with their true labels. A method "
                    "that protects only from the "
                    "classifiers of Table 2 shows a low error here."
                  : "Share of faces that a classifier takes for the other label: at 0.5, and at the "
                    "threshold of equal errors on the originals, with the "
                    "95 % interval of a bootstrap over people. AUC and EER: of the classifier's scores on "
                    "these faces, whatever the threshold. "
                    "Suppression: relative loss of accuracy at the second threshold.",
        { { "network", "classifier", Unit::TEXT }, { "method", "faces", Unit::TEXT },
            { "error_at_0.5", "error at 0.5", Unit::PERCENT },
            { "error", "error at EER threshold", Unit::PERCENT, Tint::PROTECTION, true },
            { "error_label_1", nameOfLabel(results.evaluation.attribute, 1), Unit::PERCENT },
            { "error_label_0", nameOfLabel(results.evaluation.attribute, 0), Unit::PERCENT },
            { "auc", "AUC", Unit::PERCENT }, { "eer", "EER", Unit::PERCENT },
            { "suppression_rate", "suppression", Unit::PERCENT } },
        {} };
    for (const EvaluatedClassifier& classifier : results.classifiers)
        if (classifier.retrained == retrained)
            for (size_t method = 0; method < results.methods(); ++method)
            {
                const ClassifierResult& result = classifier.results[method][0];
                const double threshold = classifier.thresholds[0], accuracy_before = 1 - classifier.error(0);
                table.rows.push_back({ classifier.name, results.title(method), result.errorAt(0.5),
                    result.errorWithInterval(threshold, results.evaluation.set, results.evaluation.bootstrap),
                    result.errorOfLabel(1, threshold), result.errorOfLabel(0, threshold), result.auc, result.eer,
                    method > 0 && accuracy_before > 0 ? suppressionRate(accuracy_before, 1 - result.errorAt(threshold))
                                                      : NAN });
            }
    return table;
}

std::vector<Plot> classifierPlots(const EvaluationResults& results)
{
    std::vector<Plot> plots;
    for (const EvaluatedClassifier& classifier : results.classifiers)
    {
        Plot plot = { "classifier " + classifier.name, classifier.name,
            nameOfLabel(results.evaluation.attribute, 0) + " taken for " + nameOfLabel(results.evaluation.attribute, 1)
                + ", %",
            nameOfLabel(results.evaluation.attribute, 1) + " recognised, %", false, {} };
        for (size_t method = 0; method < results.methods(); ++method)
        {
            const ClassifierResult& result = classifier.results[method][0];
            if (!result.fpr.empty())
                plot.lines.push_back(thinned(results.title(method), result.fpr, result.tpr));
        }
        if (!plot.lines.empty())
            plots.push_back(plot);
    }
    return plots;
}

Table attackerTable(const EvaluationResults& results)
{
    Table table = { "attackers", "Attackers who change the images or the threshold",
        "Error of each classifier when the attacker changes every image first (at the threshold of equal errors on "
        "originals that were changed in the same way), or uses labelled perturbed faces to choose a new threshold and "
        "inverts the answers if that helps. Restored: the attacker has learnt from pairs of original and perturbed "
        "faces of other people to undo "
        "the change. Vote: new threshold for the "
        "mean of the classifier's logits over all images of a person; of people with several images. "
        "Attackers who learn from perturbed faces have a table of their own.",
        { { "network", "classifier", Unit::TEXT }, { "method", "faces", Unit::TEXT } }, {} };
    for (const ImageAttacker& attacker : results.evaluation.attackers.images)
        table.columns.push_back({ attacker.name, attacker.title, Unit::PERCENT, Tint::PROTECTION });
    const int inner = results.evaluation.attackers.inner();
    table.columns.push_back({ "new_threshold", "new threshold", Unit::PERCENT, Tint::PROTECTION });
    table.columns.push_back({ "vote", "vote", Unit::PERCENT, Tint::PROTECTION });
    if (inner >= 0)
    {
        table.columns.push_back({ "inner_new_threshold", "new threshold, inner", Unit::PERCENT, Tint::PROTECTION });
        table.columns.push_back({ "inner_vote", "vote, inner", Unit::PERCENT, Tint::PROTECTION });
    }
    for (const EvaluatedClassifier& classifier : results.classifiers)
        for (size_t method = 0; method < results.methods(); ++method)
        {
            std::vector<Cell> row = { classifier.name, results.title(method) };
            for (size_t attacker = 0; attacker < results.evaluation.attackers.images.size(); ++attacker)
                row.push_back(classifier.error(method, attacker));
            for (int attacker : inner >= 0 ? std::vector<int> { 0, inner } : std::vector<int> { 0 })
            {
                const ClassifierResult& result = classifier.results[method][size_t(attacker)];
                row.push_back(turned(result.eer));
                row.push_back(turned(equalErrorRateOfVotes(results.evaluation.set, result)));
            }
            table.rows.push_back(row);
        }
    return table;
}

Table adaptiveAttackerTable(const EvaluationResults& results)
{
    Table table = { "adaptive_attackers", "Adaptive attackers",
        "They have perturbed faces of other people with true labels, and learn from them (five parts; each "
        "is attacked by one who knows the "
        "other four): nearest neighbors vote on the label, a linear probe is fitted to it; \"treated or "
        "not\" is a linear probe that tells "
        "perturbed faces from originals. They see a matcher's descriptors, or oriented gradients of the "
        "aligned face. AUC: 50 % is chance. "
        "Vote: mean over all images of a person, of people with several. Inner: where only the inner face "
        "is left of each image, for "
        "which a method answers that leaves hair and surroundings as they are.",
        { { "attacker", "attacker", Unit::TEXT }, { "features", "learns from", Unit::TEXT },
            { "method", "faces", Unit::TEXT }, { "auc", "AUC", Unit::PERCENT },
            { "error", "error", Unit::PERCENT, Tint::PROTECTION }, { "vote_auc", "AUC of vote", Unit::PERCENT },
            { "inner_auc", "AUC, inner", Unit::PERCENT },
            { "inner_error", "error, inner", Unit::PERCENT, Tint::PROTECTION },
            { "inner_vote_auc", "AUC of vote, inner", Unit::PERCENT } },
        {} };
    for (const AdaptiveResult& attack : results.adaptive)
        for (size_t method = attack.attacker == "treated" ? 1 : 0; method < results.methods(); ++method)
        {
            const AttackFigures &whole = attack.whole[method], &inner = attack.inner[method];
            table.rows.push_back({ attack.title, attack.features, results.title(method), whole.auc, whole.error,
                whole.vote_auc, inner.auc, inner.error, inner.vote_auc });
        }
    return table;
}

Table groupTable(const EvaluationResults& results)
{
    Table table = { "groups", "By group",
        "Mean error of the classifiers of Table 2 within each group, at their common thresholds: does a method "
        "protect everybody?",
        { { "attribute", "attribute", Unit::TEXT }, { "group", "group", Unit::TEXT },
            { "faces", "faces", Unit::COUNT } },
        {} };
    for (size_t method = 0; method < results.methods(); ++method)
        table.columns.push_back({ results.title(method), results.title(method), Unit::PERCENT, Tint::PROTECTION });
    const EvaluationSet& set = results.evaluation.set;
    for (size_t column = 0; column < set.group_columns.size(); ++column)
    {
        std::map<std::string, double> counts;
        for (const EvaluatedFace& face : set.faces)
            ++counts[face.groups[column]];
        for (const auto& group : counts)
        {
            std::vector<Cell> row = { set.group_columns[column], group.first.empty() ? "(not given)" : group.first,
                group.second };
            for (size_t method = 0; method < results.methods(); ++method)
            {
                std::vector<double> errors;
                for (const EvaluatedClassifier& classifier : results.classifiers)
                    if (!classifier.retrained)
                    {
                        const ClassifierResult& result = classifier.results[method][0];
                        double wrong = 0, faces = 0;
                        for (size_t i = 0; i < result.faces.size(); ++i)
                            if (set.faces[result.faces[i]].groups[column] == group.first)
                            {
                                ++faces;
                                wrong += (result.scores[i] >= classifier.thresholds[0]) != (result.labels[i] == 1);
                            }
                        errors.push_back(wrong / faces);
                    }
                row.push_back(mean(errors));
            }
            table.rows.push_back(row);
        }
    }
    return table;
}

Table confusionTable(const EvaluationResults& results)
{
    const std::string one = nameOfLabel(results.evaluation.attribute, 1),
                      zero = nameOfLabel(results.evaluation.attribute, 0);
    Table table = { "confusion", "Confusion",
        "Faces by true and by apparent label, at the threshold of equal errors on the originals.",
        { { "network", "classifier", Unit::TEXT }, { "method", "faces", Unit::TEXT },
            { "threshold", "threshold", Unit::NUMBER }, { "label_1_as_1", one + " as " + one, Unit::COUNT },
            { "label_1_as_0", one + " as " + zero, Unit::COUNT }, { "label_0_as_0", zero + " as " + zero, Unit::COUNT },
            { "label_0_as_1", zero + " as " + one, Unit::COUNT } },
        {} };
    for (const EvaluatedClassifier& classifier : results.classifiers)
        for (size_t method = 0; method < results.methods(); ++method)
        {
            const cv::Matx22d counts = classifier.results[method][0].confusion(classifier.thresholds[0]);
            table.rows.push_back({ classifier.name, results.title(method), classifier.thresholds[0], counts(1, 1),
                counts(1, 0), counts(0, 0), counts(0, 1) });
        }
    return table;
}

Table scoreTable(const EvaluationResults& results)
{
    const EvaluationSet& set = results.evaluation.set;
    Table table = { "scores", "", "", { { "file", "", Unit::TEXT }, { "label", "", Unit::COUNT } }, {} };
    for (const EvaluatedFace& face : set.faces)
        table.rows.push_back({ face.file, double(face.label) });
    for (const EvaluatedClassifier& classifier : results.classifiers)
        for (size_t method = 0; method < results.methods(); ++method)
        {
            const ClassifierResult& result = classifier.results[method][0];
            const std::string name = classifier.name + " " + results.title(method);
            table.columns.push_back({ name, name, Unit::NUMBER });
            for (std::vector<Cell>& row : table.rows)
                row.push_back(NAN);
            for (size_t i = 0; i < result.faces.size(); ++i)
                table.rows[result.faces[i]].back() = result.scores[i];
        }
    return table;
}

}} // namespace sanprivacy::apps
