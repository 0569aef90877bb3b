// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#include "evaluation/tables.hpp"

#include "common/message.hpp"


#include <algorithm>
#include <map>
#include <memory>

#include <opencv2/sanprivacy.hpp>

using namespace cv::sanprivacy;

namespace sanprivacy { namespace apps {

namespace {

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

//! Share of wrong answers that somebody has who may turn a classifier's answers round.
double turned(double error)
{
    return std::min(error, 1 - error);
}

//! Everything computed once, from which the tables are taken.
class Tables
{
public:
    Tables(const Evaluation& evaluation, ResultCache& cache, Diagnostics& diagnostics);

    Table summary() const;
    Table data() const;
    Table classifiers(bool retrained) const;
    Table matchers() const;
    Table attackers() const;
    Table groups() const;
    Table gains() const;
    Table confusion() const;
    Table scores() const;
    std::vector<Plot> classifierPlots() const;
    std::vector<Plot> matcherPlots() const;

    bool hasRetrained() const { return std::any_of(classifiers_.begin(), classifiers_.end(), [](const Classifier& c) { return c.retrained; }); }
    bool hasMatchers() const { return !matchers_.empty(); }

private:
    struct Classifier
    {
        std::string name;
        bool retrained;
        std::vector<std::vector<ClassifierResult>> results; //!< by method, then by attacker
        std::vector<double> thresholds;                     //!< of equal errors on originals, by attacker

        double error(size_t method, size_t attacker = 0) const { return results[method][attacker].errorAt(thresholds[attacker]); }
    };
    struct Matcher
    {
        std::string name;
        std::vector<MatchResult> results; //!< by method
    };

    size_t methods() const { return evaluation_.measured.size(); }
    const std::string& title(size_t method) const { return evaluation_.measured[method].title; }
    double meanError(size_t method, size_t attacker) const;
    //! The least mean error of a classifier that any attacker of the report reaches, and who that is.
    double strongestAttack(size_t method, std::string& attacker) const;

