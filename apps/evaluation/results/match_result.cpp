// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#include "evaluation/results/match_result.hpp"

#include "evaluation/cache_keys.hpp"

#include <nlohmann/json.hpp>
#include <opencv2/sanprivacy.hpp>

using namespace cv::sanprivacy;
using nlohmann::json;

namespace sanprivacy { namespace apps {

namespace {

cv::Mat1f descriptors(const Outputs& outputs, const std::vector<size_t>& faces)
{
    cv::Mat1f rows;
    for (size_t face : faces)
        rows.push_back(cv::Mat1f(outputs[face], true).reshape(1, 1));
    return rows;
}

json toJson(const MatchResult& result)
{
    json object = { { "pairs", { result.genuine_pairs, result.impostor_pairs } }, { "eer", result.eer },
        { "auc", result.auc }, { "x", result.curve.x }, { "y", result.curve.y } };
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

MatchResult matchFaces(const EvaluationSet& set, size_t network, const ModelDescription& description,
    const Measured& originals, const Measured& perturbed, const BootstrapOptions& bootstrap, ResultCache& cache)
{
    const Outputs& before = originals.outputs[network][0];
    const Outputs& after = perturbed.outputs[network][0];
    std::vector<size_t> faces;
    std::vector<int> people;
    for (size_t i = 0; i < before.size(); ++i)
        if (!before[i].empty() && !after[i].empty())
        {
            faces.push_back(i);
            people.push_back(set.faces[i].person);
        }
    const std::string key =
        matchingKey(originals.digest, perturbed.digest, description, faces, FALSE_MATCH_RATES, bootstrap);
    std::string known;
    if (cache.find(key, known))
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
    cache.store(key, toJson(result).dump());
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
    return MatchEvaluation::create(descriptors(outputs, faces), cv::noArray(), people, distance)
        ->matchThreshold(false_match_rate);
}

}} // namespace sanprivacy::apps
