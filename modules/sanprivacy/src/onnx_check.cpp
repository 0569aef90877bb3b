// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#include "precomp.hpp"
#include "onnx_check.hpp"

namespace cv { namespace sanprivacy {

namespace {

// Numbers of fields in onnx.proto.
const unsigned GRAPH_OF_MODEL = 7, NODE_OF_GRAPH = 1, OUTPUT_OF_NODE = 2, KIND_OF_NODE = 4;

//! The fields of a protobuf message, one after the other.
class Message
{
public:
    Message(const uchar* data_, size_t size_) : data(data_), end(data_ + size_), length(0), field(0) {}

    //! Goes to the next field. @return false at the end
    bool next()
    {
        data += length;
        length = 0;
        if (data == end)
            return false;
        const uint64 tag = number();
        field = unsigned(tag >> 3);
        switch (tag & 7)
        {
        case 0:
            number();
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
    Message content() const { return Message(data, length); }

private:
    bool skip(uint64 bytes)
    {
        if (bytes > uint64(end - data))
            CV_Error(Error::StsParseError, "it is damaged or cut off");
        length = size_t(bytes);
        return true;
    }
    uint64 number()
    {
        uint64 value = 0;
        for (int shift = 0; shift < 64; shift += 7)
        {
            if (data == end)
                CV_Error(Error::StsParseError, "it is damaged or cut off");
            value |= uint64(*data & 0x7f) << shift;
            if (!(*data++ & 0x80))
                return value;
        }
        CV_Error(Error::StsParseError, "it is damaged: a number is too long");
    }

    const uchar *data, *end;
    size_t length; // of the present field's content, which begins at data
    unsigned field;
};

void checkNode(Message node)
{
    bool kind = false, output = false;
    while (node.next())
    {
        kind = kind || (node.is(KIND_OF_NODE) && !node.empty());
        output = output || (node.is(OUTPUT_OF_NODE) && !node.empty());
    }
    if (!kind || !output)
        CV_Error(Error::StsParseError, "it is damaged: a node has no kind or no output");
}

} // namespace

void checkOnnx(const uchar* data, size_t size)
{
    Message model(data, size);
    while (model.next())
        if (model.is(GRAPH_OF_MODEL))
        {
            Message graph = model.content();
            while (graph.next())
                if (graph.is(NODE_OF_GRAPH))
                    checkNode(graph.content());
        }
}

}} // namespace cv::sanprivacy
