// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#include "precomp.hpp"
#include "fast_u_net.hpp"
#include "dnn_net.hpp"

#if defined(__GNUC__) // inside OpenCV's own build its headers are no system headers
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wunused-parameter"
#endif
#include "opencv2/dnn/all_layers.hpp"
#if defined(__GNUC__)
#pragma GCC diagnostic pop
#endif

#include <algorithm>

namespace cv { namespace sanprivacy {

namespace {

const int PROTOTYPE_CHANNELS = 3;

//! Weights of the layers of an imported network, by their names in the ONNX file.
class ImportedLayers
{
public:
    explicit ImportedLayers(dnn::Net& network) : net(network) {}

    bool has(const String& name) const { return net.getLayerId("onnx_node!" + name) > 0; }
    Ptr<dnn::Layer> layer(const String& name) const { return net.getLayer(net.getLayerId("onnx_node!" + name)); }
    Mat weights(const String& name) const { return layer(name)->blobs.at(0); }
    Mat biases(const String& name) const { return layer(name)->blobs.at(1); }

    //! A constant that a layer adds or multiplies by; newer versions of OpenCV make a layer of it.
    Mat constant(const String& user, const String& name, double sign) const
    {
        if (!layer(user)->blobs.empty())
            return weights(user);
        const int id = net.getLayerId(name);
        return id > 0 && !net.getLayer(id)->blobs.empty() ? Mat(sign * net.getLayer(id)->blobs[0]) : Mat();
    }

private:
    dnn::Net& net;
};

//! Channels first to last - 1 of each kernel of a convolution, out x in x height x width.
Mat inputChannels(const Mat& weights, int first, int last)
{
    const Range ranges[] = { Range::all(), Range(first, last), Range::all(), Range::all() };
    return weights(ranges).clone();
}

/** The kernels of the transposed convolution, in x out x K x K, that does what a convolution of 3x3 does after every
pixel has been repeated in a square: each turned kernel, once for every place in the square. */
Mat transposedKernels(const Mat& weights, int repeats)
{
    const int outs = weights.size[0], ins = weights.size[1], side = weights.size[2], sides = side + repeats - 1;
    const int shape[] = { ins, outs, sides, sides };
    Mat kernels(4, shape, CV_32F, Scalar(0));
    for (int out = 0; out < outs; ++out)
        for (int in = 0; in < ins; ++in)
        {
            Mat turned, kernel(sides, sides, CV_32F, kernels.ptr<float>(in, out));
            flip(Mat(side, side, CV_32F, (void*)weights.ptr<float>(out, in)), turned, -1);
            for (int y = 0; y < repeats; ++y)
                for (int x = 0; x < repeats; ++x)
                    kernel(Rect(x, y, side, side)) += turned;
        }
    return kernels;
}

//! Builds a network layer by layer; a value is named by the layer that gives it.
class NetBuilder
{
public:
    explicit NetBuilder(const std::vector<String>& inputs) : inputs_(inputs) { net.setInputsNames(inputs); }

    String add(const String& type, const String& name, dnn::LayerParams params, const std::vector<String>& inputs)
    {
        params.name = name;
        params.type = type;
        const int id = net.addLayer(name, type, params);
        for (size_t i = 0; i < inputs.size(); ++i)
        {
            const int input = int(std::find(inputs_.begin(), inputs_.end(), inputs[i]) - inputs_.begin());
            const bool given = input < (int)inputs_.size();
            net.connect(given ? 0 : net.getLayerId(inputs[i]), given ? input : 0, id, (int)i);
        }
        return name;
    }

    //! Convolution, or transposed convolution, with padding 1.
    String convolve(
        const String& type, const String& name, const String& input, const Mat& weights, const Mat& biases, int stride)
    {
        dnn::LayerParams params;
        params.set("kernel_size", weights.size[2]);
        params.set("stride", stride);
        params.set("pad", 1);
        params.set("num_output", weights.size[type == "Convolution" ? 0 : 1]);
        params.set("bias_term", !biases.empty());
        params.blobs.push_back(weights);
        if (!biases.empty())
            params.blobs.push_back(biases);
        return add(type, name, params, { input });
    }

    String sum(const String& name, const std::vector<String>& inputs)
    {
        dnn::LayerParams params;
        params.set("operation", "sum");
        return add("Eltwise", name, params, inputs);
    }

    String leakyRelu(const String& input, float slope)
    {
        dnn::LayerParams params;
        params.set("negative_slope", slope);
        return add("ReLU", input + ".relu", params, { input });
    }

