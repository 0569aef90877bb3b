// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#include "onnx_reader/operators.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <unordered_map>

#include <opencv2/core.hpp>
#include <torch/torch.h>

namespace sanprivacy { namespace train {

using torch::Tensor;
typedef std::vector<int64_t> Ints;

// ---------------------------------------------------------------------------------------------------------------------
// Attributes and tensors

static torch::ScalarType scalarType(int64_t type)
{
    switch (type)
    {
    case onnx::TensorProto::FLOAT:
        return torch::kFloat;
    case onnx::TensorProto::DOUBLE:
        return torch::kDouble;
    case onnx::TensorProto::FLOAT16:
        return torch::kHalf;
    case onnx::TensorProto::BFLOAT16:
        return torch::kBFloat16;
    case onnx::TensorProto::INT64:
        return torch::kLong;
    case onnx::TensorProto::INT32:
        return torch::kInt;
    case onnx::TensorProto::INT8:
        return torch::kChar;
    case onnx::TensorProto::UINT8:
        return torch::kByte;
    case onnx::TensorProto::BOOL:
        return torch::kBool;
    default:
        CV_Error_(cv::Error::StsNotImplemented, ("unsupported element type %d", (int)type));
    }
}

int64_t countElements(const std::vector<int64_t>& shape)
{
    int64_t count = 1;
    for (int64_t size : shape)
    {
        if (size < 0 || (size > 0 && count > MOST_ELEMENTS / size))
            CV_Error_(cv::Error::StsParseError,
                ("expected sizes of at least 0 and at most %lld elements, found a size of %lld",
                    (long long)MOST_ELEMENTS, (long long)size));
        count *= size;
    }
    return count;
}

Tensor readTensor(const onnx::TensorProto& proto)
{
    if (proto.data_location() == onnx::TensorProto::EXTERNAL)
        CV_Error(
            cv::Error::StsNotImplemented, "weights in a separate file are not supported; save the network as one file");
    const torch::ScalarType type = scalarType(proto.data_type());
    const Ints shape(proto.dims().begin(), proto.dims().end());
    const int64_t count = countElements(shape);
    Tensor values;
    auto take = [&](const auto& field, torch::ScalarType stored)
    {
        if (field.size() == count)
            values = torch::from_blob((void*)field.data(), { count }, stored)
                         .to(type, /*non_blocking=*/false, /*copy=*/true);
    };
    if (proto.has_raw_data())
    {
        if (proto.raw_data().size() == (size_t)count * c10::elementSize(type))
            values = torch::from_blob((void*)proto.raw_data().data(), { count }, type).clone();
    }
    else if (type == torch::kFloat)
        take(proto.float_data(), torch::kFloat);
    else if (type == torch::kDouble)
        take(proto.double_data(), torch::kDouble);
    else if (type == torch::kLong)
        take(proto.int64_data(), torch::kLong);
    else if (type != torch::kHalf && type != torch::kBFloat16)
        take(proto.int32_data(), torch::kInt);
    if (!values.defined())
        CV_Error_(cv::Error::StsParseError,
            ("expected %d values of element type %d, found another number", (int)count, (int)proto.data_type()));
    if (type == torch::kHalf || type == torch::kBFloat16 || type == torch::kDouble)
        values = values.to(torch::kFloat);
    return values.reshape(shape);
}

std::string OnnxNode::describe() const
{
    const std::string& name = !proto.name().empty() || proto.output_size() == 0 ? proto.name() : proto.output(0);
    return proto.op_type() + " \"" + name + "\"";
}

const onnx::AttributeProto* OnnxNode::find(const char* attribute) const
{
    for (const auto& a : proto.attribute())
        if (a.name() == attribute)
            return &a;
    return nullptr;
}

int64_t OnnxNode::getInt(const char* attribute, int64_t otherwise) const
{
    const auto* a = find(attribute);
    return a ? a->i() : otherwise;
}

double OnnxNode::getFloat(const char* attribute, double otherwise) const
{
    const auto* a = find(attribute);
    return a ? a->f() : otherwise;
}

std::string OnnxNode::getString(const char* attribute, const std::string& otherwise) const
{
    const auto* a = find(attribute);
    return a ? a->s() : otherwise;
}

Ints OnnxNode::getInts(const char* attribute, const Ints& otherwise) const
{
    const auto* a = find(attribute);
    return a ? Ints(a->ints().begin(), a->ints().end()) : otherwise;
}

std::vector<double> OnnxNode::getFloats(const char* attribute) const
{
    const auto* a = find(attribute);
    return a ? std::vector<double>(a->floats().begin(), a->floats().end()) : std::vector<double>();
}

Tensor OnnxNode::getTensor(const char* attribute) const
{
    const auto* a = find(attribute);
    return a && a->has_t() ? readTensor(a->t()) : Tensor();
}

static bool given(const Tensors& x, size_t index)
{
    return index < x.size() && x[index].defined();
}

static Ints toInts(const Tensor& t)
{
    const Tensor values = t.to(torch::kLong).contiguous();
    return Ints(values.data_ptr<int64_t>(), values.data_ptr<int64_t>() + values.numel());
}

static std::vector<double> toDoubles(const Tensor& t)
{
    const Tensor values = t.to(torch::kDouble).contiguous();
    return std::vector<double>(values.data_ptr<double>(), values.data_ptr<double>() + values.numel());
}

//! Later operator sets turned several attributes into inputs; either form is read.
static Ints intsOf(
    const OnnxNode& node, const Tensors& x, size_t input, const char* attribute, const Ints& otherwise = {})
{
    return given(x, input) ? toInts(x[input]) : node.getInts(attribute, otherwise);
}

[[noreturn]] static void unsupported(const std::string& what)
{
    CV_Error(cv::Error::StsNotImplemented, what + " is not supported");
}

//! Sizes beyond any network's, which the arithmetic below would not stand.
static void checkRange(const Ints& values, int64_t least, const char* what)
{
    const int64_t most = 1 << 20;
    for (int64_t value : values)
        if (value < least || value > most)
            CV_Error_(cv::Error::StsOutOfRange,
                ("expected %s of %lld to %lld, found %lld", what, (long long)least, (long long)most, (long long)value));
}

// ---------------------------------------------------------------------------------------------------------------------
// Convolution and pooling

//! Padding before and after each spatial axis.
struct Window
{
    Ints kernel, strides, dilations, before, after;

