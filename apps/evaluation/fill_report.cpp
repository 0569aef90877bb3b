// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#include "evaluation/fill_report.hpp"

#include "evaluation/tables/tables.hpp"

#include <algorithm>

namespace sanprivacy { namespace apps {

const std::vector<std::string>& reportFiles()
{
    static const std::vector<std::string> names = { "report.html", "report.json", "summary.csv", "data.csv",
        "classifiers.csv", "matchers.csv", "attackers.csv", "adaptive_attackers.csv", "retrained.csv", "groups.csv",
        "privacy_gain.csv", "confusion.csv", "diagnostics.csv", "options.csv", "scores.csv" };
    return names;
}

void fillReport(const Evaluation& evaluation, ResultCache& cache, Diagnostics& diagnostics, Report& report)
{
    const EvaluationResults results(evaluation, cache, diagnostics);
    const bool has_matchers = !results.matchers.empty();
    const bool has_retrained = std::any_of(results.classifiers.begin(), results.classifiers.end(),
        [](const EvaluatedClassifier& c) { return c.retrained; });
    report.add(summaryTable(results));
    report.add(dataTable(results));
    if (!evaluation.images.rows.empty())
        report.add(evaluation.images);
    report.add(classifierTable(results, false));
    report.add("ROC of the classifiers (Figure 6)",
        "The nearer to the diagonal, the less a classifier knows, whatever its threshold; "
        "below it, inverting its answers would make it right.",
        classifierPlots(results));
    if (has_matchers)
    {
        report.add(matcherTable(results));
        report.add("ROC of the matchers (Figure 7)",
            "The nearer to the originals' curve, the better a person is still recognised.", matcherPlots(results));
    }
    report.add(attackerTable(results));
    if (!results.adaptive.empty())
        report.add(adaptiveAttackerTable(results));
    if (has_retrained)
        report.add(classifierTable(results, true));
    else
        report.add("Attackers who retrain",
            std::string("The strongest attacker is missing from this report: none of its classifiers was "
                        "trained on perturbed faces (--retrained). ")
                + (evaluation.trainer_installed ? "sanprivacy-train classifier trains one."
                                                : "sanprivacy-train, which trains one, is not installed here."),
            {});
    if (!evaluation.set.group_columns.empty())
        report.add(groupTable(results));
    if (has_matchers)
        report.add(privacyGainTable(results));
    report.add(confusionTable(results));
    report.add(diagnosticTable(diagnostics));
    report.add(evaluation.options);
    report.addFile(scoreTable(results));
}

}} // namespace sanprivacy::apps