    const Evaluation& evaluation_;
    std::vector<Classifier> classifiers_;
    std::vector<Matcher> matchers_;
};

Tables::Tables(const Evaluation& evaluation, ResultCache& cache, Diagnostics& diagnostics) : evaluation_(evaluation)
{
    for (size_t network = 0; network < evaluation.networks.size(); ++network)
    {
        const ModelDescription& description = evaluation.networks[network];
        if (description.task == NETWORK_CLASSIFIER)
        {
            Classifier classifier = { description.name, evaluation.retrained.count(description.name) > 0, {}, {} };
            for (const Measured& measured : evaluation.measured)
            {
                classifier.results.emplace_back();
                for (const Outputs& outputs : measured.outputs[network])
                    classifier.results.back().push_back(ClassifierResult(evaluation.set, outputs));
            }
            for (const ClassifierResult& originals : classifier.results[0])
                classifier.thresholds.push_back(originals.equalErrorThreshold());
            if (classifier.results[0][0].thresholds.empty())
                diagnostics.note(description.name, "only one label among the faces: errors are those at 0.5, and there is no curve");
            classifiers_.push_back(classifier);
        }
        else if (evaluation.set.has_identities)
            try
            {
                Matcher matcher = { description.name, {} };
                for (const Measured& measured : evaluation.measured)
                    matcher.results.push_back(matchFaces(evaluation.set, network, description, evaluation.measured[0], measured,
                                                         evaluation.bootstrap, cache));
                matchers_.push_back(matcher);
            }
            catch (const std::exception& error)
            {
                diagnostics.fail("matcher " + description.name, message(error));
            }
    }
    if (!evaluation.set.has_identities)
        diagnostics.note(evaluation.set.name, "no column of identities: nothing can be said of matching");
}

double Tables::meanError(size_t method, size_t attacker) const
{
    std::vector<double> errors;
    for (const Classifier& classifier : classifiers_)
        if (!classifier.retrained)
            errors.push_back(classifier.error(method, attacker));
    return mean(errors);
}

double Tables::strongestAttack(size_t method, std::string& attacker) const
{
    double least = meanError(method, 0);
    attacker = evaluation_.attackers[0].title;
    const auto consider = [&](double error, const std::string& who)
    {
        if (error < least)
        {
            least = error;
            attacker = who;
        }
    };
    for (size_t i = 1; i < evaluation_.attackers.size(); ++i)
        consider(meanError(method, i), evaluation_.attackers[i].title);
    std::vector<double> errors;
    for (const Classifier& classifier : classifiers_)
        if (!classifier.retrained)
            errors.push_back(turned(classifier.results[method][0].eer));
    consider(mean(errors), "new threshold");
    for (const Classifier& classifier : classifiers_)
        if (classifier.retrained)
            consider(turned(classifier.results[method][0].eer), classifier.name);
    return least;
}

Table Tables::summary() const
{
    Table table = { "summary", "Summary",
        "A method is worth what its strongest attacker leaves of it. " + evaluation_.attribute + " error: mean over the classifiers, "
        "at the threshold where each errs equally often on both labels of the originals; 50 % is chance. Strongest attacker: who among those "
        "of this report has the least error, be it by treating the images, by a new threshold (or turned answers), or by retraining. "
        "TMR at FMR 1 %: mean over the matchers, perturbed against original faces. Detected: the detector finds the face. "
        "PSNR and SSIM: of the gray face region.",
        { { "method", "method", Unit::TEXT },
          { "error", evaluation_.attribute + " error", Unit::PERCENT, Tint::PROTECTION },
          { "strongest_attack_error", "error of the strongest attacker", Unit::PERCENT, Tint::PROTECTION },
          { "strongest_attack", "strongest attacker", Unit::TEXT },
          { "tmr_at_fmr_0.01", "TMR at FMR 1 %", Unit::PERCENT, Tint::USE },
          { "detected", "detected", Unit::PERCENT, Tint::USE },
          { "psnr", "PSNR", Unit::DECIBEL },
          { "ssim", "SSIM", Unit::NUMBER } }, {} };
    for (size_t method = 0; method < methods(); ++method)
    {
        std::vector<double> tmr, detected, psnr, ssim;
        for (const Matcher& matcher : matchers_)
            tmr.push_back(matcher.results[method].tmr[0].value);
        for (const Appearance& appearance : evaluation_.measured[method].appearances)
            if (appearance.measured)
            {
                detected.push_back(appearance.detected);
                psnr.push_back(appearance.psnr);
                ssim.push_back(appearance.ssim);
            }
        std::string attacker;
        const double least = strongestAttack(method, attacker);
        const bool changed = method > 0;
        table.rows.push_back({ title(method), meanError(method, 0), least, attacker, mean(tmr), mean(detected),
                               changed ? mean(psnr) : NAN, changed ? mean(ssim) : NAN });
    }
    return table;
}

Table Tables::data() const
{
    const EvaluationSet& set = evaluation_.set;
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
    const MatchResult* match = matchers_.empty() ? nullptr : &matchers_[0].results[0];
    return { "data", "Table 1: data", "Pairs are those of originals against originals; perturbed faces meet the originals in both orders.",
        { { "set", "set", Unit::TEXT }, { "listed", "listed", Unit::COUNT }, { "evaluated", "evaluated", Unit::COUNT },
          { "label_1", nameOfLabel(evaluation_.attribute, 1), Unit::COUNT }, { "label_0", nameOfLabel(evaluation_.attribute, 0), Unit::COUNT },
          { "people", "people", Unit::COUNT }, { "people_with_one_image", "of one image", Unit::COUNT },
          { "genuine_pairs", "genuine pairs", Unit::COUNT }, { "impostor_pairs", "impostor pairs", Unit::COUNT } },
        { { set.name, double(set.listed), faces, ones, faces - ones, set.has_identities ? double(images.size()) : NAN,
            set.has_identities ? singles : NAN, match ? match->genuine_pairs : NAN, match ? match->impostor_pairs : NAN } } };
}

Table Tables::classifiers(bool retrained) const
{
    Table table = { retrained ? "retrained" : "classifiers",
        retrained ? "Attackers who retrain" : "Table 2: " + evaluation_.attribute + " error",
        retrained ? "Classifiers that were trained on perturbed faces with their true labels. A method that protects only from the "
                    "classifiers of Table 2 shows a low error here." :
        "Share of faces that a classifier takes for the other label: at 0.5, and at the threshold of equal errors on the originals, with the "
        "95 % interval of a bootstrap over people. AUC and EER: of the classifier's scores on these faces, whatever the threshold. "
        "Suppression: relative loss of accuracy at the second threshold.",
        { { "network", "classifier", Unit::TEXT }, { "method", "faces", Unit::TEXT },
          { "error_at_0.5", "error at 0.5", Unit::PERCENT },
          { "error", "error at EER threshold", Unit::PERCENT, Tint::PROTECTION, true },
          { "error_label_1", nameOfLabel(evaluation_.attribute, 1), Unit::PERCENT },
          { "error_label_0", nameOfLabel(evaluation_.attribute, 0), Unit::PERCENT },
          { "auc", "AUC", Unit::PERCENT }, { "eer", "EER", Unit::PERCENT },
          { "suppression_rate", "suppression", Unit::PERCENT } }, {} };
    for (const Classifier& classifier : classifiers_)
        if (classifier.retrained == retrained)
            for (size_t method = 0; method < methods(); ++method)
            {
                const ClassifierResult& result = classifier.results[method][0];
                const double threshold = classifier.thresholds[0], accuracy_before = 1 - classifier.error(0);
                table.rows.push_back({ classifier.name, title(method), result.errorAt(0.5),
                    result.errorWithInterval(threshold, evaluation_.set, evaluation_.bootstrap),
                    result.errorOfLabel(1, threshold), result.errorOfLabel(0, threshold), result.auc, result.eer,
                    method > 0 && accuracy_before > 0 ? suppressionRate(accuracy_before, 1 - result.errorAt(threshold)) : NAN });
            }
    return table;
}

Table Tables::matchers() const
{
    Table table = { "matchers", "Table 3: true match rate",
        "Of all genuine and impostor pairs, at false match rates of 1, 0.1 and 0.01 %, with the 95 % interval of a bootstrap over people. "
        "Originals are compared with originals; perturbed faces with the originals, except with their own.",
        { { "network", "matcher", Unit::TEXT }, { "method", "faces", Unit::TEXT } }, {} };
    for (double rate : FALSE_MATCH_RATES)
        table.columns.push_back({ cv::format("tmr_at_fmr_%g", rate), cv::format("TMR at FMR %g %%", 100 * rate), Unit::PERCENT, Tint::USE, true });
    table.columns.push_back({ "eer", "EER", Unit::PERCENT });
    for (const Matcher& matcher : matchers_)
        for (size_t method = 0; method < methods(); ++method)
        {
            std::vector<Cell> row = { matcher.name, title(method) };
            row.insert(row.end(), matcher.results[method].tmr.begin(), matcher.results[method].tmr.end());
            row.push_back(matcher.results[method].eer);
            table.rows.push_back(row);
        }
    return table;
}

Table Tables::attackers() const
{
    Table table = { "attackers", "Attackers who know",
        "Error of each classifier when the attacker treats every image first (the threshold is that of equal errors on originals treated "
        "alike), or sets a new threshold on labelled perturbed faces and turns the answers round if that helps. "
        "Attackers who retrain a classifier come on top of these.",
        { { "network", "classifier", Unit::TEXT }, { "method", "faces", Unit::TEXT } }, {} };
    for (const Attacker& attacker : evaluation_.attackers)
        table.columns.push_back({ attacker.name, attacker.title, Unit::PERCENT, Tint::PROTECTION });
    table.columns.push_back({ "new_threshold", "new threshold", Unit::PERCENT, Tint::PROTECTION });
    for (const Classifier& classifier : classifiers_)
        for (size_t method = 0; method < methods(); ++method)
        {
            std::vector<Cell> row = { classifier.name, title(method) };
            for (size_t attacker = 0; attacker < evaluation_.attackers.size(); ++attacker)
                row.push_back(classifier.error(method, attacker));
            row.push_back(turned(classifier.results[method][0].eer));
            table.rows.push_back(row);
        }
    return table;
}

Table Tables::groups() const
{
    Table table = { "groups", "By group", "Mean error of the classifiers of Table 2 within each group, at their common thresholds: does a method "
                    "protect everybody?",
        { { "attribute", "attribute", Unit::TEXT }, { "group", "group", Unit::TEXT }, { "faces", "faces", Unit::COUNT } }, {} };
    for (size_t method = 0; method < methods(); ++method)
        table.columns.push_back({ title(method), title(method), Unit::PERCENT, Tint::PROTECTION });
    const EvaluationSet& set = evaluation_.set;
    for (size_t column = 0; column < set.group_columns.size(); ++column)
    {
        std::map<std::string, double> counts;
        for (const EvaluatedFace& face : set.faces)
            ++counts[face.groups[column]];
        for (const auto& group : counts)
        {
            std::vector<Cell> row = { set.group_columns[column], group.first.empty() ? "(not given)" : group.first, group.second };
            for (size_t method = 0; method < methods(); ++method)
            {
                std::vector<double> errors;
                for (const Classifier& classifier : classifiers_)
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

Table Tables::gains() const
{
    Table table = { "privacy_gain", "Privacy gained against identity lost",
        "Privacy-gain identity-loss coefficient (Terhörst et al. 2020): relative growth of the classifier's error less relative growth of the "
        "matcher's EER. Above 0 more privacy is gained than recognition is lost.",
        { { "network", "classifier", Unit::TEXT }, { "method", "faces", Unit::TEXT } }, {} };
    for (const Matcher& matcher : matchers_)
        table.columns.push_back({ matcher.name, matcher.name, Unit::NUMBER });
    for (const Classifier& classifier : classifiers_)
        for (size_t method = 1; method < methods(); ++method)
        {
            std::vector<Cell> row = { classifier.name, title(method) };
            for (const Matcher& matcher : matchers_)
            {
                const double gain = privacyGainIdentityLoss(classifier.error(0), classifier.error(method),
                                                            matcher.results[0].eer, matcher.results[method].eer);
                row.push_back(std::isfinite(gain) ? gain : NAN);
            }
            table.rows.push_back(row);
        }
    return table;
}

Table Tables::confusion() const
{
    const std::string one = nameOfLabel(evaluation_.attribute, 1), zero = nameOfLabel(evaluation_.attribute, 0);
    Table table = { "confusion", "Confusion", "Faces by true and by apparent label, at the threshold of equal errors on the originals.",
        { { "network", "classifier", Unit::TEXT }, { "method", "faces", Unit::TEXT }, { "threshold", "threshold", Unit::NUMBER },
          { "label_1_as_1", one + " as " + one, Unit::COUNT }, { "label_1_as_0", one + " as " + zero, Unit::COUNT },
          { "label_0_as_0", zero + " as " + zero, Unit::COUNT }, { "label_0_as_1", zero + " as " + one, Unit::COUNT } }, {} };
    for (const Classifier& classifier : classifiers_)
        for (size_t method = 0; method < methods(); ++method)
        {
            const cv::Matx22d counts = classifier.results[method][0].confusion(classifier.thresholds[0]);
            table.rows.push_back({ classifier.name, title(method), classifier.thresholds[0], counts(1, 1), counts(1, 0), counts(0, 0), counts(0, 1) });
        }
    return table;
}

Table Tables::scores() const
{
    const EvaluationSet& set = evaluation_.set;
    Table table = { "scores", "", "", { { "file", "", Unit::TEXT }, { "label", "", Unit::COUNT } }, {} };
    for (const EvaluatedFace& face : set.faces)
        table.rows.push_back({ face.file, double(face.label) });
    for (const Classifier& classifier : classifiers_)
        for (size_t method = 0; method < methods(); ++method)
        {
            const ClassifierResult& result = classifier.results[method][0];
            const std::string name = classifier.name + " " + title(method);
            table.columns.push_back({ name, name, Unit::NUMBER });
            for (std::vector<Cell>& row : table.rows)
                row.push_back(NAN);
            for (size_t i = 0; i < result.faces.size(); ++i)
                table.rows[result.faces[i]].back() = result.scores[i];
        }
    return table;
}

std::vector<Plot> Tables::classifierPlots() const
{
    std::vector<Plot> plots;
    for (const Classifier& classifier : classifiers_)
    {
        Plot plot = { "classifier " + classifier.name, classifier.name, nameOfLabel(evaluation_.attribute, 0) + " taken for "
                      + nameOfLabel(evaluation_.attribute, 1) + ", %", nameOfLabel(evaluation_.attribute, 1) + " recognised, %", false, {} };
        for (size_t method = 0; method < methods(); ++method)
        {
            const ClassifierResult& result = classifier.results[method][0];
            if (!result.fpr.empty())
                plot.lines.push_back(thinned(title(method), result.fpr, result.tpr));
        }
        if (!plot.lines.empty())
            plots.push_back(plot);
    }
    return plots;
}

std::vector<Plot> Tables::matcherPlots() const
{
    std::vector<Plot> plots;
    for (const Matcher& matcher : matchers_)
    {
        Plot plot = { "matcher " + matcher.name, matcher.name, "false match rate, %", "true match rate, %", true, {} };
        for (const MatchResult& result : matcher.results)
            plot.lines.push_back(result.curve);
        plots.push_back(plot);
    }
    return plots;
}

Table problemTable(const Diagnostics& diagnostics)
{
    Table table = { "diagnostics", "Left out and to be noted",
        diagnostics.all().empty() ? "Nothing: every listed face and every network is in the tables." : "",
        { { "kind", "", Unit::TEXT }, { "subject", "what", Unit::TEXT }, { "diagnostic", "why", Unit::TEXT } }, {} };
    for (bool failure : { true, false })
        for (const Diagnostic& diagnostic : diagnostics.all())
            if (diagnostic.failure == failure)
                table.rows.push_back({ failure ? "left out" : "note", diagnostic.subject, diagnostic.what });
    return table;
}

} // namespace

void fillReport(const Evaluation& evaluation, ResultCache& cache, Diagnostics& diagnostics, Report& report)
{
    const Tables tables(evaluation, cache, diagnostics);
    report.add(tables.summary());
    report.add(tables.data());
    if (!evaluation.images.rows.empty())
        report.add(evaluation.images);
    report.add(tables.classifiers(false));
    report.add("ROC of the classifiers (Figure 6)", "The nearer to the diagonal, the less a classifier knows, whatever its threshold; "
               "below it, its answers are turned round.", tables.classifierPlots());
    if (tables.hasMatchers())
    {
        report.add(tables.matchers());
        report.add("ROC of the matchers (Figure 7)", "The nearer to the originals' curve, the better a person is still recognised.",
                   tables.matcherPlots());
    }
    report.add(tables.attackers());
    if (tables.hasRetrained())
        report.add(tables.classifiers(true));
    else
        report.add("Attackers who retrain", std::string("The strongest attacker is missing from this report: none of its classifiers was "
                   "trained on perturbed faces (--retrained). ") + (evaluation.trainer_installed ? "sanprivacy-train classifier trains one."
                   : "sanprivacy-train, which trains one, is not installed here."), {});
    if (!evaluation.set.group_columns.empty())
        report.add(tables.groups());
    if (tables.hasMatchers())
        report.add(tables.gains());
    report.add(tables.confusion());
    report.add(problemTable(diagnostics));
    report.addFile(tables.scores());
}

}} // namespace sanprivacy::apps
