// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#include "evaluation/tables/tables.hpp"

#include <map>

namespace sanprivacy { namespace apps {

Table summaryTable(const EvaluationResults& results)
{
    Table table = { "summary", "Summary",
        "A method protects no better than its strongest attacker allows. " + results.evaluation.attribute
            + " error: mean over the classifiers, "
              "at the threshold where each errs equally often on both labels of the originals; 50 % is "
              "chance. Strongest attacker: of those in this report the one with the least error, who changes the "
              "images, "
              "chooses a new threshold (and may invert the answers), or retrains. "
              "TMR at FMR 1 %: mean over the matchers, perturbed against original faces. Detected: the "
              "detector finds the face. "
              "PSNR and SSIM: of the gray face region.",
        { { "method", "method", Unit::TEXT },
            { "error", results.evaluation.attribute + " error", Unit::PERCENT, Tint::PROTECTION },
            { "strongest_attack_error", "error of the strongest attacker", Unit::PERCENT, Tint::PROTECTION },
            { "strongest_attack", "strongest attacker", Unit::TEXT },
            { "tmr_at_fmr_0.01", "TMR at FMR 1 %", Unit::PERCENT, Tint::USE },
            { "detected", "detected", Unit::PERCENT, Tint::USE }, { "psnr", "PSNR", Unit::DECIBEL } },
        {} };
    if (isSsimMeasured())
        table.columns.push_back({ "ssim", "SSIM", Unit::NUMBER });
    for (size_t method = 0; method < results.methods(); ++method)
    {
        std::vector<double> tmr, detected, psnr, ssim;
        for (const EvaluatedMatcher& matcher : results.matchers)
            tmr.push_back(matcher.results[method].tmr[0].value);
        for (const Appearance& appearance : results.evaluation.measured[method].appearances)
            if (appearance.measured)
            {
                detected.push_back(appearance.detected);
                psnr.push_back(appearance.psnr);
                ssim.push_back(appearance.ssim);
            }
        std::string attacker;
        const double least = results.strongestAttack(method, attacker);
        const bool changed = method > 0;
        table.rows.push_back({ results.title(method), results.meanError(method, 0), least, attacker, mean(tmr),
            mean(detected), changed ? mean(psnr) : NAN });
        if (isSsimMeasured())
            table.rows.back().push_back(changed ? mean(ssim) : NAN);
    }
    return table;
}

Table dataTable(const EvaluationResults& results)
{
    const EvaluationSet& set = results.evaluation.set;
    std::map<int, int> images;
    double ones = 0;
    for (const EvaluatedFace& face : set.faces)
    {
        ones += face.label;
        ++images[face.person];
    }
    double singles = 0;
    for (const auto& person : images)
        singles += person.second == 1;
    const double faces = double(set.faces.size());
    const MatchResult* match = results.matchers.empty() ? nullptr : &results.matchers[0].results[0];
    return { "data", "Table 1: data",
        "Pairs are those of originals against originals; perturbed faces meet the originals in both orders.",
        { { "set", "set", Unit::TEXT }, { "listed", "listed", Unit::COUNT }, { "evaluated", "evaluated", Unit::COUNT },
            { "label_1", nameOfLabel(results.evaluation.attribute, 1), Unit::COUNT },
            { "label_0", nameOfLabel(results.evaluation.attribute, 0), Unit::COUNT },
            { "people", "people", Unit::COUNT }, { "people_with_one_image", "of one image", Unit::COUNT },
            { "genuine_pairs", "genuine pairs", Unit::COUNT }, { "impostor_pairs", "impostor pairs", Unit::COUNT } },
        { { set.name, double(set.listed), faces, ones, faces - ones, set.has_identities ? double(images.size()) : NAN,
            set.has_identities ? singles : NAN, match ? match->genuine_pairs : NAN,
            match ? match->impostor_pairs : NAN } } };
}

Table diagnosticTable(const Diagnostics& diagnostics)
{
    Table table = { "diagnostics", "What was left out, and notes",
        diagnostics.all().empty() ? "Nothing: every listed face and every network is in the tables." : "",
        { { "kind", "", Unit::TEXT }, { "subject", "what", Unit::TEXT }, { "diagnostic", "why", Unit::TEXT } }, {} };
    for (bool failure : { true, false })
        for (const Diagnostic& diagnostic : diagnostics.all())
            if (diagnostic.failure == failure)
                table.rows.push_back({ failure ? "left out" : "note", diagnostic.subject, diagnostic.what });
    return table;
}

}} // namespace sanprivacy::apps