    Window(const OnnxNode& node, const Ints& kernelShape, c10::IntArrayRef input);
    //! Widens `after` so that the last, partial window counts (ceil_mode); gives the added width per axis.
    Ints completeLast(c10::IntArrayRef input);
    bool symmetric() const { return before == after; }
    bool none() const;

    //! Pads the spatial axes of x.
    static Tensor pad(const Tensor& x, const Ints& before, const Ints& after, double value);
};

Window::Window(const OnnxNode& node, const Ints& kernelShape, c10::IntArrayRef input) : kernel(kernelShape)
{
    const size_t axes = kernel.size();
    strides = node.getInts("strides", Ints(axes, 1));
    dilations = node.getInts("dilations", Ints(axes, 1));
    const Ints pads = node.getInts("pads", Ints(2 * axes, 0));
    if (strides.size() != axes || dilations.size() != axes || pads.size() != 2 * axes || input.size() != axes + 2)
        unsupported("a kernel, strides, dilations, pads and map that differ in their number of axes");
    checkRange(kernel, 1, "a kernel");
    checkRange(strides, 1, "strides");
    checkRange(dilations, 1, "dilations");
    checkRange(pads, 0, "pads");
    before.assign(pads.begin(), pads.begin() + axes);
    after.assign(pads.begin() + axes, pads.end());
    const std::string autoPad = node.getString("auto_pad", "NOTSET");
    if (autoPad == "NOTSET")
        return;
    before.assign(axes, 0);
    after.assign(axes, 0);
    if (autoPad == "VALID")
        return;
    for (size_t i = 0; i < axes; ++i) // SAME_UPPER, SAME_LOWER: the output is ceil(input / stride)
    {
        const int64_t size = input[i + 2], outputs = (size + strides[i] - 1) / strides[i];
        const int64_t total =
            std::max<int64_t>(0, (outputs - 1) * strides[i] + dilations[i] * (kernel[i] - 1) + 1 - size);
        before[i] = autoPad == "SAME_LOWER" ? (total + 1) / 2 : total / 2;
        after[i] = total - before[i];
    }
}

Ints Window::completeLast(c10::IntArrayRef input)
{
    Ints added;
    for (size_t i = 0; i < kernel.size(); ++i)
    {
        const int64_t left = (input[i + 2] + before[i] + after[i] - dilations[i] * (kernel[i] - 1) - 1) % strides[i];
        added.push_back(left > 0 ? strides[i] - left : 0);
        after[i] += added[i];
    }
    return added;
}

bool Window::none() const
{
    auto zero = [](int64_t n) { return n == 0; };
    return std::all_of(before.begin(), before.end(), zero) && std::all_of(after.begin(), after.end(), zero);
}

Tensor Window::pad(const Tensor& x, const Ints& before, const Ints& after, double value)
{
    Ints pads; // torch counts from the last axis
    for (size_t i = before.size(); i-- > 0;)
        pads.insert(pads.end(), { before[i], after[i] });
    return torch::constant_pad_nd(x, pads, value);
}

static Tensors conv(const OnnxNode& node, const Tensors& x)
{
    if (x[1].dim() < 3)
        unsupported("a convolution by weights of " + std::to_string(x[1].dim()) + " axes");
    const Window w(node, x[1].sizes().slice(2).vec(), x[0].sizes());
    const bool own = w.symmetric();
    const Tensor input = own ? x[0] : Window::pad(x[0], w.before, w.after, 0);
    return { torch::convolution(input, x[1], given(x, 2) ? x[2] : Tensor(), w.strides,
        own ? w.before : Ints(w.kernel.size(), 0), w.dilations, /*transposed=*/false, Ints(w.kernel.size(), 0),
        node.getInt("group", 1)) };
}

static Window poolingWindow(const OnnxNode& node, const Tensor& x)
{
    const Ints kernel = node.getInts("kernel_shape");
    if (kernel.size() != 2 || x.dim() != 4)
        unsupported("pooling over other than two axes");
    return Window(node, kernel, x.sizes());
}

static Tensors maxPool(const OnnxNode& node, const Tensors& x)
{
    Window w = poolingWindow(node, x[0]);
    if (node.getInt("ceil_mode", 0))
        w.completeLast(x[0].sizes());
    const Tensor padded =
        w.none() ? x[0] : Window::pad(x[0], w.before, w.after, -std::numeric_limits<double>::infinity());
    return { torch::max_pool2d(padded, w.kernel, w.strides, 0, w.dilations) };
}

static Tensors averagePool(const OnnxNode& node, const Tensors& x)
{
    Window w = poolingWindow(node, x[0]);
    const Ints before = w.before, after = w.after;
    const Ints added = node.getInt("ceil_mode", 0) ? w.completeLast(x[0].sizes()) : Ints(w.kernel.size(), 0);
    if (w.none())
        return { torch::avg_pool2d(x[0], w.kernel, w.strides) };
    // The mean over those positions that count: sum of values by sum of ones.
    const Ints none(w.kernel.size(), 0);
    Tensor counted = torch::ones({ 1, 1, x[0].size(2), x[0].size(3) }, x[0].options());
    counted = Window::pad(counted, before, after, node.getInt("count_include_pad", 0) ? 1 : 0);
    counted = Window::pad(counted, none, added, 0);
    return { torch::avg_pool2d(Window::pad(x[0], w.before, w.after, 0), w.kernel, w.strides)
             / torch::avg_pool2d(counted, w.kernel, w.strides) };
}

static Ints spatialAxes(const Tensor& x)
{
    Ints axes;
    for (int64_t i = 2; i < x.dim(); ++i)
        axes.push_back(i);
    return axes;
}

static Tensors globalAveragePool(const OnnxNode&, const Tensors& x)
{
    return { x[0].mean(spatialAxes(x[0]), true) };
}

static Tensors globalMaxPool(const OnnxNode&, const Tensors& x)
{
    return { x[0].amax(spatialAxes(x[0]), true) };
}

// ---------------------------------------------------------------------------------------------------------------------
// Normalization

//! Values per channel in a shape that broadcasts over x.
static Tensor perChannel(const Tensor& values, const Tensor& x)
{
    if (x.dim() < 2)
        unsupported("a value per channel where there are no channels");
    Ints shape(x.dim(), 1);
    shape[1] = values.numel();
    return values.reshape(shape);
}

static Tensors batchNormalization(const OnnxNode& node, const Tensors& x)
{
    const Tensor scale = x[1] / (x[4] + node.getFloat("epsilon", 1e-5)).sqrt();
    return { x[0] * perChannel(scale, x[0]) + perChannel(x[2] - x[3] * scale, x[0]) };
}

static Tensors lrn(const OnnxNode& node, const Tensors& x)
{
    const int64_t size = node.getInt("size", 1), channels = x[0].size(1);
    checkRange({ size }, 1, "a size");
    const Tensor squares = torch::constant_pad_nd(x[0].square(), { 0, 0, 0, 0, (size - 1) / 2, size / 2 });
    Tensor sum = squares.narrow(1, 0, channels);
    for (int64_t i = 1; i < size; ++i)
        sum = sum + squares.narrow(1, i, channels);
    const double alpha = node.getFloat("alpha", 1e-4) / (double)size;
    return { x[0] * (sum * alpha + node.getFloat("bias", 1)).pow(-node.getFloat("beta", .75)) };
}

template <Tensor (*function)(const Tensor&, int64_t, torch::optional<torch::ScalarType>)>
static Tensors softmax(const OnnxNode& node, const Tensors& x)
{
    const int64_t axis = node.getInt("axis", node.opset < 13 ? 1 : -1);
    if (node.opset >= 13)
        return { function(x[0], axis, torch::nullopt) };
    // Before operator set 13 all axes from `axis` on count as one.
    return { function(x[0].flatten(axis < 0 ? axis + x[0].dim() : axis), -1, torch::nullopt).reshape(x[0].sizes()) };
}

// ---------------------------------------------------------------------------------------------------------------------
// Activations and other functions of one value

template <Tensor (*function)(const Tensor&)>
static Tensors unary(const OnnxNode&, const Tensors& x)
{
    return { function(x[0]) };
}

static Tensors identity(const OnnxNode&, const Tensors& x)
{
    return { x[0] };
}

static Tensors leakyRelu(const OnnxNode& node, const Tensors& x)
{
    return { torch::leaky_relu(x[0], node.getFloat("alpha", .01)) };
}

static Tensors elu(const OnnxNode& node, const Tensors& x)
{
    return { torch::elu(x[0], node.getFloat("alpha", 1)) };
}

//! A slope per channel. torch::prelu's own gradient is seven times slower, for it includes that of the slopes.
struct ChannelPRelu : torch::autograd::Function<ChannelPRelu>
{
    static Tensor forward(torch::autograd::AutogradContext* context, const Tensor& x, const Tensor& slopes)
    {
        context->save_for_backward({ x, perChannel(slopes, x) });
        return torch::prelu(x, slopes);
    }

