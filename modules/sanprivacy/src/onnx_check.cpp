// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#include "precomp.hpp"
#include "onnx_check.hpp"

#include <algorithm>
#include <climits>
#include <map>
#include <set>

namespace cv { namespace sanprivacy {

namespace {

const char* const BROKEN = "it is damaged, cut off or of another format, such as TensorFlow's or Caffe's";

// Numbers of fields in onnx.proto.
const unsigned GRAPH_OF_MODEL = 7, NODE_OF_GRAPH = 1, TENSOR_OF_GRAPH = 5, INPUT_OF_GRAPH = 11, NAME_OF_INPUT = 1;
const unsigned INPUT_OF_NODE = 1, OUTPUT_OF_NODE = 2, KIND_OF_NODE = 4, ATTRIBUTE_OF_NODE = 5, TENSOR_OF_ATTRIBUTE = 5;
const unsigned NAME_OF_TENSOR = 8, SIDES_OF_TENSOR = 1, TYPE_OF_TENSOR = 2, FLOATS_OF_TENSOR = 4,
               INTEGERS_OF_TENSOR = 5, LONG_INTEGERS_OF_TENSOR = 7, BYTES_OF_TENSOR = 9, DOUBLES_OF_TENSOR = 10,
               PLACE_OF_TENSOR = 14;
const unsigned TYPE_OF_INPUT = 2, TENSOR_OF_TYPE = 1, SHAPE_OF_TYPE = 2, SIDE_OF_SHAPE = 1, VALUE_OF_SIDE = 1;

//! Types of numbers that not every version of OpenCV reads.
const std::map<uint64, const char*> RARE_TYPES = { { 10, "float16" }, { 11, "double" }, { 16, "bfloat16" } };

//! The fields of a protobuf message, one after the other.
class Message
{
public:
    Message(const uchar* data_, size_t size_)
        : data(data_), end(data_ + size_), length(0), field(0), whole(0), packed(false)
    {
    }

    //! Goes to the next field. @return false at the end
    bool next()
    {
        data += length;
        length = 0;
        if (data == end)
            return false;
        const uint64 tag = number();
        field = unsigned(tag >> 3);
        packed = (tag & 7) == 2;
        switch (tag & 7)
        {
        case 0:
            whole = number();
            return true;
        case 1:
            return skip(8);
        case 2:
            return skip(number());
        case 5:
            return skip(4);
        }
        CV_Error(Error::StsParseError, "it is damaged: a field is of no kind");
    }
    bool is(unsigned number) const { return field == number; }
    bool empty() const { return length == 0; }
    size_t bytes() const { return length; }
    Message content() const { return Message(data, length); }
    std::string text() const { return std::string(reinterpret_cast<const char*>(data), length); }

    //! The whole numbers of the field, one or several.
    std::vector<uint64> numbers() const
    {
        if (!packed)
            return std::vector<uint64>(1, whole);
        std::vector<uint64> values;
        for (Message rest = content(); rest.data != rest.end;)
            values.push_back(rest.number());
        return values;
    }

private:
    bool skip(uint64 bytes)
    {
        if (bytes > uint64(end - data))
            CV_Error(Error::StsParseError, BROKEN);
        length = size_t(bytes);
        return true;
    }
    uint64 number()
    {
        uint64 value = 0;
        for (int shift = 0; shift < 64; shift += 7)
        {
            if (data == end)
                CV_Error(Error::StsParseError, BROKEN);
            value |= uint64(*data & 0x7f) << shift;
            if (!(*data++ & 0x80))
                return value;
        }
        CV_Error(Error::StsParseError, "it is damaged: a number is too long");
    }

