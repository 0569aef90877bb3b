// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#include "verbs.hpp"

#include <iostream>

#include <CLI/CLI.hpp>

#include "attackers.hpp"
#include "generator.hpp"
#include "loop.hpp"
#include "onnx_writer.hpp"

namespace sanprivacy { namespace train {

namespace {

struct Options
{
    std::filesystem::path checkpoint, out;
    std::string description;
    bool authorsForm = false;
};

int run(const Options& options)
{
    const std::string kind = checkpointKind(options.checkpoint), file = options.out.string();
    double difference = 0;
    const auto load = [&](auto network) {
        loadNetwork(options.checkpoint, kind, *network);
        network->eval();
        return network;
    };
    if (kind == CLASSIFIER_KIND)
        difference = writeOnnx(*load(std::make_shared<GenderClassifier>()), file, options.description);
    else if (kind == LANDMARKS_KIND)
        difference = writeOnnx(*load(std::make_shared<LandmarkNetwork>()), file, options.description);
    else if (kind == RESIDUAL_KIND)
        difference = writeOnnx(*load(std::make_shared<Contest>(std::make_shared<ResidualUNet>()))->generator, file, options.description);
    else
        difference = writeOnnx(dynamic_cast<San2018&>(*load(makeGenerator(kind))), file, options.description,
                               options.authorsForm ? San2018Form::AUTHORS : San2018Form::ALL);
    std::cout << file << ": " << kind << ", cv::dnn and LibTorch differ by at most " << difference << std::endl;
    return 0;
}

} // namespace

Verb exportVerb(CLI::App& app)
{
    const auto options = std::make_shared<Options>();
    CLI::App* const verb = app.add_subcommand("export", "Writes the network of a checkpoint as ONNX and compares cv::dnn with LibTorch.");
    verb->add_option("checkpoint", options->checkpoint, "checkpoint.pt of another verb")->required()->check(CLI::ExistingFile);
    verb->add_option("-o,--out", options->out, "ONNX file")->required();
    verb->add_option("--description", options->description, "text kept in the file: what it was trained on, and how");
    verb->add_flag("--authors-form", options->authorsForm, "inputs image, same_proto, combine_proto as the authors' file");
    return { verb, [options] { return run(*options); } };
}

}} // namespace sanprivacy::train
