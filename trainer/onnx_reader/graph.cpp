// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#include "onnx_reader/graph.hpp"
#include "onnx_reader/operators.hpp"

#include <algorithm>
#include <fstream>
#include <sstream>
#include <unordered_map>
#include <unordered_set>

#include <onnx/defs/schema.h>
#include <opencv2/core.hpp>
#include <torch/torch.h>

namespace sanprivacy { namespace train {

using torch::Tensor;

struct OnnxGraph::Impl
{
    explicit Impl(const std::string& file);

    Tensors forward(const Tensors& x, const std::vector<std::string>& names) const;

    std::string filename;
    std::vector<Input> inputs;
    std::vector<std::string> outputs;
    torch::ScalarType dtype = torch::kFloat;
    std::unordered_map<std::string, Tensor> constants;
    std::unordered_set<std::string>
        scales; //!< constants that keep their precision: a rounded factor would change sizes

private:
    typedef std::unordered_map<std::string, Tensor> Values;

    void readInputs(const onnx::GraphProto& graph);
    void readNodes(const onnx::ModelProto& model);
    void checkConnections() const;
    void foldConstants();
    const Tensor& get(const Values& values, const std::string& name) const;
    Tensors evaluate(const OnnxNode& node, const Values& values) const;
    Tensors run(const Tensors& x, const std::vector<std::string>& names) const;
    bool treatsImagesAlike() const;

