// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#include "onnx_writer.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <functional>
#include <map>
#include <variant>

#include <onnx/checker.h>
#include <onnx/onnx_pb.h>
#include <onnx/shape_inference/implementation.h>
#include <opencv2/dnn.hpp>

namespace sanprivacy { namespace train {

namespace fs = std::filesystem;
namespace nn = torch::nn;
using torch::Tensor;

namespace {

using Integers = std::vector<int64_t>;
using Attribute = std::variant<int64_t, float, std::string, Integers>;
using Attributes = std::map<std::string, Attribute>;

// Resize and Clip change their form after this opset in ways that OpenCV 4.6 does not know; the IR version belongs to it.
const int64_t OPSET = 11, IR_VERSION = 6;
const char* const BATCH = "N";
const int64_t PROTOTYPE_CHANNELS = 3;

//! An ONNX model under construction. Values go by name; a node's output is named after it.
class ModelBuilder
{
public:
    ModelBuilder(const std::string& name, const std::string& description)
    {
        model_.set_ir_version(IR_VERSION);
        model_.add_opset_import()->set_version(OPSET);
        model_.set_producer_name("sanprivacy-train");
        model_.set_producer_version(SANPRIVACY_VERSION);
        model_.set_doc_string(description);
        model_.mutable_graph()->set_name(name);
    }

    //! @param shape without the batch
    std::string input(const std::string& name, const Integers& shape)
    {
        describe(*model_.mutable_graph()->add_input(), name, shape);
        return name;
    }

    void output(const std::string& name, const Integers& shape)
    {
        describe(*model_.mutable_graph()->add_output(), name, shape);
    }

    std::string constant(const std::string& name, const Tensor& tensor)
    {
        const Tensor values = tensor.detach().to(torch::kFloat).contiguous();
        onnx::TensorProto& proto = *model_.mutable_graph()->add_initializer();
        proto.set_name(name);
        proto.set_data_type(onnx::TensorProto::FLOAT);
        for (int64_t size : values.sizes())
            proto.add_dims(size);
        proto.set_raw_data(values.data_ptr<float>(), static_cast<size_t>(values.numel()) * sizeof(float));
        return name;
    }

    std::string node(const std::string& op, const std::string& name, const std::vector<std::string>& inputs,
                     const Attributes& attributes = {})
    {
        onnx::NodeProto& proto = *model_.mutable_graph()->add_node();
        proto.set_op_type(op);
        proto.set_name(name);
        for (const std::string& value : inputs)
            proto.add_input(value);
        proto.add_output(name);
        for (const auto& [key, value] : attributes)
        {
            onnx::AttributeProto& attribute = *proto.add_attribute();
            attribute.set_name(key);
            if (const int64_t* number = std::get_if<int64_t>(&value))
            {
                attribute.set_type(onnx::AttributeProto::INT);
                attribute.set_i(*number);
            }
            else if (const float* real = std::get_if<float>(&value))
            {
                attribute.set_type(onnx::AttributeProto::FLOAT);
                attribute.set_f(*real);
            }
            else if (const std::string* text = std::get_if<std::string>(&value))
            {
                attribute.set_type(onnx::AttributeProto::STRING);
                attribute.set_s(*text);
            }
            else
            {
                attribute.set_type(onnx::AttributeProto::INTS);
                for (int64_t element : std::get<Integers>(value))
                    attribute.add_ints(element);
            }
        }
        return name;
    }

    //! Padding defaults to what keeps the size at stride 1: half the kernel.
    std::string convolution(const std::string& name, const std::string& x, const Tensor& weight, const Tensor& bias = Tensor(),
                            int64_t stride = 1)
    {
        std::vector<std::string> inputs = {x, constant(name + ".weight", weight)};
        if (bias.defined())
            inputs.push_back(constant(name + ".bias", bias));
        const int64_t kernel = weight.size(2), padding = kernel / 2;
        return node("Conv", name, inputs, {{"kernel_shape", Integers(2, kernel)}, {"pads", Integers(4, padding)},
                                           {"strides", Integers(2, stride)}});
    }

    std::string convolution(const std::string& name, const std::string& x, const nn::Conv2d& layer)
    {
        return convolution(name, x, layer->weight, layer->bias, (*layer->options.stride())[0]);
    }

    std::string fullyConnected(const std::string& name, const std::string& x, const Tensor& weight, const Tensor& bias)
    {
        return node("Gemm", name, {x, constant(name + ".weight", weight), constant(name + ".bias", bias)},
                    {{"transB", int64_t(1)}});
    }

