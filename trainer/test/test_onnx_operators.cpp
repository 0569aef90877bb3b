// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#include "onnx_comparison.hpp"
#include "small_graph.hpp"

#include <functional>
#include <string>

using namespace sanprivacy::train;
using namespace sanprivacy::train::test;

namespace {

const Ints MAP = { 1, 4, 9, 8 }; // the input of most cases; no two sizes are equal

struct Case
{
    const char* name;
    int opset;
    Ints shape;
    std::function<void(SmallGraph&)> build;        //!< from input "x" to output "y"
    std::function<Tensor(const Tensor&)> expected; //!< closed form; empty: what cv::dnn computes
};

void PrintTo(const Case& c, std::ostream* stream)
{
    *stream << c.name;
}

//! A case of one node with weights.
Case single(const char* name, int opset, const char* type, const std::vector<std::pair<std::string, Tensor>>& weights,
    std::initializer_list<Attribute> attributes, std::function<Tensor(const Tensor&)> expected = {},
    const Ints& shape = MAP)
{
    const std::vector<Attribute> list(attributes);
    const std::string operatorName = type;
    return { name, opset, shape,
        [=](SmallGraph& graph)
        {
            std::vector<std::string> inputs = { "x" };
            for (const auto& weight : weights)
                inputs.push_back(weight.second.defined() ? graph.weights(weight.first, weight.second) : std::string());
            graph.node(operatorName, inputs, { "y" });
            for (const auto& attribute : list)
                *graph.model.mutable_graph()->mutable_node(0)->add_attribute() = attribute.proto;
        },
        expected };
}

std::vector<Case> operators()
{
    torch::manual_seed(1);
    const std::pair<std::string, Tensor> weights = { "w", noise({ 6, 4, 3, 3 }) }, bias = { "b", noise({ 6 }) };
    const std::pair<std::string, Tensor> grouped = { "w", noise({ 8, 2, 3, 3 }) };
    const std::pair<std::string, Tensor> plane = { "p", noise({ 4, 1, 1 }) };
    const Tensor matrix = noise({ 4, 5 }), slopes = noise({ 4, 1, 1 }), row = noise({ 5 });
    const Tensor scale = noise({ 4 }), shift = noise({ 4 }), mean = noise({ 4 }), variance = torch::rand({ 4 }) + .5;
    const Attribute k3("kernel_shape", Ints { 3, 3 }), s2("strides", Ints { 2, 2 });
    auto padded = [](const Tensor& x, double value) { return torch::constant_pad_nd(x, { 1, 2, 0, 1 }, value); };
    auto sizes = [](const Ints& before) { return [=](const Tensor& x) { return x.reshape(before); }; };

    return {
        single("Conv", 11, "Conv", { weights, bias }, { k3, Attribute("pads", Ints { 1, 1, 1, 1 }) }),
        single("Conv_stride", 11, "Conv", { weights }, { k3, s2, Attribute("pads", Ints { 1, 0, 1, 0 }) }),
        single("Conv_dilated", 11, "Conv", { weights, bias },
            { k3, Attribute("dilations", Ints { 2, 3 }), Attribute("pads", Ints { 2, 3, 2, 3 }) }),
        single("Conv_groups", 11, "Conv", { grouped }, { k3, Attribute("group", 2) }),
        single("Conv_asymmetric", 11, "Conv", { weights, bias }, { k3, Attribute("pads", Ints { 0, 1, 1, 2 }) },
            [=](const Tensor& x) { return torch::conv2d(padded(x, 0), weights.second, bias.second); }),
        single("Conv_same_upper", 11, "Conv", { weights, bias }, { k3, s2, Attribute("auto_pad", "SAME_UPPER") },
            [=](const Tensor& x) {
                return torch::conv2d(torch::constant_pad_nd(x, { 0, 1, 1, 1 }), weights.second, bias.second, 2);
            }),
        single("Conv_same_lower", 11, "Conv", { weights, bias }, { k3, s2, Attribute("auto_pad", "SAME_LOWER") },
            [=](const Tensor& x) {
                return torch::conv2d(torch::constant_pad_nd(x, { 1, 0, 1, 1 }), weights.second, bias.second, 2);
            }),
        single("Conv_valid", 11, "Conv", { weights, bias }, { k3, s2, Attribute("auto_pad", "VALID") }),

        single("MaxPool", 11, "MaxPool", {}, { k3, s2 }),
        single("MaxPool_pads", 11, "MaxPool", {}, { k3, s2, Attribute("pads", Ints { 1, 1, 1, 1 }) }),
        single("MaxPool_ceil", 11, "MaxPool", {},
            { Attribute("kernel_shape", Ints { 2, 2 }), s2, Attribute("ceil_mode", 1) }),
        single("MaxPool_asymmetric", 11, "MaxPool", {}, { k3, s2, Attribute("pads", Ints { 0, 1, 1, 2 }) },
            [=](const Tensor& x) { return torch::max_pool2d(padded(x, -HUGE_VAL), 3, 2); }),
        single("AveragePool", 11, "AveragePool", {}, { k3, s2 }),
        single("AveragePool_pads", 11, "AveragePool", {}, { k3, s2, Attribute("pads", Ints { 1, 1, 1, 1 }) },
            [](const Tensor& x) { return torch::avg_pool2d(x, 3, 2, 1, false, false); }),
        single("AveragePool_include", 11, "AveragePool", {},
            { k3, s2, Attribute("pads", Ints { 1, 1, 1, 1 }), Attribute("count_include_pad", 1) },
            [](const Tensor& x) { return torch::avg_pool2d(x, 3, 2, 1, false, true); }),
        single("AveragePool_ceil", 11, "AveragePool", {}, { k3, s2, Attribute("ceil_mode", 1) },
            [](const Tensor& x) { return torch::avg_pool2d(x, 3, 2, 0, true); }),
        single("AveragePool_ceil_include", 11, "AveragePool", {},
            { k3, s2, Attribute("pads", Ints { 1, 1, 1, 1 }), Attribute("ceil_mode", 1),
                Attribute("count_include_pad", 1) },
            [](const Tensor& x) { return torch::avg_pool2d(x, 3, 2, 1, true, true); }),
        single("AveragePool_asymmetric", 11, "AveragePool", {}, { k3, s2, Attribute("pads", Ints { 0, 1, 1, 2 }) },
            [=](const Tensor& x) {
                return torch::avg_pool2d(padded(x, 0), 3, 2) / torch::avg_pool2d(padded(torch::ones_like(x), 0), 3, 2);
            }),
        single("GlobalAveragePool", 11, "GlobalAveragePool", {}, {}),
        single("GlobalMaxPool", 11, "GlobalMaxPool", {}, {}),

        single("BatchNormalization", 9, "BatchNormalization",
            { { "s", scale }, { "t", shift }, { "m", mean }, { "v", variance } }, { Attribute("epsilon", .01) }),
        single("LRN", 11, "LRN", {},
            { Attribute("size", 3), Attribute("alpha", .3), Attribute("beta", .6), Attribute("bias", 1.5) }),
        single("LRN_even", 11, "LRN", {},
            { Attribute("size", 2), Attribute("alpha", .5), Attribute("beta", 1.), Attribute("bias", 1.) },
            [](const Tensor& x) { // ONNX: from floor((size - 1) / 2) channels before to ceil((size - 1) / 2) after
                const Tensor next = torch::cat({ x.slice(1, 1), torch::zeros_like(x.slice(1, 0, 1)) }, 1);
                return x / (1 + .25 * (x * x + next * next));
            }),
        single("Softmax_all_axes", 11, "Softmax", {}, { Attribute("axis", 1) },
            [](const Tensor& x) { return x.flatten().softmax(0).reshape(x.sizes()); }),
        single("Softmax_one_axis", 13, "Softmax", {}, { Attribute("axis", 1) },
            [](const Tensor& x) { return x.softmax(1); }),
        single("Softmax", 11, "Softmax", {}, { Attribute("axis", -1) }, {}, { 1, 7 }),
        single("LogSoftmax", 13, "LogSoftmax", {}, {}, [](const Tensor& x) { return x - x.exp().sum(-1, true).log(); }),

        single("Relu", 11, "Relu", {}, {}), single("LeakyRelu", 11, "LeakyRelu", {}, { Attribute("alpha", .3) }),
        single("PRelu", 9, "PRelu", { { "s", slopes } }, {}),
        single("PRelu_one_slope", 9, "PRelu", { { "s", torch::tensor({ .3f }) } }, {},
            [](const Tensor& x) { return torch::leaky_relu(x, .3); }),
        single("Elu", 11, "Elu", {}, { Attribute("alpha", 1.) }), single("Sigmoid", 11, "Sigmoid", {}, {}),
        single("Tanh", 11, "Tanh", {}, {}),
        single("HardSigmoid", 11, "HardSigmoid", {}, { Attribute("alpha", .4), Attribute("beta", .3) },
            [](const Tensor& x) { return (.4 * x + .3).clamp(0, 1); }),
        single("HardSwish", 14, "HardSwish", {}, {}, [](const Tensor& x) { return x * (x + 3).clamp(0, 6) / 6; }),
        single("Clip_attributes", 9, "Clip", {}, { Attribute("min", -.5), Attribute("max", 1.) }),
        single("Clip_inputs", 11, "Clip", { { "low", torch::tensor(-.5f) }, { "high", torch::tensor(1.f) } }, {},
            [](const Tensor& x) { return x.clamp(-.5, 1); }),
        single("Clip_one_side", 11, "Clip", { { "low", Tensor() }, { "high", torch::tensor(.25f) } }, {},
            [](const Tensor& x) { return x.clamp_max(.25); }),
        single("Neg", 11, "Neg", {}, {}), single("Abs", 11, "Abs", {}, {}), single("Exp", 11, "Exp", {}, {}),
        single("Reciprocal", 11, "Reciprocal", {}, {}, [](const Tensor& x) { return 1 / x; }),
        { "Sqrt_Log", 11, MAP,
            [](SmallGraph& g)
            {
                g.node("Sqrt", { g.node("Exp", { "x" }, { "e" }) }, { "r" });
                g.node("Log", { "r" }, { "y" });
            },
            [](const Tensor& x) { return x / 2; } },
        { "Floor", 11, MAP,
            [](SmallGraph& g) {
                g.node("Sub", { "x", g.node("Floor", { "x" }, { "f" }) }, { "y" });
            },
            [](const Tensor& x) { return x - x.floor(); } },

        single("Add", 11, "Add", { plane }, {}), single("Sub", 11, "Sub", { plane }, {}),
        single("Mul", 11, "Mul", { plane }, {}), single("Div", 11, "Div", { plane }, {}),
        single("Pow", 11, "Pow", { { "e", torch::tensor(2.f) } }, {}, [](const Tensor& x) { return x * x; }),
        { "Add_itself", 11, MAP,
            [](SmallGraph& g) {
                g.node("Add", { "x", g.node("Relu", { "x" }, { "r" }) }, { "y" });
            },
            {} },
        { "Sum_Max_Min", 11, MAP,
            [=](SmallGraph& g)
            {
                g.weights("p", plane.second);
                g.node("Max", { "x", "p" }, { "high" });
                g.node("Min", { "x", "p" }, { "low" });
                g.node("Sum", { "x", "high", "high", "low" }, { "y" });
            },
            [=](const Tensor& x)
            { return x + 2 * torch::maximum(x, plane.second) + torch::minimum(x, plane.second); } },
        single("Gemm", 11, "Gemm", { { "w", matrix }, { "b", row } }, {},
            [=](const Tensor& x) { return x.matmul(matrix) + row; }, { 1, 4 }),
        single("Gemm_transposed", 11, "Gemm", { { "w", matrix.t() }, { "b", row } },
            { Attribute("transB", 1), Attribute("alpha", .5), Attribute("beta", 2.) },
            [=](const Tensor& x) { return .5 * x.matmul(matrix) + 2 * row; }, { 1, 4 }),
        single("MatMul", 11, "MatMul", { { "w", matrix } }, {}, [=](const Tensor& x) { return x.matmul(matrix); },
            { 1, 3, 4 }),

        single("ReduceMean", 11, "ReduceMean", {}, { Attribute("axes", Ints { 2, 3 }), Attribute("keepdims", 1) }),
        single("ReduceMean_flat", 11, "ReduceMean", {}, { Attribute("axes", Ints { -1 }), Attribute("keepdims", 0) },
            [](const Tensor& x) { return x.mean(3); }),
        single("ReduceMean_rest", 11, "ReduceMean", {}, { Attribute("axes", Ints { 1, 2, 3 }) },
            [](const Tensor& x) {
                return x.mean(Ints { 1, 2, 3 }, true);
            }),
        single("ReduceSum_input", 13, "ReduceSum", { { "axes", ints({ 1 }) } }, {},
            [](const Tensor& x) { return x.sum(1, true); }),
        single("ReduceMax", 11, "ReduceMax", {}, { Attribute("axes", Ints { 2 }) },
            [](const Tensor& x) { return x.amax(2, true); }),
        single("ReduceMin", 11, "ReduceMin", {}, { Attribute("axes", Ints { 2 }) },
            [](const Tensor& x) { return x.amin(2, true); }),
        single("ReduceL1", 11, "ReduceL1", {}, { Attribute("axes", Ints { 1 }) },
            [](const Tensor& x) { return x.abs().sum(1, true); }),
        single("ReduceL2", 11, "ReduceL2", {}, { Attribute("axes", Ints { 1 }) },
            [](const Tensor& x) { return x.norm(2, 1, true); }),
        single("ReduceSumSquare", 11, "ReduceSumSquare", {}, { Attribute("axes", Ints { 1 }) },
            [](const Tensor& x) { return (x * x).sum(1, true); }),

        single("Identity", 11, "Identity", {}, {}),
        single("Dropout", 11, "Dropout", {}, { Attribute("ratio", .5) }, [](const Tensor& x) { return x; }),
        single("Cast", 11, "Cast", {}, { Attribute("to", (int)onnx::TensorProto::FLOAT) },
            [](const Tensor& x) { return x; }),
        single("Reshape_attribute", 1, "Reshape", {}, { Attribute("shape", Ints { 1, -1, 4 }) }, sizes({ 1, -1, 4 })),
        single("Reshape_copies", 11, "Reshape", { { "s", ints({ 0, 0, -1 }) } }, {}, sizes({ 1, 4, 72 })),
        single("Flatten", 11, "Flatten", {}, {}),
        single("Flatten_later", 11, "Flatten", {}, { Attribute("axis", -2) }, sizes({ 4, 72 })),
        single("Transpose", 11, "Transpose", {}, { Attribute("perm", Ints { 0, 2, 3, 1 }) }),
        single("Squeeze", 11, "Squeeze", {}, { Attribute("axes", Ints { 2, -1 }) }, sizes({ 1, 6 }), { 1, 6, 1, 1 }),
        single("Squeeze_input", 13, "Squeeze", { { "axes", ints({ -1 }) } }, {}, sizes({ 1, 6, 1 }), { 1, 6, 1, 1 }),
        single("Unsqueeze", 11, "Unsqueeze", {}, { Attribute("axes", Ints { 3, 1 }) }, sizes({ 1, 1, 5, 1 }), { 1, 5 }),
        single("Unsqueeze_input", 13, "Unsqueeze", { { "axes", ints({ -1 }) } }, {}, sizes({ 1, 5, 1 }), { 1, 5 }),
        { "Concat", 11, MAP,
            [](SmallGraph& g) {
                g.node("Concat", { "x", g.node("Relu", { "x" }, { "r" }) }, { "y" }, { Attribute("axis", 1) });
            },
            {} },
        { "Split", 11, MAP,
            [](SmallGraph& g)
            {
                g.node("Split", { "x" }, { "a", "b" }, { Attribute("axis", 1), Attribute("split", Ints { 3, 1 }) });
                g.node("Mul", { "a", "b" }, { "y" });
            },
            [](const Tensor& x) { return x.slice(1, 0, 3) * x.slice(1, 3, 4); } },
        { "Split_equal", 11, MAP,
            [](SmallGraph& g)
            {
                g.node("Split", { "x" }, { "a", "b" }, { Attribute("axis", 1) });
                g.node("Div", { "a", "b" }, { "y" });
            },
            [](const Tensor& x) { return x.slice(1, 0, 2) / x.slice(1, 2, 4); } },
        single("Slice_attributes", 9, "Slice", {},
            { Attribute("starts", Ints { 1, -3 }), Attribute("ends", Ints { 9, -1 }),
                Attribute("axes", Ints { 2, 3 }) }),
        single("Slice_inputs", 11, "Slice",
            { { "s", ints({ 1, -2 }) }, { "e", ints({ 8, -9 }) }, { "a", ints({ 2, 3 }) }, { "t", ints({ 2, -3 }) } },
            {},
            [](const Tensor& x) {
                return x.slice(2, 1, 8, 2).index_select(3, ints({ 6, 3, 0 }));
            }),
        single("Gather", 11, "Gather", { { "i", ints({ 2, -1 }) } }, { Attribute("axis", 1) },
            [](const Tensor& x) {
                return x.index_select(1, ints({ 2, 3 }));
            }),
        single("Gather_one", 11, "Gather", { { "i", torch::tensor((int64_t)1, torch::kLong) } },
            { Attribute("axis", -1) }, [](const Tensor& x) { return x.select(3, 1); }),
        single("Expand", 11, "Expand", { { "s", ints({ 2, 1 }) } }, {},
            [](const Tensor& x) {
                return x.expand({ 1, 2, 3 });
            },
            { 1, 1, 3 }),
        single("Pad", 9, "Pad", {}, { Attribute("pads", Ints { 0, 2, 1, 0, 0, 0, 0, 3 }), Attribute("value", -2.) },
            [](const Tensor& x) {
                return torch::constant_pad_nd(x, { 0, 3, 1, 0, 2, 0 }, -2);
            }),
        single("Pad_input", 11, "Pad", { { "p", ints({ 0, 0, 1, 0, 0, 0, 0, 3 }) }, { "v", torch::tensor(.5f) } }, {},
            [](const Tensor& x) {
                return torch::constant_pad_nd(x, { 0, 3, 1, 0 }, .5);
            }),
        single(
            "Pad_reflect", 11, "Pad", { { "p", ints({ 0, 0, 1, 2, 0, 0, 3, 0 }) } }, { Attribute("mode", "reflect") }),
        single("Pad_edge", 11, "Pad", { { "p", ints({ 0, 0, 1, 2, 0, 0, 3, 0 }) } }, { Attribute("mode", "edge") },
            [](const Tensor& x) {
                return torch::replication_pad2d(x, { 2, 0, 1, 3 });
            }),

        single("Upsample", 9, "Upsample", { { "f", torch::tensor({ 1.f, 1.f, 2.f, 3.f }) } },
            { Attribute("mode", "nearest") },
            [](const Tensor& x) { return x.repeat_interleave(2, 2).repeat_interleave(3, 3); }),
        single("Resize_nearest", 11, "Resize",
            { { "roi", torch::empty({ 0 }) }, { "f", torch::tensor({ 1.f, 1.f, 2.f, 2.f }) } },
            { Attribute("mode", "nearest"), Attribute("coordinate_transformation_mode", "asymmetric"),
                Attribute("nearest_mode", "floor") }),
        single("Resize_half_pixel", 13, "Resize",
            { { "roi", Tensor() }, { "f", Tensor() }, { "s", ints({ 1, 4, 4, 13 }) } },
            { Attribute("mode", "linear"), Attribute("coordinate_transformation_mode", "half_pixel") },
            [](const Tensor& x) {
                return torch::upsample_bilinear2d(x, { 4, 13 }, false);
            }),
        single("Resize_align_corners", 13, "Resize",
            { { "roi", Tensor() }, { "f", Tensor() }, { "s", ints({ 1, 4, 5, 13 }) } },
            { Attribute("mode", "linear"), Attribute("coordinate_transformation_mode", "align_corners") },
            [](const Tensor& x) {
                return torch::upsample_bilinear2d(x, { 5, 13 }, true);
            }),
        single("Resize_round", 11, "Resize",
            { { "roi", torch::empty({ 0 }) }, { "f", torch::tensor({ 1.f, 1.f, .5f, 1.f }) } },
            { Attribute("mode", "nearest") },
            [](const Tensor& x) {
                return x.index_select(2, ints({ 0, 2, 4, 6 }));
            }), // .5, 2.5, ..: halves go down
    };
}

class Operators : public testing::TestWithParam<Case>
{
protected:
    Operators() : graph(GetParam().opset)
    {
        torch::manual_seed(2);
        graph.input("x", GetParam().shape);
        GetParam().build(graph);
        graph.output("y");
        x = noise(GetParam().shape);
    }

