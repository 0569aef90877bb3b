// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#include "onnx_comparison.hpp"
#include "places.hpp"
#include "small_graph.hpp"

#include <cmath>
#include <functional>
#include <iostream>

using namespace sanprivacy::train;
using namespace sanprivacy::train::test;

namespace {

TEST(OnnxGraph, describes_inputs_and_outputs)
{
    SmallGraph g;
    g.input("x", { -1, 3, 4, 5 });
    g.weights("w", noise({ 2, 3, 1, 1 }));
    g.input("w", { 2, 3, 1, 1 }); // up to IR version 3 weights are listed as inputs
    g.node("Conv", { "x", "w" }, { "a" });
    g.node("Relu", { "a" }, { "b" });
    g.output("a");
    g.output("b");
    const OnnxGraph graph(g.write());
    ASSERT_EQ(graph.inputs().size(), 1u);
    EXPECT_EQ(graph.inputs()[0].name, "x");
    EXPECT_EQ(graph.inputs()[0].shape, Ints({ -1, 3, 4, 5 }));
    EXPECT_EQ(graph.outputs(), std::vector<std::string>({ "a", "b" }));

    const Tensor x = noise({ 2, 3, 4, 5 });
    const Tensors all = graph.forward({ x }), one = graph.forward({ x }, { "b" });
    ASSERT_EQ(one.size(), 1u);
    EXPECT_TRUE(torch::equal(one[0], all[1]));
    EXPECT_FALSE(torch::equal(all[0], all[1]));
}

TEST(OnnxGraph, keeps_weights_frozen)
{
    SmallGraph g;
    g.input("x", { 1, 3, 4, 5 });
    g.node("Conv", { "x", g.weights("w", noise({ 2, 3, 1, 1 })) }, { "y" });
    g.output("y");
    const OnnxGraph graph(g.write());
    EXPECT_FALSE(graph.forward({ noise({ 1, 3, 4, 5 }) })[0].requires_grad());
    EXPECT_TRUE(graph.forward({ noise({ 1, 3, 4, 5 }).set_requires_grad(true) })[0].requires_grad());
}

TEST(OnnxGraph, shape_arithmetic) // x.view(x.size(0), x.size(2) * 3 / 2, -1), as exporters write it
{
    SmallGraph g;
    g.input("x", { -1, 3, 4, 5 });
    g.node("Shape", { "x" }, { "shape" });
    g.node("Constant", {}, { "zero" }, { Attribute("value", ints({ 0 })) });
    g.node("Constant", {}, { "two" }, { Attribute("value", torch::tensor((int64_t)2, torch::kLong)) });
    g.node("Gather", { "shape", "zero" }, { "batch" });
    g.node("Gather", { "shape", "two" }, { "height" });
    g.node("Mul", { "height", g.weights("three", ints({ 3 })) }, { "product" });
    g.node("Div", { "product", "two" }, { "quotient" });
    g.node("Cast", { "quotient" }, { "cast" }, { Attribute("to", (int)onnx::TensorProto::INT64) });
    g.node("ConstantOfShape", { g.weights("one", ints({ 1 })) }, { "rest" }, { Attribute("value", ints({ -1 })) });
    g.node("Concat", { "batch", "cast", "rest" }, { "target" }, { Attribute("axis", 0) });
    g.node("Reshape", { "x", "target" }, { "y" });
    g.output("y");
    const Tensor x = noise({ 7, 3, 4, 5 }), y = OnnxGraph(g.write()).forward({ x })[0];
    EXPECT_TRUE(torch::equal(y, x.reshape({ 7, 6, 10 })));
}

TEST(OnnxGraph, literal_batch_of_one_is_free)
{
    SmallGraph g;
    g.input("x", { 1, 4, 6 });
    g.node("Reshape", { "x", g.weights("s", ints({ 1, 8, 3 })) }, { "r" });
    g.node("MatMul", { "r", g.weights("w", noise({ 3, 2 })) }, { "m" });
    g.node("Reshape", { "m", g.weights("t", ints({ 1, 16 })) }, { "y" });
    g.output("y");
    const OnnxGraph graph(g.write());
    const Tensor x = noise({ 5, 4, 6 }), y = graph.forward({ x })[0];
    ASSERT_EQ(y.sizes(), Ints({ 5, 16 }));
    for (int64_t i = 0; i < 5; ++i)
        EXPECT_LE(relativeError(y[i], graph.forward({ x.narrow(0, i, 1) })[0]), 1e-6);
}

TEST(OnnxGraph, mixing_graphs_run_image_by_image)
{
    SmallGraph g;
    g.input("x", { 1, 4, 6 });
    g.node("ReduceMean", { "x" }, { "mean" },
        { Attribute("axes", Ints { 0, 2 }), Attribute("keepdims", 1) }); // over the batch, too
    g.node("Sub", { "x", "mean" }, { "y" });
    g.output("y");
    const OnnxGraph graph(g.write());
    const Tensor x = noise({ 3, 4, 6 });
    EXPECT_LE(relativeError(graph.forward({ x })[0], x - x.mean(2, true)), 1e-5);
}

TEST(OnnxGraph, unsupported_operator_is_named)
{
    SmallGraph g;
    g.input("x", { 1, 4 });
    g.node("Relu", { "x" }, { "r" });
    g.node("Bernoulli", { "r" }, { "coin" });
    g.output("coin");
    try
    {
        OnnxGraph graph(g.write());
        FAIL() << "no error";
    }
    catch (const cv::Exception& e)
    {
        EXPECT_EQ(e.code, cv::Error::StsNotImplemented);
        EXPECT_NE(e.err.find("Bernoulli"), std::string::npos) << e.err;
        EXPECT_NE(e.err.find("\"coin\""), std::string::npos) << e.err;
        EXPECT_NE(e.err.find(g.write()), std::string::npos) << e.err;
    }
}

TEST(OnnxGraph, unsupported_variant_is_named)
{
    SmallGraph g(13);
    g.input("x", { 1, 1, 4, 4 });
    g.node("Resize", { "x", "", g.weights("f", torch::tensor({ 1.f, 1.f, 2.f, 2.f })) }, { "bigger" },
        { Attribute("mode", "cubic") });
    g.output("bigger");
    try
    {
        OnnxGraph graph(g.write());
        FAIL() << "no error";
    }
    catch (const cv::Exception& e)
    {
        EXPECT_EQ(e.code, cv::Error::StsNotImplemented);
        EXPECT_NE(e.err.find("cubic"), std::string::npos) << e.err;
        EXPECT_NE(e.err.find("Resize \"bigger\""), std::string::npos) << e.err;
    }
}

TEST(OnnxGraph, unsupported_second_output_is_named)
{
    SmallGraph g;
    g.input("x", { 1, 4 });
    g.node("Dropout", { "x" }, { "y", "mask" });
    g.output("y");
    EXPECT_NO_THROW(OnnxGraph graph(g.write()));
    g.output("mask");
    EXPECT_THROW(OnnxGraph graph(g.write()), cv::Exception);
}

TEST(OnnxGraph, every_truncation_is_an_error)
{
    SmallGraph g;
    g.input("x", { 1, 3, 4, 5 });
    g.node("Conv", { "x", g.weights("w", noise({ 2, 3, 1, 1 })) }, { "y" });
    g.output("y");
    const std::string file = g.write();
    const size_t size = std::filesystem::file_size(file);
    for (size_t length = 0; length < size; ++length)
    {
        g.write();
        std::filesystem::resize_file(file, length);
        EXPECT_THROW(OnnxGraph graph(file), cv::Exception) << length << " of " << size << " bytes";
    }
    g.write();
    EXPECT_NO_THROW(OnnxGraph graph(file));
    EXPECT_THROW(OnnxGraph graph(file + ".absent"), cv::Exception);
}

TEST(OnnxGraph, missing_node_input)
{
    SmallGraph g;
    g.input("x", { 1, 4 });
    g.node("Relu", {}, { "y" });
    g.output("y");
    EXPECT_THROW(OnnxGraph graph(g.write()), cv::Exception);
}

//! The graph of one node of x, [1,2,4,4], is refused with cv::Exception.
void expectRefused(const std::string& type, const std::vector<std::string>& more,
    std::initializer_list<Attribute> attributes, const std::function<void(SmallGraph&)>& change = {}, int opset = 11)
{
    SCOPED_TRACE(type);
    SmallGraph g(opset);
    g.input("x", { 1, 2, 4, 4 });
    g.weights("kernels", noise({ 2, 2, 3, 3 }));
    g.weights("vector", noise({ 2 }));
    g.weights("two", ints({ 0, 1 }));
    g.weights("three", ints({ 0, 1, 2 }));
    g.weights("infinite", torch::tensor({ 1.f, 1.f, (float)INFINITY, 1.f }));
    std::vector<std::string> inputs = { "x" };
    inputs.insert(inputs.end(), more.begin(), more.end());
    g.node(type, inputs, { "y" }, attributes);
    g.output("y");
    if (change)
        change(g);
    EXPECT_THROW(OnnxGraph(g.write()).forward({ noise({ 2, 2, 4, 4 }) }), cv::Exception);
}

TEST(OnnxGraph, nodes_that_make_no_sense_are_refused)
{
    expectRefused("Conv", { "vector" }, {});
    expectRefused("Conv", { "kernels" }, { Attribute("strides", Ints { 0, 1 }), Attribute("auto_pad", "SAME_UPPER") });
    expectRefused("Conv", { "kernels" }, { Attribute("pads", Ints { 0, 0, 0, (int64_t)1 << 62 }) });
    expectRefused("MaxPool", {},
        { Attribute("kernel_shape", Ints { 2, 2 }), Attribute("strides", Ints { 0, 0 }), Attribute("ceil_mode", 1) });
    expectRefused("LRN", {}, { Attribute("size", 0) });
    expectRefused("Slice", { "three", "two" }, {});
    expectRefused("Slice", { "two", "two", "three" }, {});
    expectRefused("Gather", { "two" }, { Attribute("axis", 4) });
    expectRefused("Gather", { "two" }, { Attribute("axis", -5) });
    expectRefused("Pad", { "three" }, { Attribute("mode", "edge") });
    expectRefused("Resize", { "", "infinite" }, {});
    expectRefused("Relu", {}, {}, [](SmallGraph& g) { g.model.mutable_graph()->mutable_node(0)->set_input(0, ""); });
    expectRefused("Split", {}, {}, [](SmallGraph& g) { g.model.mutable_graph()->mutable_node(0)->clear_output(); });
    expectRefused("HardSwish", {}, {}); // came with operator set 14
    expectRefused("BatchNormalization", { "vector", "vector", "vector", "vector" }, {},
        [](SmallGraph& g) { g.model.mutable_graph()->mutable_node(0)->set_input(0, "vector"); });
}

TEST(OnnxGraph, weights_of_impossible_size_are_refused)
{
    for (const Ints& shape :
        { Ints { (int64_t)1 << 32, (int64_t)1 << 32 }, Ints { -1, -32 }, Ints { (int64_t)1 << 40 } })
        expectRefused("Add", { "vector" }, {},
            [&](SmallGraph& g)
            {
                auto& dimensions = *g.model.mutable_graph()->mutable_initializer(1)->mutable_dims();
                dimensions.Clear();
                dimensions.Add(shape.begin(), shape.end());
            });
}

TEST(OnnxGraph, single_images_that_cannot_be_joined_are_refused)
{
    SmallGraph g;
    g.input("x", { 1, 4 });
    g.node("ReduceSum", { "x" }, { "y" }, { Attribute("keepdims", 0) });
    g.output("y");
    EXPECT_THROW(OnnxGraph(g.write()).forward({ noise({ 2, 4 }) }), cv::Exception);
}

TEST(OnnxGraph, wrong_arguments)
{
    SmallGraph g;
    g.input("x", { 1, 3, 4, 5 });
    g.node("Relu", { "x" }, { "y" });
    g.output("y");
    const OnnxGraph graph(g.write());
    EXPECT_THROW(graph.forward({}), cv::Exception);
    EXPECT_THROW(graph.forward({ noise({ 1, 3, 5, 4 }) }), cv::Exception);
    EXPECT_THROW(graph.forward({ noise({ 3, 4, 5 }) }), cv::Exception);
    EXPECT_THROW(graph.forward({ noise({ 1, 3, 4, 5 }) }, { "z" }), cv::Exception);
    EXPECT_NO_THROW(graph.forward({ noise({ 6, 3, 4, 5 }) }));
}

//! The layers of VGG-16, which VGG-Face shares, with an eighth of the channels, written as the ONNX model zoo writes
//! them.
void buildVgg16(SmallGraph& g, int64_t side, int64_t classes)
{
    const std::vector<Ints> blocks = { { 8, 8 }, { 16, 16 }, { 32, 32, 32 }, { 64, 64, 64 }, { 64, 64, 64 } };
    g.input("data", { 1, 3, side, side });
    std::string last = "data";
    int64_t channels = 3;
    int layer = 0;
    auto name = [&layer](const char* type) { return type + std::to_string(layer++); };
    for (const auto& block : blocks)
    {
        for (int64_t width : block)
        {
            const Tensor kernels =
                noise({ width, channels, 3, 3 }) * std::sqrt(2. / (9. * (double)channels)); // He et al.
            const std::string w = g.weights(name("w"), kernels), b = g.weights(name("b"), noise({ width }) * .1);
            last = g.node("Conv", { last, w, b }, { name("conv") },
                { Attribute("kernel_shape", Ints { 3, 3 }), Attribute("strides", Ints { 1, 1 }),
                    Attribute("pads", Ints { 1, 1, 1, 1 }), Attribute("dilations", Ints { 1, 1 }),
                    Attribute("group", 1) });
            last = g.node("Relu", { last }, { name("relu") });
            channels = width;
        }
        last = g.node("MaxPool", { last }, { name("pool") },
            { Attribute("kernel_shape", Ints { 2, 2 }), Attribute("strides", Ints { 2, 2 }),
                Attribute("pads", Ints { 0, 0, 0, 0 }) });
    }
    last = g.node("Flatten", { last }, { "flat" });
    int64_t inputs = channels * (side / 32) * (side / 32);
    for (int64_t width : { (int64_t)512, (int64_t)512, classes })
    {
        const std::string w = g.weights(name("w"), noise({ width, inputs }) * std::sqrt(2. / (double)inputs)),
                          b = g.weights(name("b"), noise({ width }) * .1);
        last = g.node("Gemm", { last, w, b }, { width == classes ? "descriptor" : name("fc") },
            { Attribute("alpha", 1.), Attribute("beta", 1.), Attribute("transA", 0), Attribute("transB", 1) });
        inputs = width;
        if (width != classes)
            last = g.node("Dropout", { g.node("Relu", { last }, { name("relu") }) }, { name("drop") },
                { Attribute("ratio", .5) });
    }
    g.output(last);
}

TEST(OnnxGraph, vgg16)
{
    torch::manual_seed(3);
    const int64_t side = 96, descriptor = 2622; // as many as VGG-Face's
    SmallGraph g(8);
    buildVgg16(g, side, descriptor);
    OnnxGraph graph(g.write());
    const Tensor x = noise({ 2, 3, side, side }), y = graph.forward({ x })[0];
    ASSERT_EQ(y.sizes(), Ints({ 2, descriptor }));
    for (int64_t i = 0; i < 2; ++i)
        EXPECT_LE(relativeError(y[i], runDnn(graph, { x.narrow(0, i, 1) })[0]), TOLERANCE);
    EXPECT_LE(gradientError(graph, { x.narrow(0, 0, 1) }, 1, 1), GRADIENT_TOLERANCE);
}

// ---------------------------------------------------------------------------------------------------------------------
// Public networks

std::filesystem::path modelsFolder()
{
    return sharedFolder() / "models";
}

//! As smooth as faces are, 0..1: on white noise the probabilities of classifiers come too close to 0 and 1 to tell
//! anything.
Tensor smooth(const Ints& shape)
{
    return torch::upsample_bilinear2d(torch::rand({ shape[0], shape[1], 6, 6 }), { shape[2], shape[3] }, true);
}

TEST(OnnxGraph, public_networks)
{
    if (!std::filesystem::is_directory(modelsFolder()))
        GTEST_SKIP() << "no public networks in " << modelsFolder() << "; SANPRIVACY_SHARED names another place";
    int files = 0;
    for (const auto& entry : std::filesystem::directory_iterator(modelsFolder()))
    {
        if (entry.path().extension() != ".onnx")
            continue;
        const std::string name = entry.path().filename().string();
        SCOPED_TRACE(name);
        torch::manual_seed(4);
        OnnxGraph graph(entry.path().string());
        // Networks that scale their input themselves want 0..255.
        const bool bytes = graph.inputs()[0].name == "rgb" || graph.inputs()[0].name == "data";
        const double range = bytes ? 255 : 1;
        Tensors x;
        for (const auto& input : graph.inputs())
        {
            Ints shape = input.shape;
            shape[0] = 1;
            x.push_back(smooth(shape) * range);
        }
        const Tensors found = graph.forward(x), expected = runDnn(graph, x);
        double error = 0;
        for (size_t k = 0; k < found.size(); ++k)
            error = std::max(error, relativeError(found[k], expected[k]));
        EXPECT_LE(error, TOLERANCE);

        Tensors three;
        for (const auto& t : x)
            three.push_back(torch::cat({ t, smooth(t.sizes().vec()) * range, t }, 0));
        const Tensor together = graph.forward(three)[0];
        const int64_t rows = found[0].size(0);
        EXPECT_LE(relativeError(together.narrow(0, 2 * rows, rows), found[0]), TOLERANCE);

        const double gradient = gradientError(graph, x, range, 1);
        EXPECT_LE(gradient, GRADIENT_TOLERANCE);
        std::cout << name << ": " << error << " from cv::dnn, gradient " << gradient << " from differences"
                  << std::endl;
        ++files;
    }
    EXPECT_GT(files, 0);
}

} // namespace