    std::string leakyRelu(const std::string& x)
    {
        return node("LeakyRelu", x + ".relu", {x}, {{"alpha", static_cast<float>(LEAKY_SLOPE)}});
    }

    std::string pool(const std::string& op, const std::string& x, int64_t padding = 0, int64_t side = 2)
    {
        return node(op, x + ".pool", {x}, {{"kernel_shape", Integers(2, side)}, {"pads", Integers(4, padding)},
                                           {"strides", Integers(2, side)}});
    }

    std::string reshape(const std::string& name, const std::string& x, const Integers& shape)
    {
        onnx::TensorProto& proto = *model_.mutable_graph()->add_initializer();
        proto.set_name(name + ".shape");
        proto.set_data_type(onnx::TensorProto::INT64);
        proto.add_dims(int64_t(shape.size()));
        for (int64_t size : shape)
            proto.add_int64_data(size);
        return node("Reshape", name, {x, proto.name()});
    }

    //! Twice the size; mode and transformation as ONNX's Resize names them.
    std::string upsample(const std::string& name, const std::string& x, const std::string& mode, const std::string& transformation)
    {
        // Resize has an input for a region that only other transformations use.
        return node("Resize", name, {x, constant(name + ".region", torch::empty({0})),
                                     constant(name + ".scales", torch::tensor({1.f, 1.f, 2.f, 2.f}))},
                    {{"mode", mode}, {"coordinate_transformation_mode", transformation}, {"nearest_mode", std::string("floor")}});
    }

    //! 1 - x
    std::string complement(const std::string& name, const std::string& x)
    {
        return node("Sub", name, {constant(name + ".one", torch::ones({1})), x});
    }

    const onnx::ModelProto& model() const { return model_; }

private:
    static void describe(onnx::ValueInfoProto& value, const std::string& name, const Integers& shape)
    {
        value.set_name(name);
        onnx::TypeProto::Tensor& type = *value.mutable_type()->mutable_tensor_type();
        type.set_elem_type(onnx::TensorProto::FLOAT);
        type.mutable_shape()->add_dim()->set_dim_param(BATCH);
        for (int64_t size : shape)
            type.mutable_shape()->add_dim()->set_dim_value(size);
    }

    onnx::ModelProto model_;
};

/** Interleaves the phases of phaseKernels() as a transposed convolution with stride = kernel and padding = kernel / 2:
[4,1,2,2], a single one for each phase. Phase (a,b) of pixel (i,j) goes to (2 i - a, 2 j - b): that crops it, too.
(DepthToSpace would do the same, but OpenCV 4.6 takes it for one image at a time only.) */
Tensor interleavingKernels()
{
    Tensor kernels = torch::zeros({2, 2, 1, 2, 2});
    for (int64_t b : {0, 1})
        for (int64_t a : {0, 1})
            kernels[b][a][0][1 - a][1 - b] = 1;
    return kernels.flatten(0, 1);
}

std::string interleave(ModelBuilder& graph, const std::string& name, const std::string& phases, const Tensor& kernels,
                       int64_t groups = 1)
{
    const int64_t side = kernels.size(2);
    return graph.node("ConvTranspose", name, {phases, graph.constant(name + ".weight", kernels)},
                      {{"kernel_shape", Integers(2, side)}, {"strides", Integers(2, side)}, {"pads", Integers(4, side / 2)},
                       {"group", groups}});
}

//! San2018::sharedLogits() of the code; returns the name of its value.
std::string sharedLogits(ModelBuilder& graph, const San2018& network, const std::string& code)
{
    const int64_t maps = network.decoder2->weight.size(0);
    const std::string d1 = graph.leakyRelu(graph.convolution("decoder1", code, network.decoder1));
    const Tensor kernels = phaseKernels(network.decoder2->weight), biases = network.decoder2->bias.repeat(4);
    const Tensor weight = network.combiner->weight.slice(1, 0, maps);

    if (network.options.combiner_kernel == 1)
    {
        // Combining, interleaving and the last upsampling (each kernel element twice per axis) are one operation.
        const std::string d2 = graph.leakyRelu(graph.convolution("decoder2", d1, kernels, biases));
        const Tensor upsampling = interleavingKernels().repeat_interleave(2, 2).repeat_interleave(2, 3);
        return interleave(graph, "shared", d2, (upsampling.unsqueeze(1) * weight.view({1, maps, 1, 1, 1})).flatten(0, 1));
    }
    // Grouped by map instead of phase, each group of four phases interleaves to its map.
    const Tensor by_map = kernels.view({4, maps, -1, 2, 2}).transpose(0, 1).flatten(0, 1);
    const Tensor biases_by_map = biases.view({4, maps}).t().flatten();
    const std::string d2 = graph.leakyRelu(graph.convolution("decoder2", d1, by_map, biases_by_map));
    const std::string upsampled = interleave(graph, "interleaved", d2, interleavingKernels().repeat({maps, 1, 1, 1}), maps);
    return interleave(graph, "shared", graph.convolution("combiner", upsampled, phaseKernels(weight)), interleavingKernels());
}

struct Example
{
    NamedTensors inputs, outputs;
};

const std::array<int64_t, 2> VERIFIED_BATCHES = {1, 3};

//! Gone at the end, unless it was renamed.
struct TemporaryFile
{
    explicit TemporaryFile(const std::string& file) : path(file) {}
    ~TemporaryFile()
    {
        std::error_code ignored;
        fs::remove(path, ignored);
    }
    TemporaryFile(const TemporaryFile&) = delete;
    TemporaryFile& operator=(const TemporaryFile&) = delete;