    static torch::autograd::variable_list backward(
        torch::autograd::AutogradContext* context, torch::autograd::variable_list gradient)
    {
        const auto saved = context->get_saved_variables();
        const Tensor &x = saved[0], &slope = saved[1];
        return { gradient[0] * x.sign().mul_((1 - slope) / 2).add_((1 + slope) / 2), Tensor() };
    }
};

static Tensors pRelu(const OnnxNode&, const Tensors& x)
{
    const Tensor& slope = x[1];
    const bool perChannel = x[0].dim() > 1 && slope.dim() > 0 && slope.numel() == x[0].size(1)
                            && slope.numel() == slope.size(0) && (slope.dim() == 1 || slope.dim() == x[0].dim() - 1);
    if (perChannel)
        return { ChannelPRelu::apply(x[0], slope.flatten()) };
    return { slope * x[0] + (1 - slope) * torch::relu(x[0]) };
}

//! Like clamp, whose own gradient is several times slower than that of hardtanh (fp32 and double only) and of
//! threshold.
static Tensor clamped(const Tensor& x, double low, double high)
{
    if (x.scalar_type() == torch::kBFloat16)
        return -torch::threshold(-torch::threshold(x, low, low), -high, -high);
    return c10::isFloatingType(x.scalar_type()) ? torch::hardtanh(x, low, high) : x.clamp(low, high);
}

static Tensors clip(const OnnxNode& node, const Tensors& x)
{
    const double infinity = std::numeric_limits<double>::infinity();
    const double low = given(x, 1) ? x[1].item<double>() : node.getFloat("min", -infinity);
    const double high = given(x, 2) ? x[2].item<double>() : node.getFloat("max", infinity);
    return { clamped(x[0], low, high) };
}

static Tensors hardSigmoid(const OnnxNode& node, const Tensors& x)
{
    return { clamped(x[0] * node.getFloat("alpha", .2) + node.getFloat("beta", .5), 0, 1) };
}

static Tensors cast(const OnnxNode& node, const Tensors& x)
{
    const torch::ScalarType type = scalarType(node.getInt("to", onnx::TensorProto::FLOAT));
    // Real values keep the precision the graph is computed in.
    return { x[0].is_floating_point() && c10::isFloatingType(type) ? x[0] : x[0].to(type) };
}

// ---------------------------------------------------------------------------------------------------------------------
// Arithmetic

template <Tensor (*function)(const Tensor&, const Tensor&)>
static Tensors binary(const OnnxNode&, const Tensors& x)
{
    return { function(x[0], x[1]) };
}

static Tensor add(const Tensor& a, const Tensor& b)
{
    return a + b;
}
static Tensor subtract(const Tensor& a, const Tensor& b)
{
    return a - b;
}

static Tensor divide(const Tensor& a, const Tensor& b)
{
    return a.is_floating_point() ? a / b : torch::div(a, b, "trunc"); // whole numbers are sizes
}

template <Tensor (*function)(const Tensor&, const Tensor&)>
static Tensors accumulate(const OnnxNode&, const Tensors& x)
{
    return { std::accumulate(x.begin() + 1, x.end(), x[0], function) };
}

static Tensors gemm(const OnnxNode& node, const Tensors& x)
{
    const Tensor a = node.getInt("transA", 0) ? x[0].t() : x[0], b = node.getInt("transB", 0) ? x[1].t() : x[1];
    const Tensor product = node.getFloat("alpha", 1) * torch::matmul(a, b);
    return { given(x, 2) ? product + node.getFloat("beta", 1) * x[2] : product };
}

static Ints reducedAxes(const OnnxNode& node, const Tensors& x)
{
    Ints axes = intsOf(node, x, 1, "axes");
    if (axes.empty() && !node.getInt("noop_with_empty_axes", 0))
        for (int64_t i = 0; i < x[0].dim(); ++i)
            axes.push_back(i);
    return axes;
}

template <Tensor (*function)(const Tensor&, c10::IntArrayRef, bool)>
static Tensors reduce(const OnnxNode& node, const Tensors& x)
{
    const Ints axes = reducedAxes(node, x);
    return { axes.empty() ? x[0] : function(x[0], axes, node.getInt("keepdims", 1) != 0) };
}

static Tensor reduceMean(const Tensor& x, c10::IntArrayRef axes, bool keep)
{
    return x.mean(axes, keep);
}
static Tensor reduceSum(const Tensor& x, c10::IntArrayRef axes, bool keep)
{
    return x.sum(axes, keep);
}
static Tensor reduceMax(const Tensor& x, c10::IntArrayRef axes, bool keep)
{
    return x.amax(axes, keep);
}
static Tensor reduceMin(const Tensor& x, c10::IntArrayRef axes, bool keep)
{
    return x.amin(axes, keep);
}
static Tensor reduceL1(const Tensor& x, c10::IntArrayRef axes, bool keep)
{
    return x.abs().sum(axes, keep);
}
static Tensor reduceL2(const Tensor& x, c10::IntArrayRef axes, bool keep)
{
    return x.square().sum(axes, keep).sqrt();
}
static Tensor reduceSumSquare(const Tensor& x, c10::IntArrayRef axes, bool keep)
{
    return x.square().sum(axes, keep);
}

// ---------------------------------------------------------------------------------------------------------------------
// Shapes

static Tensors reshape(const OnnxNode& node, const Tensors& x)
{
    Ints shape = intsOf(node, x, 1, "shape");
    for (size_t i = 0; i < shape.size(); ++i)
        if (shape[i] == 0 && !node.getInt("allowzero", 0))
            shape[i] = x[0].size((int64_t)i);
    // The file was written for one image: its literal 1 in front is the batch.
    if (node.batchIsOne && shape.size() > 1 && shape[0] == 1 && x[0].dim() > 0)
        shape[0] = x[0].size(0);
    return { x[0].reshape(shape) };
}

static Tensors flatten(const OnnxNode& node, const Tensors& x)
{
    int64_t axis = node.getInt("axis", 1);
    axis = axis < 0 ? axis + x[0].dim() : axis;
    const int64_t rows = c10::multiply_integers(x[0].sizes().slice(0, axis));
    return { x[0].reshape({ rows, rows > 0 ? x[0].numel() / rows : 0 }) };
}

static Tensors transpose(const OnnxNode& node, const Tensors& x)
{
    Ints order;
    for (int64_t i = x[0].dim(); i-- > 0;)
        order.push_back(i);
    return { x[0].permute(node.getInts("perm", order)) };
}

//! Axes counted from the front, ascending.
static Ints sortedAxes(Ints axes, int64_t dimensions)
{
    for (auto& axis : axes)
        axis += axis < 0 ? dimensions : 0;
    std::sort(axes.begin(), axes.end());
    return axes;
}

static Tensors squeeze(const OnnxNode& node, const Tensors& x)
{
    Ints axes = intsOf(node, x, 1, "axes");
    if (axes.empty())
        for (int64_t i = 0; i < x[0].dim(); ++i)
            if (x[0].size(i) == 1)
                axes.push_back(i);
    axes = sortedAxes(axes, x[0].dim());
    Tensor y = x[0];
    for (size_t i = axes.size(); i-- > 0;)
        y = y.squeeze(axes[i]);
    return { y };
}

static Tensors unsqueeze(const OnnxNode& node, const Tensors& x)
{
    const Ints axes = intsOf(node, x, 1, "axes");
    Tensor y = x[0];
    for (int64_t axis : sortedAxes(axes, x[0].dim() + (int64_t)axes.size()))
        y = y.unsqueeze(axis);
    return { y };
}

static Tensors concat(const OnnxNode& node, const Tensors& x)
{
    return { torch::cat(x, node.getInt("axis", 1)) };
}

static Tensors split(const OnnxNode& node, const Tensors& x)
{
    const int64_t axis = node.getInt("axis", 0), parts = node.proto.output_size();
    const Ints sizes = intsOf(node, x, 1, "split");
    return sizes.empty() ? x[0].split((x[0].size(axis) + parts - 1) / parts, axis) : x[0].split_with_sizes(sizes, axis);
}

static Tensors slice(const OnnxNode& node, const Tensors& x)
{
    const Ints starts = intsOf(node, x, 1, "starts"), ends = intsOf(node, x, 2, "ends");
    Ints axes = intsOf(node, x, 3, "axes");
    for (size_t i = axes.size(); i < starts.size(); ++i)
        axes.push_back((int64_t)i);
    const Ints steps = intsOf(node, x, 4, "steps", Ints(starts.size(), 1));
    if (ends.size() != starts.size() || axes.size() != starts.size() || steps.size() != starts.size())
        unsupported("a Slice whose starts, ends, axes and steps differ in number");
    Tensor y = x[0];
    for (size_t i = 0; i < starts.size(); ++i)
    {
        if (steps[i] > 0)
        {
            y = y.slice(axes[i], starts[i], ends[i], steps[i]);
            continue;
        }
        const int64_t size = y.size(axes[i]);
        auto position = [&](int64_t index)
        { return std::max<int64_t>(-1, std::min(index < 0 ? index + size : index, size - 1)); };
        y = y.index_select(axes[i], torch::arange(position(starts[i]), position(ends[i]), steps[i],
                                        torch::dtype(torch::kLong).device(y.device())));
    }
    return { y };
}

static Tensors gather(const OnnxNode& node, const Tensors& x)
{
    int64_t axis = node.getInt("axis", 0);
    axis += axis < 0 ? x[0].dim() : 0;
    if (axis < 0 || axis >= x[0].dim())
        unsupported("a Gather along an axis that is not there");
    const Tensor index = x[1].to(x[0].device(), torch::kLong);
    Ints shape = x[0].sizes().slice(0, axis).vec();
    shape.insert(shape.end(), index.sizes().begin(), index.sizes().end());
    shape.insert(shape.end(), x[0].sizes().begin() + axis + 1, x[0].sizes().end());
    const Tensor fromFront = torch::where(index < 0, index + x[0].size(axis), index);
    return { x[0].index_select(axis, fromFront.flatten()).reshape(shape) };
}

static Tensors expand(const OnnxNode&, const Tensors& x)
{
    return { torch::broadcast_tensors({ x[0], torch::empty(toInts(x[1])) })[0] };
}

static Tensors shape(const OnnxNode&, const Tensors& x)
{
    return { torch::tensor(x[0].sizes().vec(), torch::kLong) };
}

static Tensors constant(const OnnxNode& node, const Tensors&)
{
    const Tensor value = node.getTensor("value");
    if (value.defined())
        return { value };
    if (node.has("value_float"))
        return { torch::tensor((float)node.getFloat("value_float", 0)) };
    if (node.has("value_floats"))
        return { torch::tensor(node.getFloats("value_floats"), torch::kFloat) };
    if (node.has("value_int"))
        return { torch::tensor(node.getInt("value_int", 0), torch::kLong) };
    if (node.has("value_ints"))
        return { torch::tensor(node.getInts("value_ints"), torch::kLong) };
    unsupported("this form of value");
}

static Tensors constantOfShape(const OnnxNode& node, const Tensors& x)
{
    const Tensor value = node.getTensor("value");
    return { value.defined() ? value.reshape({}).expand(toInts(x[0])).clone() : torch::zeros(toInts(x[0])) };
}

static Tensors pad(const OnnxNode& node, const Tensors& x)
{
    const std::string mode = node.getString("mode", "constant");
    const Ints pads =
        intsOf(node, x, 1, node.has("paddings") ? "paddings" : "pads"); // before each axis, then after each
    const int64_t axes = (int64_t)pads.size() / 2;
    if (given(x, 3))
        unsupported("Pad with axes");
    if (pads.size() % 2 != 0)
        unsupported("a Pad of an odd number of sides");
    checkRange(pads, -(1 << 20), "pads");
    if (mode == "constant")
    {
        const double value = given(x, 2) ? x[2].item<double>() : node.getFloat("value", 0);
        return { Window::pad(
            x[0], Ints(pads.begin(), pads.begin() + axes), Ints(pads.begin() + axes, pads.end()), value) };
    }
    if (mode != "reflect" && mode != "edge")
        unsupported("Pad of mode " + mode);
    Tensor y = x[0];
    for (int64_t axis = 0; axis < axes; ++axis)
    {
        if (pads[axis] == 0 && pads[axis + axes] == 0)
            continue;
        const int64_t last = y.size(axis) - 1;
        Tensor position = torch::arange(-pads[axis], last + 1 + pads[axis + axes], torch::kLong);
        position = mode == "edge" ? position.clamp(0, last) : last - (last - position.abs()).abs();
        y = y.index_select(axis, position.to(y.device()));
    }
    return { y };
}

// ---------------------------------------------------------------------------------------------------------------------
// Resizing

//! Where in the input each output position of one axis lies, by `coordinate_transformation_mode`.
static Tensor sourcePositions(const std::string& mode, int64_t from, int64_t to, double scale)
{
    const Tensor out = torch::arange(to, torch::kDouble);
    if (mode == "asymmetric")
        return out / scale;
    if (mode == "align_corners")
        return to > 1 ? out * ((double)(from - 1) / (double)(to - 1)) : torch::zeros({ to }, torch::kDouble);
    if (mode == "half_pixel" || (mode == "pytorch_half_pixel" && to > 1))
        return (out + .5) / scale - .5;
    if (mode == "pytorch_half_pixel")
        return torch::zeros({ to }, torch::kDouble);
    unsupported("coordinate transformation " + mode);
}

static Tensor roundPositions(const std::string& mode, const Tensor& positions)
{
    if (mode == "floor")
        return positions.floor();
    if (mode == "ceil")
        return positions.ceil();
    if (mode == "round_prefer_ceil")
        return (positions + .5).floor();
    if (mode == "round_prefer_floor")
        return (positions - .5).ceil();
    unsupported("rounding " + mode);
}

//! Resize, and Upsample, its form before operator set 10: any axis may change, each is resampled by itself.
static Tensors resize(const OnnxNode& node, const Tensors& x)
{
    const bool upsample = node.opset < 11; // then inputs are x, scales; positions asymmetric, rounded down
    const std::string mode = node.getString("mode", "nearest");
    const std::string transformation =
        upsample ? "asymmetric" : node.getString("coordinate_transformation_mode", "half_pixel");
    const std::string rounding = upsample ? "floor" : node.getString("nearest_mode", "round_prefer_floor");
    const size_t scalesInput = upsample ? 1 : 2;
    std::vector<double> scales = given(x, scalesInput) ? toDoubles(x[scalesInput]) : node.getFloats("scales");
    const Ints sizes = given(x, 3) ? toInts(x[3]) : Ints();
    if (mode != "nearest" && mode != "linear" && mode != "bilinear")
        unsupported("interpolation " + mode);

    Tensor y = x[0];
    for (int64_t axis = 0; axis < x[0].dim(); ++axis)
    {
        const int64_t from = x[0].size(axis);
        if (node.batchIsOne && axis == 0)
            continue;
        const double scale = sizes.empty() ? scales.at(axis) : (double)sizes.at(axis) / (double)from;
        const double size = sizes.empty() ? (double)from * scale : (double)sizes[axis];
        if (!(scale > 0 && size >= 1 && size <= (1 << 20)))
            unsupported("a size of " + std::to_string(size) + " along axis " + std::to_string(axis));
        const int64_t to = (int64_t)std::floor(size);
        if (to == from)
            continue;
        const Tensor positions =
            sourcePositions(transformation, from, to, scale).clamp(0, (double)(from - 1)).to(y.device());
        if (mode == "nearest")
        {
            y = y.index_select(axis, roundPositions(rounding, positions).clamp(0, (double)(from - 1)).to(torch::kLong));
            continue;
        }
        const Tensor low = positions.floor(), high = (low + 1).clamp_max((double)(from - 1));
        Ints shape(x[0].dim(), 1);
        shape[axis] = to;
        const Tensor weight = (positions - low).to(y.scalar_type()).reshape(shape);
        y = y.index_select(axis, low.to(torch::kLong)) * (1 - weight)
            + y.index_select(axis, high.to(torch::kLong)) * weight;
    }
    return { y };
}

// ---------------------------------------------------------------------------------------------------------------------

OnnxOperator findOnnxOperator(const std::string& name)
{
    static const std::unordered_map<std::string, OnnxOperator> operators = {
        { "Conv", conv },
        { "MaxPool", maxPool },
        { "AveragePool", averagePool },
        { "GlobalAveragePool", globalAveragePool },
        { "GlobalMaxPool", globalMaxPool },
        { "Gemm", gemm },
        { "MatMul", binary<torch::matmul> },
        { "BatchNormalization", batchNormalization },
        { "LRN", lrn },
        { "Softmax", softmax<torch::softmax> },
        { "LogSoftmax", softmax<torch::log_softmax> },
        { "Relu", unary<torch::relu> },
        { "Sigmoid", unary<torch::sigmoid> },
        { "Tanh", unary<torch::tanh> },
        { "HardSwish", unary<torch::hardswish> },
        { "LeakyRelu", leakyRelu },
        { "PRelu", pRelu },
        { "Elu", elu },
        { "HardSigmoid", hardSigmoid },
        { "Clip", clip },
        { "Neg", unary<torch::neg> },
        { "Abs", unary<torch::abs> },
        { "Sqrt", unary<torch::sqrt> },
        { "Exp", unary<torch::exp> },
        { "Log", unary<torch::log> },
        { "Reciprocal", unary<torch::reciprocal> },
        { "Floor", unary<torch::floor> },
        { "Add", binary<add> },
        { "Sub", binary<subtract> },
        { "Mul", binary<torch::mul> },
        { "Div", binary<divide> },
        { "Pow", binary<torch::pow> },
        { "Sum", accumulate<add> },
        { "Max", accumulate<torch::maximum> },
        { "Min", accumulate<torch::minimum> },
        { "ReduceMean", reduce<reduceMean> },
        { "ReduceSum", reduce<reduceSum> },
        { "ReduceMax", reduce<reduceMax> },
        { "ReduceMin", reduce<reduceMin> },
        { "ReduceL1", reduce<reduceL1> },
        { "ReduceL2", reduce<reduceL2> },
        { "ReduceSumSquare", reduce<reduceSumSquare> },
        { "Identity", identity },
        { "Dropout", identity }, // evaluation mode
        { "Cast", cast },
        { "Reshape", reshape },
        { "Flatten", flatten },
        { "Transpose", transpose },
        { "Squeeze", squeeze },
        { "Unsqueeze", unsqueeze },
        { "Concat", concat },
        { "Split", split },
        { "Slice", slice },
        { "Gather", gather },
        { "Expand", expand },
        { "Shape", shape },
        { "Constant", constant },
        { "ConstantOfShape", constantOfShape },
        { "Pad", pad },
        { "Resize", resize },
        { "Upsample", resize },
    };
    const auto found = operators.find(name);
    return found == operators.end() ? nullptr : found->second;
}

}} // namespace sanprivacy::train
