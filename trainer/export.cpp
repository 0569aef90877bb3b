// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#include "verbs.hpp"

#include <iostream>
#include <vector>

#include <CLI/CLI.hpp>

#include "attackers.hpp"
#include "generator.hpp"
#include "loop.hpp"
#include "onnx_writer.hpp"

namespace sanprivacy { namespace train {

namespace {

struct Options
{
    std::vector<std::filesystem::path> checkpoints;
    std::filesystem::path out;
    std::string description;
    bool authorsForm = false;
};

//! All that a network keeps: weights and buffers.
std::vector<torch::Tensor> valuesOf(const torch::nn::Module& network)
{
    std::vector<torch::Tensor> values = network.parameters();
    for (const torch::Tensor& buffer : network.buffers())
        values.push_back(buffer);
    return values;
}

int run(const Options& options)
{
    const std::string kind = checkpointKind(options.checkpoints[0]), file = options.out.string();
    double difference = 0;
    const auto load = [&](const auto& create) { // the mean of all checkpoints
        const auto network = create();
        loadNetwork(options.checkpoints[0], kind, *network);
        const torch::NoGradGuard noGradients;
        for (size_t k = 1; k < options.checkpoints.size(); k++)
        {
            const auto next = create();
            loadNetwork(options.checkpoints[k], kind, *next);
            const std::vector<torch::Tensor> means = valuesOf(*network), values = valuesOf(*next);
            for (size_t i = 0; i < means.size(); i++)
                if (means[i].is_floating_point())
                    means[i].lerp_(values[i], 1. / double(k + 1));
        }
        network->eval();
        return network;
    };
    if (kind == CLASSIFIER_KIND)
        difference = writeOnnx(*load([] { return std::make_shared<GenderClassifier>(); }), file, options.description);
    else if (kind == LANDMARKS_KIND)
        difference = writeOnnx(*load([] { return std::make_shared<LandmarkNetwork>(); }), file, options.description);
    else if (kind == RESIDUAL_KIND)
        difference = writeOnnx(*load([] { return std::make_shared<Contest>(std::make_shared<ResidualUNet>()); })->generator, file,
                               options.description);
    else
        difference = writeOnnx(dynamic_cast<San2018&>(*load([&] { return makeGenerator(kind); })), file, options.description,
                               options.authorsForm ? San2018Form::AUTHORS : San2018Form::ALL);
    std::cout << file << ": " << kind << ", cv::dnn and LibTorch differ by at most " << difference << std::endl;
    return 0;
}

} // namespace

Verb exportVerb(CLI::App& app)
{
    const auto options = std::make_shared<Options>();
    CLI::App* const verb = app.add_subcommand("export", "Writes the network of a checkpoint as ONNX and compares cv::dnn with LibTorch.");
    verb->add_option("checkpoint", options->checkpoints, "checkpoint.pt of another verb; of several of one kind the mean is written")
        ->required()->check(CLI::ExistingFile);
    verb->add_option("-o,--out", options->out, "ONNX file")->required();
    verb->add_option("--description", options->description, "text kept in the file: what it was trained on, and how");
    verb->add_flag("--authors-form", options->authorsForm, "inputs image, same_proto, combine_proto as the authors' file");
    return { verb, [options] { return run(*options); } };
}

}} // namespace sanprivacy::train