    const std::string path;
};

/** Checks, writes to a temporary name, compares with LibTorch on random input and renames.
@param example input and LibTorch's output for a batch size */
double write(const ModelBuilder& graph, const std::string& file, const std::function<Example(int64_t)>& example)
{
    std::string bytes;
    try
    {
        onnx::ModelProto inferred = graph.model();
        onnx::checker::check_model(inferred);
        onnx::ShapeInferenceOptions strict(true, 1, false);
        onnx::shape_inference::InferShapes(inferred, onnx::OpSchemaRegistry::Instance(), strict);
        bytes = graph.model().SerializeAsString();
    }
    catch (const std::exception& error)
    {
        CV_Error(cv::Error::StsInternal, file + ": libonnx refuses the graph: " + error.what());
    }

    const TemporaryFile part(file + ".part");
    std::ofstream stream(part.path, std::ios::binary);
    stream.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
    stream.close();
    if (!stream)
        CV_Error(cv::Error::StsError, file + ": cannot be written: " + std::strerror(errno));

    torch::NoGradGuard no_gradients;
    double difference = 0;
    for (int64_t batch : VERIFIED_BATCHES)
    {
        const Example pair = example(batch);
        difference = std::max(difference, verifyOnnx(part.path, pair.inputs, pair.outputs));
    }
    std::error_code error;
    fs::rename(part.path, file, error);
    if (error)
        CV_Error(cv::Error::StsError, file + ": cannot be written: " + error.message());
    return difference;
}

//! Of its own generator, so that writing a file leaves a training's random numbers as they are.
Tensor randomImages(int64_t batch, int64_t channels, int64_t side)
{
    return torch::rand({batch, channels, side, side}, at::detail::createCPUGenerator());
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

std::vector<int> sizesOf(const Tensor& tensor)
{
    return std::vector<int>(tensor.sizes().begin(), tensor.sizes().end());
}

} // namespace

double verifyOnnx(const std::string& file, const NamedTensors& inputs, const NamedTensors& expected)
{
    cv::dnn::Net net = cv::dnn::readNetFromONNX(file);
    for (const auto& [name, given] : inputs)
    {
        const Tensor tensor = given.contiguous();
        net.setInput(cv::Mat(sizesOf(tensor), CV_32F, tensor.data_ptr<float>()), name); // copies
    }
    std::vector<std::string> names;
    for (const auto& named : expected)
        names.push_back(named.first);
    std::vector<cv::Mat> outputs;
    net.forward(outputs, names);

    double largest = 0;
    for (size_t i = 0; i < expected.size(); ++i)
    {
        const Tensor reference = expected[i].second;
        const std::vector<int> shape(outputs[i].size.p, outputs[i].size.p + outputs[i].dims);
        if (shape != sizesOf(reference))
            CV_Error(cv::Error::StsUnmatchedSizes, file + ": shape of " + names[i] + " differs between LibTorch and cv::dnn");
        const Tensor output = torch::from_blob(outputs[i].data, reference.sizes());
        const double difference = (output - reference).abs().max().item<double>(); // cv::norm would pass over NaN
        if (!(difference <= ONNX_TOLERANCE))
            CV_Error(cv::Error::StsError, cv::format("%s: %s differs by %g between LibTorch and cv::dnn, at most %g is expected",
                                                     file.c_str(), names[i].c_str(), difference, ONNX_TOLERANCE));
        largest = std::max(largest, difference);
    }
    return largest;
}

double writeOnnx(San2018& network, const std::string& file, const std::string& description, San2018Form form)
{
    const Integers image = {1, CROP_SIZE, CROP_SIZE}, prototype = {3, CROP_SIZE, CROP_SIZE};
    //! Prototype to combine with, and the output that results.
    const std::vector<std::pair<std::string, std::string>> combinations = form == San2018Form::AUTHORS
        ? std::vector<std::pair<std::string, std::string>>{{"combine_proto", "perturbed"}}
        : std::vector<std::pair<std::string, std::string>>{{"same_proto", "perturbed_same"},
                                                           {"neutral_proto", "perturbed_neutral"},
                                                           {"opposite_proto", "perturbed_opposite"}};

    ModelBuilder graph("san2018", description);
    const std::string x = graph.node("Concat", "input", {graph.input("image", image), graph.input("same_proto", prototype)},
                                     {{"axis", int64_t(1)}});
    const std::string e1 = graph.pool("AveragePool", graph.leakyRelu(graph.convolution("encoder1", x, network.encoder1)));
    const std::string e2 = graph.pool("AveragePool", graph.leakyRelu(graph.convolution("encoder2", e1, network.encoder2)));
    const std::string shared = sharedLogits(graph, network, e2);
    const Tensor prototype_weight = network.combiner->weight.slice(1, network.decoder2->weight.size(0));
    for (const auto& [given, output] : combinations)
    {
        if (given != "same_proto")
            graph.input(given, prototype);
        const std::string own = graph.convolution(given + ".combiner", given, prototype_weight, network.combiner->bias);
        graph.node("Sigmoid", output, {graph.node("Add", output + ".logits", {shared, own})});
        graph.output(output, image);
    }

    return write(graph, file, [&](int64_t batch)
    {
        Example example{{{"image", randomImages(batch, 1, CROP_SIZE)}, {"same_proto", randomImages(batch, 3, CROP_SIZE)}}, {}};
        std::vector<Tensor> prototypes;
        for (const auto& combination : combinations)
        {
            if (combination.first != "same_proto")
                example.inputs.emplace_back(combination.first, randomImages(batch, 3, CROP_SIZE));
            prototypes.push_back(combination.first == "same_proto" ? example.inputs[1].second : example.inputs.back().second);
        }
        const bool fast = network.options.fast;
        network.options.fast = false; // the paper's own form is the reference
        const std::vector<Tensor> outputs = network.perturb(example.inputs[0].second, example.inputs[1].second, prototypes);
        network.options.fast = fast;
        for (size_t i = 0; i < outputs.size(); ++i)
            example.outputs.emplace_back(combinations[i].second, outputs[i]);
        return example;
    });
}

double writeOnnx(ResidualUNet& network, const std::string& file, const std::string& description)
{
    const Integers image = {1, CROP_SIZE, CROP_SIZE}, prototype = {3, CROP_SIZE, CROP_SIZE};
    ModelBuilder graph("residual U-Net", description);
    const std::string face = graph.input("image", image), target = graph.input("target_proto", prototype);
    const std::string difference = graph.node("Sub", "difference", {target, graph.constant("neutral_proto", network.neutral)});
    std::string x = graph.node("Concat", "input", {face, target, difference}, {{"axis", int64_t(1)}});
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
        const std::string joined = graph.node("Concat", "joined" + number, {upsampled, skipped[i - 1]}, {{"axis", int64_t(1)}});
        x = graph.leakyRelu(graph.convolution("up" + number, joined, network.up[network.up.size() - i]));
    }
    const std::string residual = graph.node("Tanh", "residual", {graph.convolution("change", x, network.residual)});
    const std::string upsampled = graph.upsample("upsampled", residual, "linear", "half_pixel");
    const std::string change = graph.node("Mul", "bounded", {upsampled, graph.constant("limit", network.limit)});
    // Clamped to 0..1 as 1 - relu(1 - relu(x)): OpenCV 4.6 knows Clip of older opsets only.
    const std::string positive = graph.node("Relu", "positive", {graph.node("Add", "changed", {face, change})});
    graph.complement("perturbed", graph.node("Relu", "below_one", {graph.complement("room", positive)}));
    graph.output("perturbed", image);

