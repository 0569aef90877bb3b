// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#include "evaluation/results/adaptive_result.hpp"

#include "common/workers.hpp"
#include "evaluation/attackers/adaptive_attacker.hpp"

#include <algorithm>
#include <map>
#include <memory>

using namespace cv::sanprivacy;

namespace sanprivacy { namespace apps {

namespace {

//! A kind of features: the descriptors of a matcher, or gradients.
struct FeatureKind
{
    std::string name;
    size_t network; //!< unless they are gradients
    bool are_gradients;
    int distance;

    const Outputs& of(const Measured& measured, size_t attacker) const
    {
        return are_gradients ? measured.gradients[attacker] : measured.outputs[network][attacker];
    }
};

std::vector<FeatureKind> featureKinds(const std::vector<ModelDescription>& networks)
{
    std::vector<FeatureKind> kinds;
    for (size_t i = 0; i < networks.size(); ++i)
        if (networks[i].task == NETWORK_MATCHER)
            kinds.push_back({ networks[i].name, i, false, networks[i].distance });
    kinds.push_back({ "gradients", 0, true, DISTANCE_EUCLIDEAN });
    return kinds;
}

//! Rows to learn from and to attack.
struct Examples
{
    cv::Mat1f features;
    std::vector<int> labels, people;

    void add(const EvaluationSet& set, size_t face, const std::vector<float>& output, int label)
    {
        features.push_back(cv::Mat1f(output, true).reshape(1, 1));
        labels.push_back(label);
        people.push_back(set.faces[face].person);
    }
};

//! AUC and equal error rate of scores.
void setFigures(const std::vector<float>& scores, const std::vector<int>& labels, double& auc, double& eer)
{
    const int ones = cv::countNonZero(labels);
    if (scores.empty() || ones == 0 || ones == int(labels.size()))
        return;
    cv::Mat1d fpr, tpr, thresholds;
    rocCurve(scores, labels, fpr, tpr, thresholds);
    auc = areaUnderCurve(fpr, tpr);
    eer = equalErrorRate(fpr, tpr);
}

AttackFigures attackLabels(const EvaluationSet& set, const AdaptiveAttacker& attacker, const Outputs& outputs)
{
    Examples examples;
    for (size_t i = 0; i < outputs.size(); ++i)
        if (!outputs[i].empty())
            examples.add(set, i, outputs[i], set.faces[i].label);
    AttackFigures figures;
    const std::vector<float> scores = crossValidate(attacker, examples.features, examples.labels, examples.people);
    setFigures(scores, examples.labels, figures.auc, figures.error);
    if (set.has_identities)
    {
        std::vector<float> votes;
        std::vector<int> vote_labels;
        double eer;
        vote(scores, examples.labels, examples.people, votes, vote_labels);
        setFigures(votes, vote_labels, figures.vote_auc, eer);
    }
    return figures;
}

AttackFigures distinguishTreated(
    const EvaluationSet& set, const AdaptiveAttacker& attacker, const Outputs& originals, const Outputs& outputs)
{
    Examples examples;
    for (size_t i = 0; i < outputs.size(); ++i)
        if (!outputs[i].empty() && !originals[i].empty())
        {
            examples.add(set, i, originals[i], 0);
            examples.add(set, i, outputs[i], 1);
        }
    AttackFigures figures;
    setFigures(crossValidate(attacker, examples.features, examples.labels, examples.people), examples.labels,
        figures.auc, figures.error);
    return figures;
}

std::unique_ptr<AdaptiveAttacker> createAttacker(const std::string& name, const FeatureKind& kind)
{
    return name == "neighbors" ? createNearestNeighbors(kind.distance) : createLinearProbe();
}

} // namespace

std::vector<AdaptiveResult> attackAdaptively(const EvaluationSet& set, const std::vector<ModelDescription>& networks,
    const std::vector<Measured>& measured, const std::vector<std::string>& names, int inner)
{
    const std::vector<FeatureKind> kinds = featureKinds(networks);
    const std::map<std::string, std::string> titles = { { "neighbors", "nearest neighbors" },
        { "probe", "linear probe" }, { "treated", "treated or not" } };
    struct Task
    {
        size_t result, kind, method;
        bool inner;
    };
    std::vector<AdaptiveResult> results;
    std::vector<Task> tasks;
    for (const std::string& name : names)
        for (size_t kind = 0; kind < kinds.size(); ++kind)
        {
            const std::vector<AttackFigures> none(measured.size());
            results.push_back({ name, titles.at(name), kinds[kind].name, none, none });
            for (size_t method = name == "treated" ? 1 : 0; method < measured.size(); ++method)
                for (bool of_inner : { false, true })
                    if (!of_inner || inner >= 0)
                        tasks.push_back({ results.size() - 1, kind, method, of_inner });
        }
    const size_t done = forEach(tasks.size(),
        [&](size_t, size_t i)
        {
            const Task& task = tasks[i];
            AdaptiveResult& result = results[task.result];
            const size_t view = task.inner ? size_t(inner) : 0;
            const FeatureKind& kind = kinds[task.kind];
            const std::unique_ptr<AdaptiveAttacker> attacker = createAttacker(result.attacker, kind);
            const Outputs& outputs = kind.of(measured[task.method], view);
            (task.inner ? result.inner : result.whole)[task.method] =
                result.attacker == "treated" ? distinguishTreated(set, *attacker, kind.of(measured[0], view), outputs)
                                             : attackLabels(set, *attacker, outputs);
        });
    if (done < tasks.size())
        throw Interrupted("interrupted; what was measured is kept for the next run");
    return results;
}

}} // namespace sanprivacy::apps
