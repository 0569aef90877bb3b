// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#include "evaluation/results.hpp"

#include "common/digest.hpp"


#include <cmath>

#include <nlohmann/json.hpp>
#include <opencv2/sanprivacy.hpp>

using namespace cv::sanprivacy;
using nlohmann::json;

namespace sanprivacy { namespace apps {

namespace {

Cell withInterval(double value, const cv::Mat1d& replicates)
{
    double lower = NAN, upper = NAN;
    confidenceInterval(replicates, lower, upper);
    return Cell(value, lower, upper);
}

cv::Mat1f descriptors(const Outputs& outputs, const std::vector<size_t>& faces)
{
    cv::Mat1f rows;
    for (size_t face : faces)
        rows.push_back(cv::Mat1f(outputs[face], true).reshape(1, 1));
    return rows;
}

json toJson(const MatchResult& result)
{
    json object = { { "pairs", { result.genuine_pairs, result.impostor_pairs } }, { "eer", result.eer }, { "auc", result.auc },
                    { "x", result.curve.x }, { "y", result.curve.y } };
    for (const Cell& cell : result.tmr)
        object["tmr"].push_back({ cell.value, cell.lower, cell.upper });
    return object;
}

MatchResult fromJson(const json& object, const std::string& title)
{
    MatchResult result;
    result.genuine_pairs = object["pairs"][0];
    result.impostor_pairs = object["pairs"][1];
    for (const json& cell : object["tmr"])
        result.tmr.push_back(Cell(double(cell[0]), double(cell[1]), double(cell[2])));
    result.eer = object["eer"];
    result.auc = object["auc"];
    result.curve = { title, object["x"], object["y"] };
    return result;
}

} // namespace

Line thinned(const std::string& title, const cv::Mat1d& x, const cv::Mat1d& y)
{
    const double step = 1. / 400, logarithmic_step = 0.02, least = 1e-6;
    Line line = { title, {}, {} };
    for (int i = 0; i < x.rows; ++i)
    {
        const bool last = i == x.rows - 1;
        if (!line.x.empty() && !last && std::abs(x(i) - line.x.back()) < step && std::abs(y(i) - line.y.back()) < step
            && std::log10(std::max(x(i), least)) - std::log10(std::max(line.x.back(), least)) < logarithmic_step)
            continue;
        line.x.push_back(x(i));
        line.y.push_back(y(i));
    }
    return line;
}

ClassifierResult::ClassifierResult(const EvaluationSet& set, const Outputs& outputs) : auc(NAN), eer(NAN)
{
    for (size_t i = 0; i < outputs.size(); ++i)
        if (!outputs[i].empty())
        {
            faces.push_back(i);
            scores.push_back(outputs[i].front());
            labels.push_back(set.faces[i].label);
        }
    const int ones = cv::countNonZero(labels);
    if (ones > 0 && ones < int(labels.size()))
    {
        rocCurve(scores, labels, fpr, tpr, thresholds);
        auc = areaUnderCurve(fpr, tpr);
        eer = equalErrorRate(fpr, tpr);
    }
}

double ClassifierResult::equalErrorThreshold() const
{
    return thresholds.empty() ? 0.5 : cv::sanprivacy::equalErrorThreshold(fpr, tpr, thresholds);
}

double ClassifierResult::errorAt(double threshold) const
{
    return scores.empty() ? NAN : errorRate(scores, labels, threshold);
}

double ClassifierResult::errorOfLabel(int label, double threshold) const
{
    const cv::Matx22d counts = confusion(threshold);
    return counts(label, 1 - label) / (counts(label, 0) + counts(label, 1)); // NAN where there are none
}

Cell ClassifierResult::errorWithInterval(double threshold, const EvaluationSet& set, const BootstrapOptions& bootstrap) const
{
    if (scores.empty())
        return Cell(NAN);
    std::vector<float> errors;
    std::vector<int> people;
    for (size_t i = 0; i < faces.size(); ++i)
    {
        errors.push_back((scores[i] >= threshold) != (labels[i] == 1));
        people.push_back(set.faces[faces[i]].person);
    }
    cv::Mat1d means;
    bootstrapMean(errors, people, means, bootstrap.replicates, bootstrap.seed);
    return withInterval(errorAt(threshold), means);
}

cv::Matx22d ClassifierResult::confusion(double threshold) const
{
    cv::Matx22d counts;
    confusionMatrix(scores, labels, threshold, counts);
    return counts;
}

MatchResult matchFaces(const EvaluationSet& set, size_t network, const ModelDescription& description,
                       const Measured& originals, const Measured& perturbed, const BootstrapOptions& bootstrap,
                       ResultCache& cache)
{
    const Outputs& before = originals.outputs[network][0];
    const Outputs& after = perturbed.outputs[network][0];
    std::vector<size_t> faces;
    std::vector<int> people;
    Digest digest;
    digest.add("matching").add(originals.digest).add(perturbed.digest).add(description.name)
        .add(std::to_string(bootstrap.replicates)).add(std::to_string(bootstrap.seed));
    for (size_t i = 0; i < before.size(); ++i)
        if (!before[i].empty() && !after[i].empty())
        {
            faces.push_back(i);
            people.push_back(set.faces[i].person);
            digest.add(std::to_string(i));
        }
    std::string known;
    if (cache.find(digest.value(), known))
        return fromJson(json::parse(known), perturbed.title);

    cv::Mat1f perturbed_descriptors;
    if (&perturbed != &originals)
        perturbed_descriptors = descriptors(after, faces);
    const cv::Ptr<MatchEvaluation> evaluation =
        MatchEvaluation::create(descriptors(before, faces), perturbed_descriptors, people, description.distance);
    MatchResult result;
    result.genuine_pairs = evaluation->genuinePairs();
    result.impostor_pairs = evaluation->impostorPairs();
    cv::Mat1d fmr, tmr, thresholds, replicates;
    evaluation->roc(fmr, tmr, thresholds);
    result.auc = areaUnderCurve(fmr, tmr);
    result.eer = equalErrorRate(fmr, tmr);
    result.curve = thinned(perturbed.title, fmr, tmr);
    for (double rate : FALSE_MATCH_RATES)
    {
        evaluation->bootstrap(rate, replicates, bootstrap.replicates, bootstrap.seed);
        result.tmr.push_back(withInterval(evaluation->trueMatchRate(rate), replicates));
    }
    cache.store(digest.value(), toJson(result).dump());
    return result;
}

double impostorThreshold(const EvaluationSet& set, const Outputs& outputs, int distance, double false_match_rate)
{
    std::vector<size_t> faces;
    std::vector<int> people;
    for (size_t i = 0; i < outputs.size(); ++i)
        if (!outputs[i].empty())
        {
            faces.push_back(i);
            people.push_back(set.faces[i].person);
        }
    return MatchEvaluation::create(descriptors(outputs, faces), cv::noArray(), people, distance)->matchThreshold(false_match_rate);
}

}} // namespace sanprivacy::apps
