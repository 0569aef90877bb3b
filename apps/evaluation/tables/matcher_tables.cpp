// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#include "evaluation/tables/tables.hpp"

#include <cmath>

#include <opencv2/sanprivacy.hpp>

using cv::sanprivacy::privacyGainIdentityLoss;

namespace sanprivacy { namespace apps {

Table matcherTable(const EvaluationResults& results)
{
    Table table = { "matchers", "Table 3: true match rate",
        "Of all genuine and impostor pairs, at false match rates of 1, 0.1 and 0.01 %, with the 95 % "
        "interval of a bootstrap over people. "
        "Originals are compared with originals; perturbed faces with the originals, except with their own.",
        { { "network", "matcher", Unit::TEXT }, { "method", "faces", Unit::TEXT } }, {} };
    for (double rate : FALSE_MATCH_RATES)
        table.columns.push_back({ cv::format("tmr_at_fmr_%g", rate), cv::format("TMR at FMR %g %%", 100 * rate),
            Unit::PERCENT, Tint::USE, true });
    table.columns.push_back({ "eer", "EER", Unit::PERCENT });
    for (const EvaluatedMatcher& matcher : results.matchers)
        for (size_t method = 0; method < results.methods(); ++method)
        {
            std::vector<Cell> row = { matcher.name, results.title(method) };
            row.insert(row.end(), matcher.results[method].tmr.begin(), matcher.results[method].tmr.end());
            row.push_back(matcher.results[method].eer);
            table.rows.push_back(row);
        }
    return table;
}

std::vector<Plot> matcherPlots(const EvaluationResults& results)
{
    std::vector<Plot> plots;
    for (const EvaluatedMatcher& matcher : results.matchers)
    {
        Plot plot = { "matcher " + matcher.name, matcher.name, "false match rate, %", "true match rate, %", true, {} };
        for (const MatchResult& result : matcher.results)
            plot.lines.push_back(result.curve);
        plots.push_back(plot);
    }
    return plots;
}

Table privacyGainTable(const EvaluationResults& results)
{
    Table table = { "privacy_gain", "Privacy gained against identity lost",
        "Privacy-gain identity-loss coefficient (Terhörst et al. 2020): relative growth of the "
        "classifier's error less relative growth of the "
        "matcher's EER. Above 0 more privacy is gained than recognition is lost.",
        { { "network", "classifier", Unit::TEXT }, { "method", "faces", Unit::TEXT } }, {} };
    for (const EvaluatedMatcher& matcher : results.matchers)
        table.columns.push_back({ matcher.name, matcher.name, Unit::NUMBER });
    for (const EvaluatedClassifier& classifier : results.classifiers)
        for (size_t method = 1; method < results.methods(); ++method)
        {
            std::vector<Cell> row = { classifier.name, results.title(method) };
            for (const EvaluatedMatcher& matcher : results.matchers)
            {
                const double gain = privacyGainIdentityLoss(
                    classifier.error(0), classifier.error(method), matcher.results[0].eer, matcher.results[method].eer);
                row.push_back(std::isfinite(gain) ? gain : NAN);
            }
            table.rows.push_back(row);
        }
    return table;
}

}} // namespace sanprivacy::apps