    std::vector<OnnxNode> nodes;
    bool batchIsOne = true;
    bool oneByOne = false;
};

//! oneDNN computes channels-last maps 10 to 30 % faster; operators hand the order on.
static Tensor fast(const Tensor& x)
{
    return x.dim() == 4 ? x.contiguous(torch::MemoryFormat::ChannelsLast) : x;
}

static onnx::ModelProto parse(const std::string& filename)
{
    std::ifstream file(filename, std::ios::binary);
    if (!file)
        CV_Error_(cv::Error::StsObjectNotFound, ("Cannot read the network '%s'", filename.c_str()));
    onnx::ModelProto model;
    if (!model.ParseFromIstream(&file) || model.graph().node_size() == 0 || model.graph().output_size() == 0
        || model.opset_import_size() == 0)
        CV_Error_(cv::Error::StsParseError,
            ("'%s' is not a whole ONNX file: expected a graph with nodes, outputs and an operator set",
                filename.c_str()));
    return model;
}

OnnxGraph::Impl::Impl(const std::string& file) : filename(file)
{
    torch::NoGradGuard noGrad;
    const onnx::ModelProto model = parse(filename);
    for (const auto& tensor : model.graph().initializer())
    {
        try
        {
            constants[tensor.name()] = fast(readTensor(tensor));
        }
        catch (const std::exception& e)
        {
            CV_Error_(cv::Error::StsParseError,
                ("'%s': weights '%s': %s", filename.c_str(), tensor.name().c_str(), e.what()));
        }
    }
    readInputs(model.graph());
    readNodes(model);
    checkConnections();
    foldConstants();
    oneByOne = batchIsOne && !treatsImagesAlike();
}

void OnnxGraph::Impl::readInputs(const onnx::GraphProto& graph)
{
    for (const auto& value : graph.input())
    {
        if (constants.count(value.name())) // up to IR version 3 weights are listed as inputs too
            continue;
        Input input = { value.name(), {} };
        for (const auto& size : value.type().tensor_type().shape().dim())
            input.shape.push_back(size.has_dim_value() && size.dim_value() > 0 ? size.dim_value() : -1);
        if (!input.shape.empty() && input.shape[0] > 1)
            CV_Error_(cv::Error::StsBadArg, ("'%s': input '%s' fixes the batch to %d; expected 1 or an open size",
                                                filename.c_str(), input.name.c_str(), (int)input.shape[0]));
        batchIsOne = batchIsOne && !input.shape.empty() && input.shape[0] == 1;
        inputs.push_back(input);
    }
    for (const auto& value : graph.output())
        outputs.push_back(value.name());
}

void OnnxGraph::Impl::readNodes(const onnx::ModelProto& model)
{
    int64_t opset = 1;
    for (const auto& import : model.opset_import())
        if (import.domain().empty() || import.domain() == "ai.onnx")
            opset = import.version();
    for (const auto& proto : model.graph().node())
    {
        nodes.push_back({ proto, opset, batchIsOne });
        if (!findOnnxOperator(proto.op_type()))
            CV_Error_(cv::Error::StsNotImplemented,
                ("Unsupported operator %s in '%s'", nodes.back().describe().c_str(), filename.c_str()));
        const auto* schema = onnx::OpSchemaRegistry::Schema(proto.op_type(), (int)opset);
        if (!schema)
            CV_Error_(
                cv::Error::StsParseError, ("'%s': operator set %lld, which the file names, has no %s", filename.c_str(),
                                              (long long)opset, nodes.back().describe().c_str()));
        if (proto.output_size() == 0 || (proto.input_size() > 0 && proto.input(0).empty()))
            CV_Error_(
                cv::Error::StsParseError, ("'%s': %s has no %s", filename.c_str(), nodes.back().describe().c_str(),
                                              proto.output_size() == 0 ? "output" : "first input"));
        if (proto.input_size() < schema->min_input())
            CV_Error_(cv::Error::StsParseError,
                ("'%s': %s has %d inputs; expected at least %d", filename.c_str(), nodes.back().describe().c_str(),
                    proto.input_size(), schema->min_input()));
        if (proto.op_type() == "Resize" || proto.op_type() == "Upsample")
            scales.insert(proto.input().begin() + 1, proto.input().end());
    }
}

//! A file cut at the end of a record still parses; then some node or output lacks what it builds upon.
void OnnxGraph::Impl::checkConnections() const
{
    std::unordered_set<std::string> known = { std::string() };
    for (const auto& constant : constants)
        known.insert(constant.first);
    for (const auto& input : inputs)
        known.insert(input.name);
    auto check = [&](const std::string& value, const std::string& user)
    {
        if (!known.count(value))
            CV_Error_(cv::Error::StsParseError, ("'%s' is not whole: %s needs '%s', which nothing gives",
                                                    filename.c_str(), user.c_str(), value.c_str()));
    };
    for (const auto& node : nodes)
    {
        for (const auto& value : node.proto.input())
            check(value, node.describe());
        known.insert(node.proto.output().begin(), node.proto.output().end());
    }
    for (const auto& value : outputs)
        check(value, "its output");
}

//! What depends on no input is computed once, here.
void OnnxGraph::Impl::foldConstants()
{
    std::vector<OnnxNode> remaining;
    for (const auto& node : nodes)
    {
        const auto& names = node.proto.input();
        const bool constant = std::all_of(
            names.begin(), names.end(), [&](const std::string& name) { return name.empty() || constants.count(name); });
        if (!constant)
        {
            remaining.push_back(node);
            continue;
        }
        const Tensors values = evaluate(node, Values());
        for (size_t i = 0; i < values.size() && (int)i < node.proto.output_size(); ++i)
            constants[node.proto.output((int)i)] = values[i];
    }
    nodes.swap(remaining);
}

const Tensor& OnnxGraph::Impl::get(const Values& values, const std::string& name) const
{
    const auto value = values.find(name);
    if (value != values.end())
        return value->second;
    const auto constant = constants.find(name);
    if (constant == constants.end()) // a second output, such as the mask of Dropout
        CV_Error_(cv::Error::StsNotImplemented,
            ("'%s': '%s' is an output that is not supported", filename.c_str(), name.c_str()));
    return constant->second;
}

Tensors OnnxGraph::Impl::evaluate(const OnnxNode& node, const Values& values) const
{
    Tensors x;
    for (const auto& name : node.proto.input())
        x.push_back(name.empty() ? Tensor() : get(values, name));
    std::string reason;
    try
    {
        return findOnnxOperator(node.proto.op_type())(node, x);
    }
    catch (const c10::Error& e)
    {
        reason = e.what_without_backtrace();
    }
    catch (const cv::Exception& e)
    {
        reason = e.err;
    }
    catch (const std::exception& e)
    {
        reason = e.what();
    }
    CV_Error_(cv::Error::StsNotImplemented,
        ("Cannot compute %s of '%s': %s", node.describe().c_str(), filename.c_str(), reason.c_str()));
}

Tensors OnnxGraph::Impl::run(const Tensors& x, const std::vector<std::string>& names) const
{
    std::unordered_set<std::string> wanted(names.begin(), names.end());
    std::vector<bool> needed(nodes.size());
    for (size_t i = nodes.size(); i-- > 0;)
    {
        const auto& proto = nodes[i].proto;
        needed[i] = std::any_of(proto.output().begin(), proto.output().end(),
            [&](const std::string& name) { return wanted.count(name) > 0; });
        if (needed[i])
            wanted.insert(proto.input().begin(), proto.input().end());
    }

    Values values;
    for (size_t i = 0; i < inputs.size(); ++i)
        values[inputs[i].name] = fast(x[i]);
    for (size_t i = 0; i < nodes.size(); ++i)
    {
        if (!needed[i])
            continue;
        const Tensors y = evaluate(nodes[i], values);
        for (size_t k = 0; k < y.size() && (int)k < nodes[i].proto.output_size(); ++k)
            values[nodes[i].proto.output((int)k)] = y[k];
    }

    Tensors result;
    for (const auto& name : names)
        result.push_back(get(values, name));
    return result;
}

static Tensors joinOneByOne(const std::vector<Tensors>& results)
{
    Tensors joined;
    for (size_t k = 0; k < results[0].size(); ++k)
    {
        Tensors parts;
        for (const auto& result : results)
        {
            parts.push_back(result[k]);
            if (parts.back().dim() == 0 || parts.back().sizes().slice(1) != parts[0].sizes().slice(1))
                CV_Error(
                    cv::Error::StsNotImplemented, "The outputs of single images cannot be joined to those of a batch");
        }
        joined.push_back(torch::cat(parts, 0));
    }
    return joined;
}

static Tensors image(const Tensors& x, int64_t index)
{
    Tensors result;
    for (const auto& t : x)
        result.push_back(t.narrow(0, index, 1));
    return result;
}

//! Whether two noise images together give what each of them gives alone, although the file fixes the batch to one.
bool OnnxGraph::Impl::treatsImagesAlike() const
{
    const double relativeTolerance = 1e-3,
                 absoluteTolerance = 1e-4; // far above rounding, far below another image's result
    Tensors pair;
    for (const auto& input : inputs)
    {
        std::vector<int64_t> shape = input.shape;
        shape[0] = 2;
        if (std::count(shape.begin(), shape.end(), -1) > 0)
            return false; // an open size cannot be tried
        pair.push_back(torch::arange((double)countElements(shape)).square().sin().to(torch::kFloat).reshape(shape));
    }
    const Tensors alone = joinOneByOne({ run(image(pair, 0), outputs), run(image(pair, 1), outputs) });
    try
    {
        const Tensors together = run(pair, outputs);
        for (size_t k = 0; k < alone.size(); ++k)
            if (alone[k].sizes() != together[k].sizes()
                || !torch::allclose(alone[k], together[k], relativeTolerance, absoluteTolerance, /*equal_nan=*/true))
                return false;
    }
    catch (const std::exception&) // of LibTorch, too: outputs of a type that cannot be compared
    {
        return false;
    }
    return true;
}

static std::string toString(c10::IntArrayRef shape)
{
    std::ostringstream text;
    text << shape;
    return text.str();
}

Tensors OnnxGraph::Impl::forward(const Tensors& x, const std::vector<std::string>& names) const
{
    if (x.size() != inputs.size())
        CV_Error_(cv::Error::StsBadArg,
            ("'%s' has %d inputs, %d were given", filename.c_str(), (int)inputs.size(), (int)x.size()));
    for (size_t i = 0; i < x.size(); ++i)
    {
        bool fits = x[i].dim() == (int64_t)inputs[i].shape.size() && x[i].dim() > 0 && x[i].size(0) == x[0].size(0);
        for (int64_t k = 1; fits && k < x[i].dim(); ++k)
            fits = inputs[i].shape[k] < 0 || inputs[i].shape[k] == x[i].size(k);
        if (!fits)
            CV_Error_(cv::Error::StsBadArg,
                ("'%s': input '%s' is %s (any batch), found %s", filename.c_str(), inputs[i].name.c_str(),
                    toString(inputs[i].shape).c_str(), toString(x[i].sizes()).c_str()));
    }
    for (const auto& name : names)
        if (std::find(outputs.begin(), outputs.end(), name) == outputs.end())
            CV_Error_(cv::Error::StsBadArg, ("'%s' has no output '%s'", filename.c_str(), name.c_str()));

    const std::vector<std::string>& wanted = names.empty() ? outputs : names;
    if (!oneByOne || x.empty() || x[0].size(0) < 2)
        return run(x, wanted);
    std::vector<Tensors> results;
    for (int64_t i = 0; i < x[0].size(0); ++i)
        results.push_back(run(image(x, i), wanted));
    return joinOneByOne(results);
}

OnnxGraph::OnnxGraph(const std::string& filename) : p(std::make_shared<Impl>(filename))
{
}

const std::string& OnnxGraph::filename() const
{
    return p->filename;
}

const std::vector<OnnxGraph::Input>& OnnxGraph::inputs() const
{
    return p->inputs;
}

const std::vector<std::string>& OnnxGraph::outputs() const
{
    return p->outputs;
}

torch::ScalarType OnnxGraph::dtype() const
{
    return p->dtype;
}

//! Whole numbers (shapes, axes, places) and the factors of a Resize stay where the program reads them.
void OnnxGraph::to(torch::ScalarType dtype, const torch::Device& device)
{
    for (auto& constant : p->constants)
        if (constant.second.is_floating_point() && !p->scales.count(constant.first))
            constant.second = constant.second.to(device, dtype);
    p->dtype = dtype;
}

Tensors OnnxGraph::forward(const Tensors& inputs, const std::vector<std::string>& outputs) const
{
    return p->forward(inputs, outputs);
}

}} // namespace sanprivacy::train
