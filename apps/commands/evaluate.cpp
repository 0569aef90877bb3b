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
#include "evaluation/image_grid.hpp"
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

//! What a search lacks, or empty: it needs a matcher and the classifier that it names; without a name any classifier.
std::string missingOfSearches(
    const std::vector<MethodName>& methods, const std::vector<ModelDescription>& networks, const std::string& among)
{
    const auto isThere = [&](int task, const std::string& name)
    {
        return std::any_of(networks.begin(), networks.end(),
            [&](const ModelDescription& n) { return n.task == task && (name.empty() || n.name == name); });
    };
    for (const MethodName& method : methods)
        if (method.kind == "search")
        {
            const std::string& name = method.value;
            if (!isThere(NETWORK_CLASSIFIER, name))
                return name.empty() ? "it needs a classifier, and there is none among " + among
                                    : "'" + name + "' is not a classifier among " + among;
            if (!isThere(NETWORK_MATCHER, ""))
                return "it needs a matcher, and there is none among " + among;
        }
    return std::string();
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

void warnOfIdleOptions(const CLI::App& command, const EvaluateOptions& options, const std::vector<MethodName>& methods)
{
    std::vector<MethodName> networks;
    std::copy_if(methods.begin(), methods.end(), std::back_inserter(networks), isNetwork);
    const auto all = [&](const auto& condition) { return std::all_of(networks.begin(), networks.end(), condition); };
    if (options.set.gray && options.perturber.color_strength > 0)
        warnWithoutEffect(command, { "--color-strength" }, "with --gray");
    const std::string& attribute = options.set.attribute;
    const std::vector<std::string>& groups = options.set.groups;
    if (command.get_option("--groups")->count() > 0 && std::count(groups.begin(), groups.end(), attribute) > 0)
        std::cerr << "--groups " << printable(attribute) << ": no effect with --attribute " << printable(attribute)
                  << std::endl;
    if (networks.empty())
        return warnWithoutEffect(command, options.perturber.of_perturber, "with --methods that no network makes");
    warnWithoutEffect(command, { "--classifier" }, "with the labels that every evaluated face has");
    if (all([](const MethodName& method) { return !method.value.empty(); }))
        warnWithoutEffect(command, { "--model" }, "with --methods that name their models");
    if (all([](const MethodName& method) { return method.kind == "same"; }))
        warnWithoutEffect(command, options.perturber.ofWholeImage(), "with --methods same");
}

//! Completes the options with what follows from the others.
void complete(EvaluateOptions& options, const CLI::App& command)
{
    SetOptions& set = options.set;
    if (set.faces.empty())
        set.faces = (fs::path(set.labels).parent_path() / "").string();
    if (set.faces.empty())
        set.faces = ".";
    if (command.get_option("--identity")->count() > 0)
        set.demanded.push_back(set.identity);
    if (command.get_option("--groups")->count() > 0)
        set.demanded.insert(set.demanded.end(), set.groups.begin(), set.groups.end());
}

void refuseInputsAsReport(const EvaluateOptions& options, const std::vector<fs::path>& inputs)
{
    std::vector<fs::path> outputs;
    for (const std::string& name : reportFiles())
        outputs.push_back(fs::path(options.output) / name);
    refuseInputsAsOutputs(inputs, outputs);
}

//! Loads the perturbing networks and runs them once, so that one that cannot work is told before any image is read.
void checkNetworks(const std::vector<MethodName>& methods, MethodContext& context)
{
    for (const MethodName& method : methods)
        if (isNetwork(method))
            try
            {
                createMethod(method, context)->key();
            }
            catch (const std::exception& error)
            {
                throw std::runtime_error("method " + method.title + ": " + message(error));
            }
}

//! Measures the originals and every method, one after the other. @param images of the report, to be completed
std::vector<Measured> measureAll(const std::vector<MethodName>& methods, const EvaluationSet& set, Measurer& measurer,
    std::vector<MethodContext>& contexts, ImageGrid& images, Diagnostics& diagnostics)
{
    std::vector<Measured> measured = { measurer.measureOriginals() };
    images.add(measured[0], measurer.networks(), nullptr);
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
    return measured;
}

ExitCode run(EvaluateOptions& options, const CLI::App& command)
{
    // What is wrong with the options, or with a network, is told before any image is read.
    const std::vector<MethodName> methods = parseMethods(options.methods);
    checkAttribute(options, methods);
    complete(options, command);
    warnOfIdleOptions(command, options, methods);
    const Attackers attackers = findAttackers(options.attackers);
    std::vector<ModelDescription> networks;
    readModelDescriptions(options.networks, networks);
    checkRetrained(options.retrained, networks);
    const std::string missing = missingOfSearches(methods, networks, "the networks of the model description file");
    if (!missing.empty())
        throw UsageError("--methods search: " + missing);
    const std::vector<fs::path> inputs = inputFiles(options, networks);
    refuseInputsAsReport(options, inputs);
    const OutputFolder made(options.output);
    Diagnostics diagnostics;
    ResultCache cache(options.cache, diagnostics);
    EvaluationSet set(options.set, diagnostics);
    leaveOutIdleMatchers(networks, set, methods, attackers);

    // Faces are measured on one thread each, pairs of them afterwards on all.
    const int threads = cv::getNumThreads();
    cv::setNumThreads(1);
    Measurer measurer(set, networks, options.networks, attackers, options.perturber, cache, diagnostics);
    const std::string broken = missingOfSearches(methods, measurer.networks(), "the networks that work");
    if (!broken.empty())
        throw std::runtime_error("method search: " + broken);
    std::vector<MethodContext> contexts(workerCount(), MethodContext { &set, options.perturber, {}, {} });
    checkNetworks(methods, contexts[0]);
    set.readImages(options.perturber, cache, diagnostics);
    ImageGrid images(set, options.images);
    const std::vector<Measured> measured = measureAll(methods, set, measurer, contexts, images, diagnostics);
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
        "Columns file (image in --faces) and gender; if known, identity, race, age, landmarks")
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
