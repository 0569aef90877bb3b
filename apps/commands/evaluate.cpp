// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#include "commands/commands.hpp"
#include "common/digest.hpp"
#include "common/message.hpp"
#include "common/output_folder.hpp"
#include "common/output_guard.hpp"
#include "common/workers.hpp"
#include "evaluation/attackers/attackers.hpp"
#include "evaluation/diagnostics.hpp"
#include "evaluation/measurements.hpp"
#include "evaluation/methods/method_list.hpp"
#include "evaluation/report/command_line.hpp"
#include "evaluation/report/report.hpp"
#include "evaluation/result_cache.hpp"
#include "evaluation/results/match_result.hpp"
#include "evaluation/evaluation_set.hpp"
#include "evaluation/fill_report.hpp"
#include "options/inputs.hpp"
#include "options/network_options.hpp"
#include "options/whole_number.hpp"
#include "options/without_effect.hpp"

#include <algorithm>
#include <cstdlib>
#include <iostream>
#include <memory>
#include <sstream>

#include <CLI/CLI.hpp>
#include <opencv2/sanprivacy.hpp>

namespace fs = std::filesystem;
using namespace cv::sanprivacy;

namespace sanprivacy { namespace apps {

namespace {

struct EvaluateOptions
{
    SetOptions set;
    std::string networks, output;
    std::vector<std::string> methods = { "san" }, attackers = attackerNames(), retrained;
    BootstrapOptions bootstrap;
    std::string cache = defaultResultCache().string();
    size_t images = 6; // rows of the image grid
    NetworkOptions perturber;
};

/** Networks of a search: the classifier that it names, else the first, and the first matcher. The match holds while the
score stays where only one impostor in a thousand gets. */
SearchNetworks searchNetworks(const MethodName& search, const Measurer& measurer, const EvaluationSet& set,
    const Measured& originals, size_t worker)
{
    const double false_match_rate = 0.001;
    const std::vector<ModelDescription>& networks = measurer.networks();
    const auto first = [&](int task)
    {
        return size_t(
            std::find_if(networks.begin(), networks.end(), [&](const ModelDescription& n) { return n.task == task; })
            - networks.begin());
    };
    const size_t classifier = first(NETWORK_CLASSIFIER), matcher = first(NETWORK_MATCHER);
    if (classifier == networks.size() || matcher == networks.size())
        throw std::runtime_error("search needs a classifier and a matcher among the networks");
    const size_t wanted = search.value.empty() ? classifier : measurer.indexOf(search.value);
    if (networks[wanted].task != NETWORK_CLASSIFIER)
        throw std::runtime_error("search needs a classifier; '" + search.value + "' is a matcher");
    SearchNetworks found;
    found.classifier = measurer.network(worker, wanted);
    found.matcher = measurer.network(worker, matcher);
    found.key = Digest().add(measurer.networkKey(wanted)).add(measurer.networkKey(matcher)).value();
    found.match_threshold =
        impostorThreshold(set, originals.outputs[matcher][0], networks[matcher].distance, false_match_rate);
    return found;
}

//! Some faces, of both labels alternately, as every method leaves them; under each the first classifier's prediction.
class ImageGrid
{
public:
    ImageGrid(const EvaluationSet& set, size_t rows) : set_(set)
    {
        std::vector<size_t> by_label[2];
        for (size_t i = 0; i < set.faces.size(); ++i)
            by_label[set.faces[i].label].push_back(i);
        for (size_t row = 0; row < rows; ++row)
        {
            const std::vector<size_t>& faces = by_label[row % 2].empty() ? by_label[1 - row % 2] : by_label[row % 2];
            chosen_.push_back(faces[row * faces.size() / rows]); // spread over the set
        }
        std::sort(chosen_.begin(), chosen_.end());
        chosen_.erase(std::unique(chosen_.begin(), chosen_.end()), chosen_.end());
        grid_.rows.resize(chosen_.size());
        grid_.legends.resize(chosen_.size());
    }

