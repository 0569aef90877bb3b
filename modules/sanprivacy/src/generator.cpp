// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#include "precomp.hpp"
#include "generator.hpp"
#include "dnn_net.hpp"

#include "opencv2/sanprivacy/perturber.hpp"

namespace cv { namespace sanprivacy {

namespace {

// Names of the input and output blobs: the ONNX files' side of the contract.
const char* const INPUT_FACE = "image";
const int TARGET = -1; // in place of a PrototypeChoice: the prototype of the wanted output

//! How far from 0..1 an output may lie and still be an image: room for the half precision of some targets.
const double OUTPUT_TOLERANCE = .05;

} // namespace

int labelCount(size_t attributes)
{
    return 1 << attributes;
}

Mat createFaceBlob(int count, int channels)
{
    const int shape[] = { count, channels, FACE_SIDE, FACE_SIDE };
    return Mat(4, shape, CV_32F, Scalar(0));
}

void resizeFaceBlob(Mat& blob, int count)
{
    if (blob.empty() || blob.size[0] != count)
        blob = createFaceBlob(count, 1);
}

const std::vector<Generator::Form>& Generator::forms()
{
    static const std::vector<Form> all = { // the project's form of the paper's network
        { { { "same_proto", PROTOTYPE_SAME }, { "neutral_proto", PROTOTYPE_NEUTRAL },
              { "opposite_proto", PROTOTYPE_OPPOSITE } },
            { "perturbed_same", "perturbed_neutral", "perturbed_opposite" } },
        // the authors' form: the proto-combiner runs once
        { { { "same_proto", PROTOTYPE_SAME }, { "combine_proto", TARGET } }, { "perturbed" } },
        // networks that see the target prototype before their non-linear layers
        { { { "same_proto", PROTOTYPE_SAME }, { "target_proto", TARGET } }, { "perturbed" } },
        { { { "target_proto", TARGET } }, { "perturbed" } }
    };
    return all;
}

const Generator::Form& Generator::findForm(dnn::Net& network, const String& name)
{
    String expected;
    for (const Form& form : forms())
    {
        bool found = hasInput(network, INPUT_FACE);
        String names = INPUT_FACE;
        for (const PrototypeInput& input : form.prototypes)
        {
            found = found && hasInput(network, input.name);
            names += ", " + input.name;
        }
        if (found)
            return form;
        expected += (expected.empty() ? "(" : " or (") + names + ")";
    }
    CV_Error(Error::StsBadArg,
        format("'%s' is not a network that perturbs faces: expected the inputs %s", name.c_str(), expected.c_str()));
}

Generator::Generator(const dnn::Net& network, const String& name, const std::vector<Ptr<PrototypeBuilder>>& prototypes,
    const DnnDevice& device)
    : net(network), name_(name), form(findForm(net, name)), labels_(labelCount(prototypes.size())),
      fed(form.prototypes.size())
{
    for (const Ptr<PrototypeBuilder>& each : prototypes)
        CV_CheckEQ(each->getSize(), FACE_SIZE, "The prototypes must have the size of the network's faces");
    Mat neutral;
    prototypes[0]->neutral(neutral);
    for (int label = 0; label < labels_; ++label)
        means.push_back(toBlob(prototypeOf(label, prototypes)));
    means.push_back(toBlob(neutral));
    const bool by_openvino = device.backend == dnn::DNN_BACKEND_INFERENCE_ENGINE && ignoresLabels();
    const DnnDevice cpu = { dnn::DNN_BACKEND_OPENCV, dnn::DNN_TARGET_CPU };
    if (by_openvino)
        runOn(cpu);
    checkOutputs(by_openvino ? cpu : device);
    if (by_openvino || (FastUNet::isFaster() && isOpenCVOnCpu(device) && ignoresLabels()))
        useFastForm(device);
    if (by_openvino && !fast)
    {
        runOn(device);
        checkOutputs(device);
    }
}

void Generator::forward(
    const Mat& faces, const std::vector<int>& labels, const std::vector<int>& choices, std::vector<Mat>& outputs)
{
    const int count = faces.size[0];
    const int repeats = form.isJoint() ? 1 : (int)choices.size();
    const Mat repeated_faces = repeat(faces, repeats);
    std::vector<int> rows;
    for (size_t i = 0; i < form.prototypes.size(); ++i)
    {
        rows.clear();
        for (int row = 0; row < repeats * count; ++row)
        {
            const int choice = form.prototypes[i].choice;
            rows.push_back(meanIndex(choice == TARGET ? choices[row / count] : choice, labels[row % count]));
        }
        if (!fast)
            feed(i, rows);
    }
    if (fast)
    {
        results.resize(1);
        fast->forward(repeated_faces, rows, results[0]);
    }
    else
    {
        net.setInput(repeated_faces, INPUT_FACE);
        net.forward(results, form.outputs);
    }

    outputs.clear();
    for (size_t i = 0; i < choices.size(); ++i)
        outputs.push_back(
            form.isJoint() ? results[choices[i] - PROTOTYPE_SAME] : blobRows(results[0], (int)i * count, count));
}

String Generator::whatIsWrong(const Mat& output, int n) const
{
    double least = 0, most = 0;
    const Mat image = blobPlane(output, n);
    if (!checkRange(image))
        return format("The perturbing network '%s' answers NaN or infinity", name_.c_str());
    minMaxLoc(image, &least, &most);
    if (least < -OUTPUT_TOLERANCE || most > 1 + OUTPUT_TOLERANCE)
        return format("The perturbing network '%s' answers values from %g to %g: expected an image of 0 to 1",
            name_.c_str(), least, most);
    return String();
}

bool Generator::ignoresLabels() const
{
    return form.prototypes.size() == 1 && form.prototypes[0].choice == TARGET;
}

Mat Generator::prototypeOf(int label, const std::vector<Ptr<PrototypeBuilder>>& prototypes)
{
    Mat sum, neutral, mean;
    prototypes[0]->same(label & 1, sum);
    for (size_t k = 1; k < prototypes.size(); ++k)
    {
        prototypes[k]->same(label >> k & 1, mean);
        prototypes[k]->neutral(neutral);
        sum += mean - neutral;
    }
    return sum;
}

int Generator::meanIndex(int choice, int label) const
{
    if (choice == PROTOTYPE_NEUTRAL || label == LABEL_NEUTRAL)
        return labels_;
    return choice == PROTOTYPE_SAME ? label : labels_ - 1 - label; // the opposite of every bit
}

Mat Generator::toBlob(const Mat& bgr)
{
    Mat blob = createFaceBlob(1, 3);
    const Mat rgb[] = { blobPlane(blob, 0, 0), blobPlane(blob, 0, 1), blobPlane(blob, 0, 2) };
    const int from_bgr_to_rgb[] = { 0, 2, 1, 1, 2, 0 };
    mixChannels(&bgr, 1, const_cast<Mat*>(rgb), 3, from_bgr_to_rgb, 3);
    return blob;
}

void Generator::checkOutputs(const DnnDevice& device)
{
    const std::vector<int> label(1, 0), choice(1, PROTOTYPE_OPPOSITE);
    std::vector<Mat> output;
    String found;
    try
    {
        forward(createFaceBlob(1, 1), label, choice, output);
        if (output[0].dims == 4 && (int)output[0].total() == FACE_SIZE.area() && output[0].size[2] == FACE_SIDE
            && output[0].type() == CV_32F)
            found = whatIsWrong(output[0], 0);
        else
            found = "found another shape";
    }
    catch (const cv::Exception& e)
    {
        found = reasonOf(e);
        if (!isOpenCVOnCpu(device))
            CV_Error(Error::StsBadArg, format("OpenCV %s cannot run the perturbing network '%s' by %s: %s", CV_VERSION,
                                           name_.c_str(), nameOf(device).c_str(), found.c_str()));
    }
    if (found.empty())
        return;
    String names;
    for (const String& output_name : form.outputs)
        names += (names.empty() ? "" : ", ") + output_name;
    CV_Error(
        Error::StsBadArg, format("'%s' is not a network that perturbs faces: expected the outputs %s of 1x1x%dx%d; %s",
                              name_.c_str(), names.c_str(), FACE_SIDE, FACE_SIDE, found.c_str()));
}

void Generator::runOn(const DnnDevice& device)
{
    net.setPreferableBackend(device.backend);
    net.setPreferableTarget(device.target);
    for (std::vector<int>& rows : fed)
        rows.clear();
}

void Generator::useFastForm(const DnnDevice& device)
{
    const double rounding = isOpenCVOnCpu(device) ? 1e-5 : .02; // of single precision, of 16 bits
    Mat face = createFaceBlob(1, 1), plain;
    RNG(1).fill(face, RNG::UNIFORM, 0, 1);
    std::vector<Mat> output;
    const std::vector<int> label(1, 0), choice(1, PROTOTYPE_OPPOSITE);
    forward(face, label, choice, output);
    output[0].copyTo(plain);
    try
    {
        fast = FastUNet::create(net, means, device.backend, device.target);
        if (!fast)
            return;
        forward(face, label, choice, output);
        if (norm(output[0].reshape(1, 1), plain.reshape(1, 1), NORM_INF) > rounding)
            fast.release();
    }
    catch (const cv::Exception&) // layers of the same names that do not fit
    {
        fast.release();
    }
}

Mat Generator::repeat(const Mat& faces, int times)
{
    if (times == 1)
        return faces;
    const int count = faces.size[0];
    resizeFaceBlob(repeated, times * count);
    for (int i = 0; i < times; ++i)
        faces.copyTo(blobRows(repeated, i * count, count));
    return repeated;
}

void Generator::feed(size_t input, const std::vector<int>& rows)
{
    if (fed[input] == rows)
        return;
    Mat blob = createFaceBlob((int)rows.size(), 3);
    for (size_t i = 0; i < rows.size(); ++i)
        means[rows[i]].copyTo(blobRows(blob, (int)i, 1));
    net.setInput(blob, form.prototypes[input].name);
    fed[input] = rows;
}

}} // namespace cv::sanprivacy
