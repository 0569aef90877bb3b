// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#include "precomp.hpp"
#include "perturber_impl.hpp"
#include "aligned_face.hpp"
#include "check_created.hpp"
#include "data_path.hpp"
#include "image_depth.hpp"

#include <algorithm>
#include <random>

namespace cv { namespace sanprivacy {

namespace {

const float RANGE_TOLERANCE = 1.f / 255; // what interpolation may overshoot 0..1 by

std::vector<Ptr<PrototypeBuilder>> prototypesOf(const std::vector<Attribute>& attributes)
{
    std::vector<Ptr<PrototypeBuilder>> prototypes;
    for (const Attribute& attribute : attributes)
        prototypes.push_back(attribute.prototypes);
    return prototypes;
}

double checkProbability(float probability, const String& classifier)
{
    const String wrong = whatIsWrong(probability, classifier);
    if (!wrong.empty())
        CV_Error(Error::StsOutOfRange, wrong);
    return probability;
}

bool hidesGender(const std::vector<Attribute>& attributes)
{
    return std::any_of(attributes.begin(), attributes.end(), [](const Attribute& a) { return a.name == "gender"; });
}

} // namespace

String networkFile(const String& name)
{
    return name.find_first_of("./\\") != String::npos ? name : findDataFile(name + ".onnx");
}

Perturber::Impl::Impl(
    const dnn::Net& network, const String& name, const std::vector<Attribute>& attributes_, const DnnDevice& device_)
    : device(device_), strength(1), color_strength(hidesGender(attributes_) ? DEFAULT_COLOR_STRENGTH : 0.),
      surroundings_blur(0), attributes(attributes_), generator(network, name, prototypesOf(attributes_), device_)
{
    weaken_marks = generator.ignoresLabels();
    if (attributes.size() > 1 && !generator.ignoresLabels())
        CV_Error(Error::StsBadArg,
            format("To hide several attributes the network needs the inputs image and target_proto; '%s' has others",
                name.c_str()));
}

const std::vector<Mat>& Perturber::Impl::pass(const Mat* images, std::vector<int>& labels,
    const std::vector<int>& choices, std::vector<String>& wrong, const Mat* in_color)
{
    wrong.assign(labels.size(), String());
    resizeFaceBlob(faces, (int)labels.size());
    for (size_t i = 0; i < labels.size(); ++i)
        loadFace(images[i], blobPlane(faces, (int)i));
    if (choices[0] == PROTOTYPE_RANDOM) // the same-label prototype of a drawn label is the target
    {
        generator.forward(faces, drawLabels(labels.size()), std::vector<int>(1, PROTOTYPE_SAME), outputs);
    }
    else
    {
        predictLabels(labels, wrong, in_color);
        std::vector<int> known = labels;
        std::replace(known.begin(), known.end(), (int)LABEL_PREDICT, 0); // of faces that have no output
        generator.forward(faces, known, choices, outputs);
    }
    for (Mat& output : outputs)
    {
        for (size_t i = 0; i < labels.size(); ++i)
            if (wrong[i].empty())
                wrong[i] = generator.whatIsWrong(output, (int)i);
        if (strength != 1)
            amplify(output);
    }
    return outputs;
}

void Perturber::Impl::perturb(const std::vector<Mat>& images, const std::vector<Mat>& in_color,
    std::vector<int>& labels, int choice, std::vector<Mat>& perturbed, std::vector<String>& wrong)
{
    perturbed.resize(images.size());
    wrong.clear();
    for (size_t first = 0; first < images.size(); first += facesPerPass())
    {
        const size_t last = std::min(first + facesPerPass(), images.size());
        std::vector<int> pass_labels(labels.begin() + first, labels.begin() + last);
        std::vector<String> pass_wrong;
        const std::vector<Mat>& output = pass(&images[first], pass_labels, std::vector<int>(1, choice), pass_wrong,
            in_color.empty() ? nullptr : &in_color[first]);
        for (size_t i = first; i < last; ++i)
            blobPlane(output[0], int(i - first)).copyTo(perturbed[i]);
        std::copy(pass_labels.begin(), pass_labels.end(), labels.begin() + first);
        wrong.insert(wrong.end(), pass_wrong.begin(), pass_wrong.end());
    }
}

double Perturber::Impl::predict(const Mat& image, size_t attribute)
{
    resizeFaceBlob(faces, 1);
    loadFace(image, blobPlane(faces, 0));
    AttributeClassifier& classifier = getClassifier(attribute);
    return checkProbability(classifier.forward(faces).at<float>(0), classifier.name());
}

double Perturber::Impl::predict(const Mat& image, const std::vector<Point2c>& landmarks, size_t attribute)
{
    if (attributes[attribute].usesGenderNetwork())
    {
        const std::vector<Mat> face(1, GenderNetwork::cut(image, landmarks));
        std::lock_guard<std::mutex> lock(mutex);
        GenderNetwork& network = getGenderNetwork(attribute);
        return checkProbability(network.forward(face).at<float>(0), network.name());
    }
    Mat crop = AlignedFace::cut(image, landmarks, FACE_SIZE).crop;
    crop.convertTo(crop, CV_32F, 1 / whiteLevel(image.depth()));
    std::lock_guard<std::mutex> lock(mutex);
    return predict(crop, attribute);
}

bool Perturber::Impl::usesGenderNetwork(int label, int prototype) const
{
    return label == LABEL_PREDICT && prototype != PROTOTYPE_RANDOM
           && std::any_of(attributes.begin(), attributes.end(),
               [](const Attribute& attribute) { return attribute.usesGenderNetwork(); });
}

AttributeClassifier& Perturber::Impl::getClassifier(size_t k)
{
    Attribute& attribute = attributes[k];
    if (!attribute.classifier)
    {
        const String file = networkFile(attribute.classifier_file.empty() ? attribute.name : attribute.classifier_file);
        attribute.classifier = makePtr<AttributeClassifier>(readOnnx(file, "attribute classifier", device), file);
    }
    return *attribute.classifier;
}

GenderNetwork& Perturber::Impl::getGenderNetwork(size_t k)
{
    Attribute& attribute = attributes[k];
    if (!attribute.gender_network)
    {
        const String file = findDataFile("gender-dlib-32.onnx");
        attribute.gender_network = makePtr<GenderNetwork>(readOnnx(file, "gender network", device), file);
    }
    return *attribute.gender_network;
}

size_t Perturber::Impl::attributeNumber(int attribute) const
{
    CV_CheckGE(attribute, 0, "Attributes are counted from 0");
    CV_CheckLT(attribute, (int)attributes.size(), "There are fewer attributes");
    return size_t(attribute);
}

void Perturber::Impl::checkLabel(int label, bool opposite) const
{
    const int labels = labelCount(attributes.size());
    if ((label < 0 || label >= labels) && label != LABEL_PREDICT && label != LABEL_NEUTRAL)
        CV_Error(Error::StsBadArg, format("A label must be 0 to %d or a LabelChoice; found %d", labels - 1, label));
    if (label == LABEL_NEUTRAL && opposite)
        CV_Error(Error::StsBadArg,
            "A face of LABEL_NEUTRAL has no opposite: choose the same or the neutral prototype, or another label");
}

void Perturber::Impl::checkPrototype(int prototype) const
{
    if (prototype < PROTOTYPE_SAME || prototype > PROTOTYPE_RANDOM)
        CV_Error(Error::StsBadArg, format("The prototype must be a PrototypeChoice; found %d", prototype));
    if (prototype == PROTOTYPE_RANDOM && !generator.ignoresLabels())
        CV_Error(Error::StsBadArg,
            "A random prototype needs a network that does not receive the label: expected the inputs "
            "image, target_proto only");
}

std::vector<int> Perturber::Impl::labelsOf(
    const PerturbParams& params, const std::vector<int>& labels, size_t faces_count) const
{
    checkPrototype(params.prototype);
    checkLabel(params.label, labels.empty() && params.prototype == PROTOTYPE_OPPOSITE);
    if (labels.empty())
        return std::vector<int>(faces_count, params.label);
    if (labels.size() != faces_count)
        CV_Error(Error::StsUnmatchedSizes, format("Expected one label for each of %d faces, or none; found %d labels",
                                               (int)faces_count, (int)labels.size()));
    for (int label : labels)
        checkLabel(label, params.prototype == PROTOTYPE_OPPOSITE);
    return labels;
}

void Perturber::Impl::amplify(Mat& output) const
{
    const Mat x = faces.reshape(1, 1);
    Mat result;
    addWeighted(output.reshape(1, 1), strength, x, 1 - strength, 0, result);
    cv::min(result, 1, result);
    cv::max(result, 0, result);
    output = result.reshape(1, output.dims, output.size.p);
}

void Perturber::Impl::loadFace(const Mat& image, Mat plane)
{
    CV_CheckEQ(image.size(), FACE_SIZE, "A face must be a canonical crop, see alignFace()");
    CV_CheckDepth(
        image.depth(), image.depth() == CV_8U || image.depth() == CV_32F, "A face must be 8-bit or 32-bit float");
    CV_Check(image.channels(), image.channels() == 1 || image.channels() == 3, "A face must be gray or BGR");

    Mat gray = image;
    if (image.channels() == 3) // into memory that is kept: toGray() would allocate it anew
    {
        cvtColor(image, converted, COLOR_BGR2GRAY);
        gray = converted;
    }
    if (gray.depth() == CV_32F && !checkRange(gray, true, 0, -RANGE_TOLERANCE, 1 + RANGE_TOLERANCE))
        CV_Error(Error::StsOutOfRange, "A face of floats must lie in 0..1; found NaN, infinity or another range");
    gray.convertTo(plane, CV_32F, 1 / whiteLevel(gray.depth()));
}

std::vector<int> Perturber::Impl::drawLabels(size_t count) const
{
    std::random_device secure; // the system's generator
    std::vector<int> labels(count);
    for (int& label : labels)
        label = int(secure() & unsigned(labelCount(attributes.size()) - 1));
    return labels;
}

void Perturber::Impl::predictLabels(std::vector<int>& labels, std::vector<String>& wrong, const Mat* in_color)
{
    std::vector<size_t> asked;
    for (size_t i = 0; i < labels.size(); ++i)
        if (labels[i] == LABEL_PREDICT)
            asked.push_back(i);
    if (asked.empty())
        return;
    std::vector<Mat> asked_in_color;
    resizeFaceBlob(unlabelled, (int)asked.size());
    for (size_t row = 0; row < asked.size(); ++row)
    {
        blobPlane(faces, (int)asked[row]).copyTo(blobPlane(unlabelled, (int)row));
        if (in_color)
            asked_in_color.push_back(in_color[asked[row]]);
    }

    std::vector<int> found(asked.size(), 0);
    for (size_t k = 0; k < attributes.size(); ++k)
    {
        const bool by_color = in_color && attributes[k].usesGenderNetwork();
        const String& name = by_color ? getGenderNetwork(k).name() : getClassifier(k).name();
        const Mat probability =
            by_color ? getGenderNetwork(k).forward(asked_in_color) : getClassifier(k).forward(unlabelled);
        for (size_t row = 0; row < asked.size(); ++row)
        {
            found[row] |= int(probability.at<float>((int)row) >= 0.5f) << k;
            if (wrong[asked[row]].empty())
                wrong[asked[row]] = whatIsWrong(probability.at<float>((int)row), name);
        }
    }
    for (size_t row = 0; row < asked.size(); ++row)
        if (wrong[asked[row]].empty())
            labels[asked[row]] = found[row];
}

Perturber::Impl& checkCreated(const Ptr<Perturber::Impl>& p)
{
    return checkCreated(p, "Perturber");
}

}} // namespace cv::sanprivacy