    SmallGraph graph;
    Tensor x;
};

TEST_P(Operators, value)
{
    const OnnxGraph onnx(graph.write());
    const Tensor found = onnx.forward({ x })[0];
    if (!GetParam().expected)
    {
        EXPECT_LE(relativeError(found, runDnn(onnx, { x })[0]), TOLERANCE);
        return;
    }
    const Tensor expected = GetParam().expected(x);
    ASSERT_EQ(found.sizes(), expected.sizes());
    EXPECT_LE(relativeError(found, expected), TOLERANCE);
}

TEST_P(Operators, gradient)
{
    OnnxGraph onnx(graph.write());
    EXPECT_LE(gradientError(onnx, { x }, 1, 4), GRADIENT_TOLERANCE);
}

TEST_P(Operators, batch) // the file fixes the batch to one
{
    const OnnxGraph onnx(graph.write());
    Tensors images = { x, noise(GetParam().shape), noise(GetParam().shape) }, alone;
    for (const auto& image : images)
        alone.push_back(onnx.forward({ image })[0]);
    const Tensor together = onnx.forward({ torch::cat(images, 0) })[0];
    EXPECT_EQ(together.size(0), 3 * alone[0].size(0));
    EXPECT_LE(relativeError(together, torch::cat(alone, 0)), TOLERANCE);
}

TEST_P(Operators, bf16)
{
    OnnxGraph onnx(graph.write());
    const Tensor expected = onnx.forward({ x })[0];
    onnx.to(torch::kBFloat16);
    const Tensor input = x.to(torch::kBFloat16).set_requires_grad(true);
    const Tensor found = onnx.forward({ input })[0];
    const std::string name = GetParam().name;
    if (name != "Floor" && name != "Reciprocal" && name != "Split_equal") // those magnify rounding
    {
        EXPECT_LE(relativeError(found, expected), .03);
    }
    const Tensor gradient = torch::autograd::grad({ found.sum() }, { input }, {}, {}, false, true)[0];
    ASSERT_TRUE(gradient.defined());
    EXPECT_TRUE(gradient.isfinite().all().item<bool>());
}

INSTANTIATE_TEST_SUITE_P(OnnxGraph, Operators, testing::ValuesIn(operators()),
    [](const testing::TestParamInfo<Case>& tested) { return std::string(tested.param.name); });

} // namespace
