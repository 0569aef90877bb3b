// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#include "commands/commands.hpp"

#include <iostream>
#include <vector>

#include <CLI/CLI.hpp>

#include "common/number_range.hpp"
#include "common/output_guard.hpp"
#include "loop/checkpoint.hpp"
#include "networks/attackers.hpp"
#include "onnx/networks.hpp"

namespace sanprivacy { namespace train {

namespace {

struct Options
{
    std::vector<std::filesystem::path> checkpoints;
    std::filesystem::path output;
    std::string description;
    bool authorsForm = false;
    double largestChange = 0; // of a pixel; 0: that of the checkpoint
};

//! All that a network keeps: weights and buffers.
std::vector<torch::Tensor> valuesOf(const torch::nn::Module& network)
{
    std::vector<torch::Tensor> values = network.parameters();
    for (const torch::Tensor& buffer : network.buffers())
        values.push_back(buffer);
    return values;
}

ExitCode run(const Options& options)
{
    refuseInputsAsOutputs(options.checkpoints, { options.output });
    const std::string kind = checkpointKind(options.checkpoints[0]), file = options.output.string();
    if (options.largestChange > 0 && kind != RESIDUAL_KIND)
        CV_Error(cv::Error::StsBadArg, "--largest-change is for a residual U-Net, found '" + kind + "'");
    if (options.authorsForm && kind != SAN2018_KIND)
        CV_Error(cv::Error::StsBadArg, std::string("--authors-form is for the network of the paper, '") + SAN2018_KIND
                                           + "'; found '" + kind + "'");
    OnnxDifference difference;
    const auto load = [&](const auto& create) { // the mean of all checkpoints
        const auto network = create();
        loadNetwork(options.checkpoints[0], kind, *network);
        const torch::NoGradGuard noGradients;
        for (size_t k = 1; k < options.checkpoints.size(); ++k)
        {
            const auto next = create();
            loadNetwork(options.checkpoints[k], kind, *next);
            const std::vector<torch::Tensor> means = valuesOf(*network), values = valuesOf(*next);
            for (size_t i = 0; i < means.size(); ++i)
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
    {
        const auto networks =
            load([] { return std::make_shared<GeneratorAndAttackers>(std::make_shared<ResidualUNet>()); });
        ResidualUNet& generator = *networks->generator;
        if (options.largestChange > 0)
            generator.limit.copy_(ResidualUNet(generator.neutral, options.largestChange).limit);
        difference = writeOnnx(generator, file, options.description);
    }
    else if (kind == SAN2018_KIND)
        difference = writeOnnx(*load([] { return std::make_shared<San2018>(); }), file, options.description,
            options.authorsForm ? San2018Form::AUTHORS : San2018Form::ALL);
    else
        CV_Error(cv::Error::StsBadArg, "there is no ONNX form of '" + kind + "'");
    std::cout << file << ": " << kind << ", cv::dnn and LibTorch differ by at most " << difference.exact;
    if (difference.fast != difference.exact)
        std::cout << ", and by " << difference.fast << " with cv::dnn's default, Winograd's convolutions";
    std::cout << std::endl;
    return SUCCEEDED;
}

} // namespace

Command addExport(CLI::App& app)
{
    const auto options = std::make_shared<Options>();
    CLI::App* const command =
        app.add_subcommand("export", "Writes the network of a checkpoint as ONNX and compares cv::dnn with LibTorch.");
    command
        ->add_option("checkpoint", options->checkpoints,
            "checkpoint.pt of another command; of several, the mean of their weights is written")
        ->type_name("FILE")
        ->required()
        ->check(CLI::ExistingFile);
    command->add_option("-o,--output", options->output, "ONNX file")->type_name("ONNX")->required();
    command->add_option(
        "--description", options->description, "text kept in the file: what it was trained on, and how");
    command
        ->add_option("--largest-change", options->largestChange,
            "residual U-Net only: largest change of a pixel; default: as in training")
        ->type_name("0.01-1")
        ->check(numberRange(.01, 1.));
    command->add_flag("--authors-form", options->authorsForm,
        "network of the paper only: inputs of the authors' model: image, same_proto, combine_proto");
    return { command, [options] { return run(*options); } };
}

}} // namespace sanprivacy::train