    //! A column; without a method the originals'.
    void add(const Measured& measured, const std::vector<ModelDescription>& networks, Method* method)
    {
        const auto classifier = std::find_if(
            networks.begin(), networks.end(), [](const ModelDescription& n) { return n.task == NETWORK_CLASSIFIER; });
        grid_.columns.push_back(measured.title);
        for (size_t row = 0; row < chosen_.size(); ++row)
        {
            const EvaluatedFace& face = set_.faces[chosen_[row]];
            cv::Mat crop;
            std::string legend;
            if (measured.appearances[chosen_[row]].measured)
            {
                const cv::Mat image = set_.readImage(face);
                alignFace(method ? method->perturb(image, face) : image, face.face, crop);
                if (classifier != networks.end())
                {
                    const size_t index = size_t(classifier - networks.begin());
                    const std::vector<float>& output = measured.outputs[index][0][chosen_[row]];
                    legend = output.empty() ? "–" : cv::format("%.2f", output.front());
                }
            }
            grid_.rows[row].push_back(crop);
            grid_.legends[row].push_back(legend);
        }
        grid_.title = "Images (Figure 5)";
        grid_.caption = classifier == networks.end() ? std::string()
                                                     : "Under each face: the probability of label 1 that classifier "
                                                           + classifier->name + " gives it.";
    }