    dnn::Net net;

private:
    std::vector<String> inputs_;
};

//! What the first layer makes of each prototype P: of P and of P - P_NT, the channels behind that of the face.
std::vector<Mat> prototypeMaps(const Mat& weights, const Mat& minus_neutral, const std::vector<Mat>& prototypes)
{
    NetBuilder builder({ "prototype" });
    builder.convolve("Convolution", "map", "prototype", inputChannels(weights, 1, weights.size[1]), Mat(), 2);
    std::vector<Mat> maps;
    for (const Mat& prototype : prototypes)
    {
        const int shape[] = { 1, 2 * PROTOTYPE_CHANNELS, prototype.size[2], prototype.size[3] };
        Mat both(4, shape, CV_32F);
        for (int c = 0; c < PROTOTYPE_CHANNELS; ++c)
        {
            const Mat plane = blobPlane(prototype, 0, c), own = blobPlane(both, 0, c);
            const Mat offset = minus_neutral.reshape(1, PROTOTYPE_CHANNELS).row(c).reshape(1, plane.rows);
            plane.copyTo(own);
            cv::add(plane, offset, blobPlane(both, 0, PROTOTYPE_CHANNELS + c));
        }
        builder.net.setInput(both);
        maps.push_back(builder.net.forward().clone());
    }
    return maps;
}

//! tanh(r) of a face and its prototype's map.
dnn::Net buildNet(const ImportedLayers& from, float slope)
{
    NetBuilder builder({ "image", "map" });
    std::vector<String> skipped;
    String x;
    for (int level = 1; from.has(format("down%d", level)); ++level)
    {
        const String down = format("down%d", level), keep = format("keep%d", level);
        if (level == 1)
            x = builder.sum(down, { builder.convolve("Convolution", "face", "image",
                                        inputChannels(from.weights(down), 0, 1), from.biases(down), 2),
                                      "map" });
        else
            x = builder.convolve("Convolution", down, x, from.weights(down), from.biases(down), 2);
        x = builder.convolve(
            "Convolution", keep, builder.leakyRelu(x, slope), from.weights(keep), from.biases(keep), 1);
        x = builder.leakyRelu(x, slope);
        skipped.push_back(x);
    }
    for (int level = (int)skipped.size() - 1; level > 0; --level)
    {
        const String up = format("up%d", level), number = format("%d", level);
        const Mat weights = from.weights(up);
        const int skips = from.weights("keep" + number).size[0], upsampled = weights.size[1] - skips;
        const Mat kernels = transposedKernels(inputChannels(weights, 0, upsampled), 2);
        x = builder.sum(up, { builder.convolve("Deconvolution", "enlarged" + number, x, kernels, Mat(), 2),
                                builder.convolve("Convolution", "skipped" + number, skipped[(size_t)level - 1],
                                    inputChannels(weights, upsampled, weights.size[1]), from.biases(up), 1) });
        x = builder.leakyRelu(x, slope);
    }
    x = builder.convolve(
        "Deconvolution", "change", x, transposedKernels(from.weights("change"), 1), from.biases("change"), 1);
    x = builder.add("TanH", "residual", dnn::LayerParams(), { x });
    dnn::LayerParams enlarging;
    enlarging.set("zoom_factor", 2);
    enlarging.set("interpolation", "opencv_linear");
    builder.add("Resize", "enlarged", enlarging, { x });
    return builder.net;
}

} // namespace

Ptr<FastUNet> FastUNet::create(dnn::Net& network, const std::vector<Mat>& prototypes, int backend, int target)
{
    const ImportedLayers from(network);
    for (const char* name : { "difference", "down1.relu", "bounded" })
        if (!from.has(name))
            return Ptr<FastUNet>();
    for (const char* name : { "down1", "keep1", "up1", "change" })
        if (!from.has(name) || from.layer(name)->blobs.empty())
            return Ptr<FastUNet>();
    const Ptr<dnn::ReLULayer> relu = from.layer("down1.relu").dynamicCast<dnn::ReLULayer>();
    const Mat limits = from.constant("bounded", "limit", 1), neutral = from.constant("difference", "neutral_proto", -1);
    if (!relu || limits.empty() || neutral.total() != PROTOTYPE_CHANNELS * limits.total()
        || limits.total() != size_t(prototypes[0].size[2]) * size_t(prototypes[0].size[3]))
        return Ptr<FastUNet>();
    Ptr<FastUNet> fast = makePtr<FastUNet>();
    fast->maps = prototypeMaps(from.weights("down1"), neutral, prototypes);
    fast->net = buildNet(from, relu->negativeSlope);
    fast->net.setPreferableBackend(backend);
    fast->net.setPreferableTarget(target);
    fast->limit = limits.reshape(1, prototypes[0].size[2]).clone();
    return fast;
}

void FastUNet::forward(const Mat& faces, const std::vector<int>& prototypes, Mat& output)
{
    net.setInput(faces, "image");
    if (rows != prototypes)
    {
        const int shape[] = { (int)prototypes.size(), maps[0].size[1], maps[0].size[2], maps[0].size[3] };
        fed.create(4, shape, CV_32F);
        for (size_t i = 0; i < prototypes.size(); ++i)
            maps[(size_t)prototypes[i]].copyTo(blobRows(fed, (int)i, 1));
        net.setInput(fed, "map");
        rows = prototypes;
    }
    const Mat change = net.forward();
    output.create(faces.dims, faces.size.p, CV_32F);
    for (int n = 0; n < faces.size[0]; ++n) // X' = clamp(X + e w tanh(r), 0, 1)
    {
        const float *const x = faces.ptr<float>(n), *const r = change.ptr<float>(n), *const e = limit.ptr<float>();
        float* const y = output.ptr<float>(n);
        for (size_t i = 0; i < limit.total(); ++i)
        {
            const float value = x[i] + e[i] * r[i];
            y[i] = value < 0 ? 0 : value > 1 ? 1 : value; // NaN stays NaN
        }
    }
}

}} // namespace cv::sanprivacy