    return write(graph, file, [&](int64_t batch)
    {
        const Tensor images = randomImages(batch, 1, CROP_SIZE), targets = randomImages(batch, 3, CROP_SIZE);
        return Example{{{"image", images}, {"target_proto", targets}},
                       {{"perturbed", network.perturb(images, Tensor(), {targets})[0]}}};
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
    const auto read = [&](const std::string& name, Tensor& parameter) {
        const auto found = constants.find(name);
        const size_t bytes = size_t(parameter.numel()) * sizeof(float);
        if (found == constants.end() || found->second->raw_data().size() != bytes)
            CV_Error(cv::Error::StsBadArg, "'" + file + "' is no residual U-Net: " + name + " is missing or of another size");
        parameter.copy_(torch::from_blob(const_cast<char*>(found->second->raw_data().data()), parameter.sizes(), torch::kFloat));
    };
    const auto readLayer = [&](const std::string& name, nn::Conv2d& layer) {
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
    network.down[0]->weight.slice(1, 1 + PROTOTYPE_CHANNELS).div_(ResidualUNet::CONTRAST); // of the difference, see writeOnnx()
}

double writeOnnx(GenderClassifier& network, const std::string& file, const std::string& description)
{
    ModelBuilder graph("gender classifier", description);
    std::string x = graph.input("image", {1, CROP_SIZE, CROP_SIZE});
    int64_t side = CROP_SIZE;
    for (size_t i = 0; i < network.convolutions.size(); ++i)
    {
        const std::string name = "convolution" + std::to_string(i + 1);
        x = graph.pool("MaxPool", graph.leakyRelu(graph.convolution(name, x, network.convolutions[i])), side % 2);
        side = (side + 1) / 2;
    }
    const std::string features = graph.node("Flatten", "features", {x});
    const std::string hidden = graph.fullyConnected("hidden", features, network.hidden->weight, network.hidden->bias);
    const std::string logit = graph.fullyConnected("output", graph.leakyRelu(hidden), network.output->weight, network.output->bias);
    graph.node("Sigmoid", "probability", {logit});
    graph.output("probability", {1});

    const Evaluation evaluation(network);
    return write(graph, file, [&](int64_t batch)
    {
        const Tensor images = randomImages(batch, 1, CROP_SIZE);
        return Example{{{"image", images}}, {{"probability", torch::sigmoid(network.forward(images))}}};
    });
}

double writeOnnx(LandmarkNetwork& network, const std::string& file, const std::string& description)
{
    const int64_t side = LandmarkNetwork::INPUT_SIZE, points = LandmarkNetwork::POINTS;
    ModelBuilder graph("landmark network", description);
    std::string x = graph.input("image", {1, side, side});
    for (size_t i = 0; i < network.convolutions.size(); ++i)
    {
        // In evaluation mode a normalisation is a factor and an offset per channel, which the convolution takes over.
        const nn::BatchNorm2d& n = network.normalisations[i];
        const Tensor factor = n->weight / (n->running_var + n->options.eps()).sqrt();
        x = graph.leakyRelu(graph.convolution("convolution" + std::to_string(i + 1), x,
                                              network.convolutions[i]->weight * factor.view({-1, 1, 1, 1}),
                                              n->bias - n->running_mean * factor, LandmarkNetwork::LAYERS[i][1]));
    }
    const std::string maps = graph.reshape("maps", graph.convolution("heat", x, network.heat), {-1, network.grid.size(0)});
    const std::string shares = graph.node("Softmax", "shares", {maps}, {{"axis", int64_t(1)}});
    const std::string centres = graph.node("Gemm", "centres", {shares, graph.constant("grid", network.grid.t()),
                                                               graph.constant("origin", torch::zeros({2}))}, {{"transB", int64_t(1)}});
    const std::string means = graph.node("Flatten", "means", {graph.pool("AveragePool", x, 0, LandmarkNetwork::POOLING)});
    const std::string hidden = graph.leakyRelu(graph.fullyConnected("hidden", means, network.hidden->weight, network.hidden->bias));
    const std::string logit = graph.fullyConnected("face", hidden, network.face->weight, network.face->bias);
    graph.node("Concat", "landmarks", {graph.reshape("points", centres, {-1, 2 * points}),
                                       graph.node("Sigmoid", "probability", {logit})}, {{"axis", int64_t(1)}});
    graph.output("landmarks", {LandmarkNetwork::OUTPUTS});

    const Evaluation evaluation(network);
    return write(graph, file, [&](int64_t batch)
    {
        const Tensor images = randomImages(batch, 1, side);
        Tensor outputs = network.forward(images);
        outputs.select(1, 2 * points).sigmoid_();
        return Example{{{"image", images}}, {{"landmarks", outputs}}};
    });
}

}} // namespace sanprivacy::train