    const Grid& get() const { return grid_; }

private:
    const EvaluationSet& set_;
    std::vector<size_t> chosen_;
    Grid grid_;
};

/** The networks that can be evaluated on these faces: without identities no matchers, unless a search needs
one, or an attacker learns from descriptors. */
void leaveOutIdleMatchers(std::vector<ModelDescription>& networks, const EvaluationSet& set,
    const std::vector<MethodName>& methods, const Attackers& attackers)
{
    if (set.has_identities || !attackers.adaptive.empty()
        || std::any_of(methods.begin(), methods.end(), [](const MethodName& m) { return m.kind == "search"; }))
        return;
    networks.erase(std::remove_if(networks.begin(), networks.end(),
                       [](const ModelDescription& n) { return n.task == NETWORK_MATCHER; }),
        networks.end());
    if (networks.empty())
        throw std::runtime_error("the networks are matchers, and the label file has no column of identities");
}

//! Whether the program that trains attackers lies beside this one or on the PATH.
bool isTrainerInstalled()
{
    const std::string trainer = "sanprivacy-train";
    std::error_code unknown; // a folder that cannot be read holds no trainer for this user
    if (fs::exists(fs::read_symlink("/proc/self/exe", unknown).parent_path() / trainer, unknown))
        return true;
    const char* path = std::getenv("PATH");
    std::istringstream folders(path ? path : "");
    for (std::string folder; std::getline(folders, folder, ':');)
        if (fs::exists(fs::path(folder) / trainer, unknown))
            return true;
    return false;
}

void checkRetrained(const std::vector<std::string>& retrained, const std::vector<ModelDescription>& networks)
{
    for (const std::string& name : retrained)
        if (std::none_of(networks.begin(), networks.end(),
                [&](const ModelDescription& n) { return n.name == name && n.task == NETWORK_CLASSIFIER; }))
            throw UsageError("--retrained: '" + name + "' is not a classifier of the model description file");
}

//! What the report must not be written over.
std::vector<fs::path> inputFiles(const EvaluateOptions& options, const std::vector<ModelDescription>& networks)
{
    std::vector<fs::path> files = { options.set.labels, options.networks, options.cache, options.perturber.model,
        options.perturber.prototypes, options.perturber.classifier, options.perturber.detector };
    for (const ModelDescription& network : networks)
        files.push_back(std::string(network.file));
    return files;
}

//! Refuses labels of one attribute where the networks would take them for those of another one.
void checkAttribute(const EvaluateOptions& options, const std::vector<MethodName>& methods)
{
    const std::string& attribute = options.set.attribute;
    const std::vector<std::string> hidden = options.perturber.hidden(), &shipped = shippedModels();
    const bool known = options.perturber.knowsHidden() && (attribute == "gender" || attribute == "age");
    const auto hides = [&](const MethodName& method) {
        return isNetwork(method)
               && (method.value.empty() || std::count(shipped.begin(), shipped.end(), method.value) > 0);
    };
    if (known && hidden.size() == 1 && hidden[0] != attribute && std::any_of(methods.begin(), methods.end(), hides))
        throw UsageError("--attribute " + attribute + ": its labels would be taken for those of " + hidden[0]
                         + ", which is hidden; add --hide " + attribute);
}

void tellIdleOptions(const CLI::App& command, const EvaluateOptions& options, const std::vector<MethodName>& methods)
{
    std::vector<MethodName> networks;
    std::copy_if(methods.begin(), methods.end(), std::back_inserter(networks), isNetwork);
    const auto all = [&](const auto& condition) { return std::all_of(networks.begin(), networks.end(), condition); };
    if (options.set.gray && options.perturber.color_strength > 0)
        tellWithoutEffect(command, { "--color-strength" }, "with --gray");
    if (networks.empty())
        return tellWithoutEffect(command, options.perturber.of_perturber, "with --methods that no network makes");
    if (all([](const MethodName& method) { return !method.value.empty(); }))
        tellWithoutEffect(command, { "--model" }, "with --methods that name their models");
    if (all([](const MethodName& method) { return method.kind == "same"; }))
        tellWithoutEffect(command, options.perturber.ofWholeImage(), "with --methods same");
}

ExitCode run(EvaluateOptions& options, const CLI::App& command)
{
    const std::vector<MethodName> methods = parseMethods(options.methods);
    checkAttribute(options, methods);
    if (options.set.faces.empty())
        options.set.faces = (fs::path(options.set.labels).parent_path() / "").string();
    if (options.set.faces.empty())
        options.set.faces = ".";
    tellIdleOptions(command, options, methods);
    if (command.get_option("--identity")->count() > 0)
        options.set.demanded.push_back(options.set.identity);
    if (command.get_option("--groups")->count() > 0)
        options.set.demanded.insert(options.set.demanded.end(), options.set.groups.begin(), options.set.groups.end());
    const Attackers attackers = findAttackers(options.attackers);
    std::vector<ModelDescription> networks;
    readModelDescriptions(options.networks, networks);
    checkRetrained(options.retrained, networks);
    const std::vector<fs::path> inputs = inputFiles(options, networks);
    std::vector<fs::path> outputs;
    for (const std::string& name : reportFiles())
        outputs.push_back(fs::path(options.output) / name);
    refuseInputsAsOutputs(inputs, outputs);
    const OutputFolder made(options.output);
    Diagnostics diagnostics;
    ResultCache cache(options.cache, diagnostics);

    // Faces are measured on one thread each, pairs of them afterwards on all.
    const int threads = cv::getNumThreads();
    cv::setNumThreads(1);
    const EvaluationSet set(options.set, options.perturber, cache, diagnostics);
    leaveOutIdleMatchers(networks, set, methods, attackers);
    Measurer measurer(set, networks, attackers, options.perturber, cache, diagnostics);
    if (measurer.networks().empty())
        throw std::runtime_error(options.networks + ": none of the networks runs");

    ImageGrid images(set, options.images);
    std::vector<Measured> measured = { measurer.measureOriginals() };
    images.add(measured[0], measurer.networks(), nullptr);

    std::vector<MethodContext> contexts(workerCount());
    for (size_t worker = 0; worker < contexts.size(); ++worker)
        contexts[worker] = { &set, options.perturber, {}, {} };
    for (const MethodName& method : methods)
        try
        {
            if (method.kind == "search")
                for (size_t worker = 0; worker < contexts.size(); ++worker)
                    contexts[worker].searches[method.value] =
                        searchNetworks(method, measurer, set, measured[0], worker);
            measured.push_back(measurer.measure(method, contexts));
            images.add(measured.back(), measurer.networks(), createMethod(method, contexts[0]).get());
        }
        catch (const Interrupted&)
        {
            throw;
        }
        catch (const std::exception& error)
        {
            diagnostics.fail("method " + method.title, message(error));
        }
    cv::setNumThreads(threads);

    Report report("Soft-biometric privacy on " + set.name, commandLine(command));
    fillReport({ set, set.attribute, measurer.networks(), { options.retrained.begin(), options.retrained.end() },
                   attackers, measured, images.get(), options.bootstrap, isTrainerInstalled(), optionTable(command) },
        cache, diagnostics, report);
    report.write(options.output, inputs);
    std::cout << count(set.faces.size(), "face") << ", " << count(measurer.networks().size(), "network") << ", "
              << count(measured.size() - 1, "method") << ", " << count(diagnostics.failures(), "diagnostic")
              << "\nWritten to " << printable((fs::path(options.output) / "report.html").string()) << std::endl;
    return diagnostics.failures() == 0 ? SUCCEEDED : FAILED;
}

} // namespace

Command addEvaluate(CLI::App& app)
{
    auto options = std::make_shared<EvaluateOptions>();
    CLI::App* command =
        app.add_subcommand("evaluate", "Measures classifiers and matchers on originals and on protected faces");
    const auto add = [&](const char* name, auto& value, const char* type, const char* help)
    { return command->add_option(name, value, help)->type_name(type)->capture_default_str(); };
    const auto addList = [&](const char* name, std::vector<std::string>& values, const char* type, const char* help)
    {
        CLI::Option* option = command->add_option(name, values, help)->type_name(type)->delimiter(',');
        std::string usual;
        for (const std::string& value : values)
            usual += (usual.empty() ? "" : ",") + value;
        option->default_str(usual);
    };
    add("--faces", options->set.faces, "DIR", "Folder of the original images; default: the folder of the CSV")
        ->check(CLI::ExistingDirectory);
    add("--labels", options->set.labels, "CSV",
        "Columns file (image below --faces) and gender; if known, identity, race, age, landmarks")
        ->required();
    add("--models", options->networks, "YML", "Model description file of the classifiers and matchers")->required();
    add("-o,--output", options->output, "DIR", "Folder for report.html, report.json and a CSV of each table")
        ->required();
    addList("--methods", options->methods, "LIST",
        "What is compared with the originals: same, neutral, opposite, san (these three),\n"
        "random, each also with =MODEL (as --model); blur=6, pixelation=10, mixing=0.5,\n"
        "search=CLASSIFIER, folder=DIR (images perturbed elsewhere)");
    addList("--attackers", options->attackers, "LIST", "Attackers, see doc/evaluation.md; or none");
    addList("--retrained", options->retrained, "NAMES", "Classifiers that were trained on perturbed faces");
    add("--attribute", options->set.attribute, "NAME", "Column of the label");
    add("--identity", options->set.identity, "NAME", "Column of the person");
    addList("--groups", options->set.groups, "NAMES", "Columns that define groups of people");
    add("--limit", options->set.limit, "N", "Evaluate this many faces, person by person; 0: all")
        ->check(wholeNumber(true));
    command->add_flag("--gray", options->set.gray, "Evaluate gray images, as the paper does");
    add("--images", options->images, "N", "Faces shown in the report")->check(wholeNumber(true));
    add("--replicates", options->bootstrap.replicates, "N", "Replicates of the bootstrap")->check(wholeNumber(false));
    add("--seed", options->bootstrap.seed, "N", "Seed of the bootstrap")->check(wholeNumber(true));
    add("--cache", options->cache, "FILE", "File that keeps results for later runs");
    addMaxPixelsTo(*command, options->set.max_pixels);
    options->perturber.addPerturberTo(*command);
    options->perturber.addDetectorTo(*command);
    command->footer(
        "Exit code: 0 complete, 1 something was left out (listed in the report and on stderr), 2 wrong arguments.");
    return { command, [options, command] { return run(*options, *command); } };
}

}} // namespace sanprivacy::apps