    const uchar *data, *end;
    size_t length; // of the present field's content, which begins at data
    unsigned field;
    uint64 whole; // its value, where it is one whole number
    bool packed;
};

//! Bytes of an element of a tensor's type; 0 where it is none that is counted.
uint64 sizeOfType(uint64 type)
{
    const uint64 sizes[] = { 0, 4, 1, 1, 2, 2, 4, 8, 0, 1, 2, 8, 4, 8 };
    return type < sizeof(sizes) / sizeof(*sizes) ? sizes[type] : 0;
}

//! The elements that the sides of a tensor announce must be there. @return their number
uint64 checkTensor(Message tensor)
{
    const uint64 most = uint64(1) << 40;
    uint64 announced = 1, type = 0, bytes = 0, elements = 0;
    while (tensor.next())
        if (tensor.is(SIDES_OF_TENSOR))
            for (uint64 side : tensor.numbers())
            {
                if (side > most || announced * side > most)
                    CV_Error(Error::StsParseError, "it is damaged: a tensor is too large");
                announced *= side;
            }
        else if (tensor.is(TYPE_OF_TENSOR))
            type = tensor.numbers().empty() ? 0 : tensor.numbers()[0];
        else if (tensor.is(BYTES_OF_TENSOR))
            bytes = tensor.bytes();
        else if (tensor.is(FLOATS_OF_TENSOR))
            elements += tensor.bytes() / sizeof(float);
        else if (tensor.is(DOUBLES_OF_TENSOR))
            elements += tensor.bytes() / sizeof(double);
        else if (tensor.is(INTEGERS_OF_TENSOR) || tensor.is(LONG_INTEGERS_OF_TENSOR))
            elements += tensor.numbers().size();
        else if (tensor.is(PLACE_OF_TENSOR) && tensor.numbers() == std::vector<uint64>(1, 1))
            CV_Error(Error::StsParseError, "its weights are in another file (external data); save it with them in one "
                                           "file, as by onnx.save(onnx.load(IN), OUT)");
    const uint64 size = sizeOfType(type);
    if (size > 0 && (bytes > 0 ? bytes < announced * size : elements < announced))
        CV_Error(Error::StsParseError, "it is damaged: a tensor has fewer elements than it announces");
    return announced;
}

void checkAttribute(Message attribute)
{
    while (attribute.next())
        if (attribute.is(TENSOR_OF_ATTRIBUTE))
            checkTensor(attribute.content());
}

void checkNode(Message node)
{
    bool kind = false, output = false;
    while (node.next())
    {
        kind = kind || (node.is(KIND_OF_NODE) && !node.empty());
        output = output || (node.is(OUTPUT_OF_NODE) && !node.empty());
        if (node.is(ATTRIBUTE_OF_NODE))
            checkAttribute(node.content());
    }
    if (!kind || !output)
        CV_Error(Error::StsParseError, "it is damaged: a node has no kind or no output");
}

//! The text of a field; empty where there is none.
std::string textOf(Message message, unsigned field)
{
    while (message.next())
        if (message.is(field))
            return message.text();
    return std::string();
}

//! The inputs of a node must be known, and weights must not be empty; its outputs are known from then on.
void checkNames(Message node, std::set<std::string>& known, const std::set<std::string>& empty)
{
    const std::set<std::string> weighted = { "Conv", "ConvTranspose", "Gemm", "MatMul", "BatchNormalization",
        "InstanceNormalization", "PRelu" }; // OpenCV divides by the number of their weights
    const bool has_weights = weighted.count(textOf(node, KIND_OF_NODE)) > 0;
    std::vector<std::string> outputs;
    while (node.next())
        if (node.is(INPUT_OF_NODE) && !node.empty() && known.count(node.text()) == 0)
            CV_Error(Error::StsParseError, "it is damaged: the input of a node is not known: " + node.text());
        else if (node.is(INPUT_OF_NODE) && has_weights && empty.count(node.text()) > 0)
            CV_Error(Error::StsParseError, "it is damaged: weights of a node have no elements: " + node.text());
        else if (node.is(OUTPUT_OF_NODE))
            outputs.push_back(node.text());
    known.insert(outputs.begin(), outputs.end());
}

void checkGraph(const Message& graph)
{
    std::set<std::string> known, empty;
    for (Message part = graph; part.next();)
        if (part.is(TENSOR_OF_GRAPH))
        {
            const std::string name = textOf(part.content(), NAME_OF_TENSOR);
            if (checkTensor(part.content()) == 0)
                empty.insert(name);
            known.insert(name);
        }
        else if (part.is(INPUT_OF_GRAPH))
            known.insert(textOf(part.content(), NAME_OF_INPUT));
        else if (part.is(NODE_OF_GRAPH))
            checkNode(part.content());
    for (Message part = graph; part.next();)
        if (part.is(NODE_OF_GRAPH))
            checkNames(part.content(), known, empty);
}

//! What a field holds; nothing where there is none.
Message contentOf(Message message, unsigned field)
{
    while (message.next())
        if (message.is(field))
            return message.content();
    return Message(nullptr, 0);
}

std::vector<int> shapeOf(const Message& input)
{
    std::vector<int> shape;
    const Message type = contentOf(contentOf(input, TYPE_OF_INPUT), TENSOR_OF_TYPE);
    for (Message side = contentOf(type, SHAPE_OF_TYPE); side.next();)
        if (side.is(SIDE_OF_SHAPE))
        {
            shape.push_back(0);
            for (Message value = side.content(); value.next();)
                if (value.is(VALUE_OF_SIDE) && !value.numbers().empty() && value.numbers()[0] <= INT_MAX)
                    shape.back() = (int)value.numbers()[0];
        }
    return shape;
}

std::vector<OnnxInput> inputsOf(const Message& graph)
{
    std::set<std::string> weights, taken; // older files list weights among the inputs
    for (Message part = graph; part.next();)
        if (part.is(TENSOR_OF_GRAPH))
            weights.insert(textOf(part.content(), NAME_OF_TENSOR));
        else if (part.is(NODE_OF_GRAPH))
            for (Message node = part.content(); node.next();)
                if (node.is(INPUT_OF_NODE))
                    taken.insert(node.text());
    std::vector<OnnxInput> all, used;
    for (Message part = graph; part.next();)
        if (part.is(INPUT_OF_GRAPH))
        {
            const OnnxInput input = { textOf(part.content(), NAME_OF_INPUT), shapeOf(part.content()) };
            if (weights.count(input.name) > 0)
                continue;
            all.push_back(input);
            if (taken.count(input.name) > 0)
                used.push_back(input);
        }
    return used.empty() ? all : used; // a graph within a node may take them, too
}

String whatIsUnusual(const Message& graph, const std::vector<OnnxInput>& inputs)
{
    std::set<std::string> parts;
    for (const OnnxInput& input : inputs)
        if (input.shape.empty())
            parts.insert("its input " + input.name + " has no declared shape");
    for (Message part = graph; part.next();)
        if (part.is(TENSOR_OF_GRAPH))
            for (Message tensor = part.content(); tensor.next();)
                if (tensor.is(TYPE_OF_TENSOR) && !tensor.numbers().empty())
                {
                    const auto type = RARE_TYPES.find(tensor.numbers()[0]);
                    if (type != RARE_TYPES.end())
                        parts.insert(std::string("it has weights of the type ") + type->second + " instead of float32");
                }
    String text;
    for (const std::string& part : parts)
        text += (text.empty() ? "" : ", ") + part;
    return text;
}

//! What a file is that is often given in place of an ONNX file, by its first bytes; empty where it is none of these.
String otherKind(const uchar* data, size_t size)
{
    struct Kind
    {
        size_t offset;
        std::string begin;
        const char* name;
    };
    static const Kind kinds[] = {
        { 0, "version https://git-lfs", "a pointer of Git LFS, not the file itself" },
        { 0, "\x89HDF\r\n", "a file of HDF5, such as Keras's; export the network as ONNX" },
        { 4, "TFL3", "a file of TensorFlow Lite; export the network as ONNX" },
        { 0, "PK\3\4", "a zip archive, such as PyTorch's and Keras's files; export the network as ONNX" },
        { 0, "\x80\2", "a pickle of Python, such as PyTorch's files; export the network as ONNX" },
        { 0, "\x80\4", "a pickle of Python, such as scikit-learn's files; export the network as ONNX" },
        { 8, "{\"", "a file of weights without their network (safetensors); export the network as ONNX" },
        { 0, "\x1F\x8B", "compressed with gzip" },
        { 0, "<", "XML or HTML; expected an ONNX file" },
    };
    for (const Kind& kind : kinds)
        if (size >= kind.offset + kind.begin.size()
            && std::equal(kind.begin.begin(), kind.begin.end(), reinterpret_cast<const char*>(data) + kind.offset))
            return kind.name;
    return String();
}

} // namespace

OnnxSummary checkOnnx(const uchar* data, size_t size)
{
    if (size == 0)
        CV_Error(Error::StsParseError, "it is empty");
    const String other = otherKind(data, size);
    if (!other.empty())
        CV_Error(Error::StsParseError, "it is " + other);
    OnnxSummary summary;
    Message model(data, size);
    while (model.next())
        if (model.is(GRAPH_OF_MODEL))
        {
            checkGraph(model.content());
            summary.inputs = inputsOf(model.content());
            summary.unusual = whatIsUnusual(model.content(), summary.inputs);
        }
    return summary;
}

}} // namespace cv::sanprivacy
