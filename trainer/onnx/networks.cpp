// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#include "onnx/networks.hpp"

#include <array>
#include <fstream>
#include <functional>
#include <map>

#include <onnx/onnx_pb.h>
#include <opencv2/core.hpp>

#include "common/atomic_file.hpp"
#include "onnx/model_builder.hpp"

namespace sanprivacy { namespace train {

namespace nn = torch::nn;
using torch::Tensor;

namespace {

using Integers = ModelBuilder::Integers;

/** Interleaves the phases of phaseKernels() as a transposed convolution with stride = kernel and padding = kernel / 2:
[4,1,2,2], a single one for each phase. Phase (a,b) of pixel (i,j) goes to (2 i - a, 2 j - b): that crops it, too.
(DepthToSpace would do the same, but OpenCV 4.6 takes it for one image at a time only.) */
Tensor interleavingKernels()
{
    Tensor kernels = torch::zeros({ 2, 2, 1, 2, 2 });
    for (int64_t b : { 0, 1 })
        for (int64_t a : { 0, 1 })
            kernels[b][a][0][1 - a][1 - b] = 1;
    return kernels.flatten(0, 1);
}

std::string interleave(ModelBuilder& graph, const std::string& name, const std::string& phases, const Tensor& kernels)
{
    const int64_t side = kernels.size(2);
    return graph.node("ConvTranspose", name, { phases, graph.constant(name + ".weight", kernels) },
        { { "kernel_shape", Integers(2, side) }, { "strides", Integers(2, side) }, { "pads", Integers(4, side / 2) },
            { "group", int64_t(1) } });
}

//! San2018::sharedLogits() of the code; returns the name of its value.
std::string sharedLogits(ModelBuilder& graph, const San2018& network, const std::string& code)
{
    const int64_t maps = network.decoder2->weight.size(0);
    const std::string d1 = graph.leakyRelu(graph.convolution("decoder1", code, network.decoder1));
    const Tensor kernels = phaseKernels(network.decoder2->weight), biases = network.decoder2->bias.repeat(4);
    const Tensor weight = network.combiner->weight.slice(1, 0, maps);

    // Combining, interleaving and the last upsampling (each kernel element twice per axis) are one operation.
    const std::string d2 = graph.leakyRelu(graph.convolution("decoder2", d1, kernels, biases));
    const Tensor upsampling = interleavingKernels().repeat_interleave(2, 2).repeat_interleave(2, 3);
    return interleave(graph, "shared", d2, (upsampling.unsqueeze(1) * weight.view({ 1, maps, 1, 1, 1 })).flatten(0, 1));
}

struct Example
{
    NamedTensors inputs, outputs;
};

const std::array<int64_t, 2> VERIFIED_BATCHES = { 1, 3 };

/** Writes to a temporary name, compares with LibTorch on random input and renames.
@param example input and LibTorch's output for a batch size */
OnnxDifference write(const ModelBuilder& graph, const std::string& file, const std::function<Example(int64_t)>& example)
{
    const std::string content = graph.serialized();
    TemporaryFile part(file);
    part.write(content.data(), content.size());
    const torch::NoGradGuard noGradients;
    OnnxDifference largest;
    for (int64_t batch : VERIFIED_BATCHES)
    {
        const Example pair = example(batch);
        const OnnxDifference difference = verifyOnnx(part.path().string(), pair.inputs, pair.outputs);
        largest.exact = std::max(largest.exact, difference.exact);
        largest.fast = std::max(largest.fast, difference.fast);
    }
    part.replaceTarget();
    return largest;
}

//! Of its own generator, so that writing a file leaves a training's random numbers as they are.
Tensor randomImages(int64_t batch, int64_t channels, int64_t side)
{
    return torch::rand({ batch, channels, side, side }, at::detail::createCPUGenerator());
}

//! Evaluation mode for as long as it lives.
class Evaluation
{
public:
    explicit Evaluation(nn::Module& network) : network_(network), training_(network.is_training()) { network_.eval(); }
    ~Evaluation() { network_.train(training_); }
    Evaluation(const Evaluation&) = delete;
    Evaluation& operator=(const Evaluation&) = delete;

private:
    nn::Module& network_;
    bool training_;
};

} // namespace

OnnxDifference writeOnnx(San2018& network, const std::string& file, const std::string& description, San2018Form form)
{
    const Integers image = { 1, CROP_SIZE, CROP_SIZE }, prototype = { 3, CROP_SIZE, CROP_SIZE };
    //! Prototype to combine with, and the output that results.
    const std::vector<std::pair<std::string, std::string>> combinations =
        form == San2018Form::AUTHORS
            ? std::vector<std::pair<std::string, std::string>> { { "combine_proto", "perturbed" } }
            : std::vector<std::pair<std::string, std::string>> { { "same_proto", "perturbed_same" },
                  { "neutral_proto", "perturbed_neutral" }, { "opposite_proto", "perturbed_opposite" } };

    ModelBuilder graph("san2018", description);
    const std::string x = graph.node("Concat", "input",
        { graph.input("image", image), graph.input("same_proto", prototype) }, { { "axis", int64_t(1) } });
    const std::string e1 =
        graph.pool("AveragePool", graph.leakyRelu(graph.convolution("encoder1", x, network.encoder1)));
    const std::string e2 =
        graph.pool("AveragePool", graph.leakyRelu(graph.convolution("encoder2", e1, network.encoder2)));
    const std::string shared = sharedLogits(graph, network, e2);
    const Tensor prototype_weight = network.combiner->weight.slice(1, network.decoder2->weight.size(0));
    for (const auto& [given, output] : combinations)
    {
        if (given != "same_proto")
            graph.input(given, prototype);
        const std::string own = graph.convolution(given + ".combiner", given, prototype_weight, network.combiner->bias);
        graph.node("Sigmoid", output, { graph.node("Add", output + ".logits", { shared, own }) });
        graph.output(output, image);
    }

    return write(graph, file,
        [&](int64_t batch)
        {
            Example example { { { "image", randomImages(batch, 1, CROP_SIZE) },
                                  { "same_proto", randomImages(batch, 3, CROP_SIZE) } },
                {} };
            std::vector<Tensor> prototypes;
            for (const auto& combination : combinations)
            {
                if (combination.first != "same_proto")
                    example.inputs.emplace_back(combination.first, randomImages(batch, 3, CROP_SIZE));
                prototypes.push_back(
                    combination.first == "same_proto" ? example.inputs[1].second : example.inputs.back().second);
            }
            const bool fast = network.fast;
            network.fast = false; // the paper's own form is the reference
            const std::vector<Tensor> outputs =
                network.perturb(example.inputs[0].second, example.inputs[1].second, prototypes);
            network.fast = fast;
            for (size_t i = 0; i < outputs.size(); ++i)
                example.outputs.emplace_back(combinations[i].second, outputs[i]);
            return example;
        });
}

OnnxDifference writeOnnx(ResidualUNet& network, const std::string& file, const std::string& description)
{
    const Integers image = { 1, CROP_SIZE, CROP_SIZE }, prototype = { 3, CROP_SIZE, CROP_SIZE };
    ModelBuilder graph("residual U-Net", description);
    const std::string face = graph.input("image", image), target = graph.input("target_proto", prototype);
    const std::string difference =
        graph.node("Sub", "difference", { target, graph.constant("neutral_proto", network.neutral) });
    std::string x = graph.node("Concat", "input", { face, target, difference }, { { "axis", int64_t(1) } });
    std::vector<std::string> skipped;
    for (size_t i = 0; i < network.down.size(); ++i)
    {
        const std::string number = std::to_string(i + 1);
        Tensor weight = network.down[i]->weight.detach().clone();
        if (i == 0)
            weight.slice(1, 1 + prototype[0]).mul_(ResidualUNet::CONTRAST); // of the difference
        x = graph.leakyRelu(graph.convolution("down" + number, x, weight, network.down[i]->bias, 2));
        x = graph.leakyRelu(graph.convolution("keep" + number, x, network.keep[i]));
        skipped.push_back(x);
    }
    for (size_t i = network.up.size(); i > 0; --i)
    {
        const std::string number = std::to_string(i);
        const std::string upsampled = graph.upsample("upsampled" + number, x, "nearest", "asymmetric");
        const std::string joined =
            graph.node("Concat", "joined" + number, { upsampled, skipped[i - 1] }, { { "axis", int64_t(1) } });
        x = graph.leakyRelu(graph.convolution("up" + number, joined, network.up[network.up.size() - i]));
    }
    const std::string residual = graph.node("Tanh", "residual", { graph.convolution("change", x, network.residual) });
    const std::string upsampled = graph.upsample("upsampled", residual, "linear", "half_pixel");
    const std::string change = graph.node("Mul", "bounded", { upsampled, graph.constant("limit", network.limit) });
    // Clamped to 0..1 as 1 - relu(1 - relu(x)): OpenCV 4.6 knows Clip of older opsets only.
    const std::string positive = graph.node("Relu", "positive", { graph.node("Add", "changed", { face, change }) });
    graph.complement("perturbed", graph.node("Relu", "below_one", { graph.complement("room", positive) }));
    graph.output("perturbed", image);

    return write(graph, file,
        [&](int64_t batch)
        {
            const Tensor images = randomImages(batch, 1, CROP_SIZE), targets = randomImages(batch, 3, CROP_SIZE);
            return Example { { { "image", images }, { "target_proto", targets } },
                { { "perturbed", network.perturb(images, Tensor(), { targets })[0] } } };
        });
}

void readOnnx(const std::string& file, ResidualUNet& network)
{
    std::ifstream in(file, std::ios::binary);
    onnx::ModelProto model;
    if (!in || !model.ParseFromIstream(&in))
        CV_Error(cv::Error::StsParseError, "'" + file + "' is missing, truncated or no ONNX file");
    std::map<std::string, const onnx::TensorProto*> constants;
    for (const onnx::TensorProto& constant : model.graph().initializer())
        constants[constant.name()] = &constant;

    const torch::NoGradGuard noGradients;
    const auto read = [&](const std::string& name, Tensor& parameter)
    {
        const auto found = constants.find(name);
        const size_t bytes = size_t(parameter.numel()) * sizeof(float);
        if (found == constants.end() || found->second->raw_data().size() != bytes)
            CV_Error(cv::Error::StsBadArg,
                "'" + file + "' is not a residual U-Net: " + name + " is missing or of another size");
        parameter.copy_(
            torch::from_blob(const_cast<char*>(found->second->raw_data().data()), parameter.sizes(), torch::kFloat));
    };
    const auto readLayer = [&](const std::string& name, nn::Conv2d& layer)
    {
        read(name + ".weight", layer->weight);
        read(name + ".bias", layer->bias);
    };
    for (size_t i = 0; i < network.down.size(); ++i)
    {
        readLayer("down" + std::to_string(i + 1), network.down[i]);
        readLayer("keep" + std::to_string(i + 1), network.keep[i]);
    }
    for (size_t i = 0; i < network.up.size(); ++i)
        readLayer("up" + std::to_string(network.up.size() - i), network.up[i]);
    readLayer("change", network.residual);
    network.down[0]
        ->weight.slice(1, 1 + PROTOTYPE_CHANNELS)
        .div_(ResidualUNet::CONTRAST); // of the difference, see writeOnnx()
}

OnnxDifference writeOnnx(GenderClassifier& network, const std::string& file, const std::string& description)
{
    ModelBuilder graph("gender classifier", description);
    std::string x = graph.input("image", { 1, CROP_SIZE, CROP_SIZE });
    int64_t side = CROP_SIZE;
    for (size_t i = 0; i < network.convolutions.size(); ++i)
    {
        const std::string name = "convolution" + std::to_string(i + 1);
        x = graph.pool("MaxPool", graph.leakyRelu(graph.convolution(name, x, network.convolutions[i])), side % 2);
        side = (side + 1) / 2;
    }
    const std::string features = graph.node("Flatten", "features", { x });
    const std::string hidden = graph.fullyConnected("hidden", features, network.hidden);
    const std::string logit = graph.fullyConnected("output", graph.leakyRelu(hidden), network.output);
    graph.node("Sigmoid", "probability", { logit });
    graph.output("probability", { 1 });

    const Evaluation evaluation(network);
    return write(graph, file,
        [&](int64_t batch)
        {
            const Tensor images = randomImages(batch, 1, CROP_SIZE);
            return Example { { { "image", images } }, { { "probability", torch::sigmoid(network.forward(images)) } } };
        });
}

OnnxDifference writeOnnx(LandmarkNetwork& network, const std::string& file, const std::string& description)
{
    const int64_t side = LandmarkNetwork::INPUT_SIZE, points = LandmarkNetwork::POINTS;
    ModelBuilder graph("landmark network", description);
    std::string x = graph.input("image", { 1, side, side });
    for (size_t i = 0; i < network.convolutions.size(); ++i)
    {
        // In evaluation mode a normalization is a factor and an offset per channel, which the convolution takes over.
        const nn::BatchNorm2d& n = network.normalizations[i];
        const Tensor factor = n->weight / (n->running_var + n->options.eps()).sqrt();
        x = graph.leakyRelu(graph.convolution("convolution" + std::to_string(i + 1), x,
            network.convolutions[i]->weight * factor.view({ -1, 1, 1, 1 }), n->bias - n->running_mean * factor,
            LandmarkNetwork::LAYERS[i][1]));
    }
    const std::string maps =
        graph.reshape("maps", graph.convolution("heat", x, network.heat), { -1, network.grid.size(0) });
    const std::string shares = graph.node("Softmax", "shares", { maps }, { { "axis", int64_t(1) } });
    const std::string centers = graph.node("Gemm", "centers",
        { shares, graph.constant("grid", network.grid.t()), graph.constant("origin", torch::zeros({ 2 })) },
        { { "transB", int64_t(1) } });
    const std::string means =
        graph.node("Flatten", "means", { graph.pool("AveragePool", x, 0, LandmarkNetwork::POOLING) });
    const std::string hidden = graph.leakyRelu(graph.fullyConnected("hidden", means, network.hidden));
    const std::string logit = graph.fullyConnected("face", hidden, network.face);
    graph.node("Concat", "landmarks",
        { graph.reshape("points", centers, { -1, 2 * points }), graph.node("Sigmoid", "probability", { logit }) },
        { { "axis", int64_t(1) } });
    graph.output("landmarks", { LandmarkNetwork::OUTPUTS });

    const Evaluation evaluation(network);
    return write(graph, file,
        [&](int64_t batch)
        {
            const Tensor images = randomImages(batch, 1, side);
            Tensor outputs = network.forward(images);
            outputs.select(1, 2 * points).sigmoid_();
            return Example { { { "image", images } }, { { "landmarks", outputs } } };
        });
}

}} // namespace sanprivacy::train
