// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#include "precomp.hpp"
#include "data_path.hpp"
#include "dnn_net.hpp"

#include "opencv2/sanprivacy/alignment.hpp"
#include "opencv2/sanprivacy/perturber.hpp"

#include <algorithm>
#include <random>

namespace cv { namespace sanprivacy {

namespace {

const Size FACE_SIZE(224, 224);      // of the paper's networks
const int MAX_FACES_PER_PASS = 8;    // bounds the memory: the authors' form takes 65 MB for each face
const double MAX_8U = 255., MAX_16U = 65535.;
const float RANGE_TOLERANCE = 1.f / 255; // what interpolation may overshoot 0..1 by

// Names of the input and output blobs: the ONNX files' side of the contract.
const char* const INPUT_FACE = "image";
const int TARGET = -1; // in place of a PrototypeChoice: the prototype of the wanted output

struct PrototypeInput
{
    String name;
    int choice; // a PrototypeChoice or TARGET
};

//! A kind of generator: the inputs that it has besides the face, and its outputs.
struct GeneratorForm
{
    std::vector<PrototypeInput> prototypes;
    std::vector<String> outputs;

    //! Figure 2: one pass through the decoder, then the proto-combiner for each prototype; outputs by PrototypeChoice.
    bool isJoint() const { return outputs.size() > 1; }
};

const std::vector<GeneratorForm>& generatorForms()
{
    static const std::vector<GeneratorForm> forms = {
        // the project's form of the paper's network
        { { { "same_proto", PROTOTYPE_SAME }, { "neutral_proto", PROTOTYPE_NEUTRAL }, { "opposite_proto", PROTOTYPE_OPPOSITE } },
          { "perturbed_same", "perturbed_neutral", "perturbed_opposite" } },
        // the authors' form: the proto-combiner runs once
        { { { "same_proto", PROTOTYPE_SAME }, { "combine_proto", TARGET } }, { "perturbed" } },
        // networks that see the target prototype before their non-linear layers
        { { { "same_proto", PROTOTYPE_SAME }, { "target_proto", TARGET } }, { "perturbed" } },
        { { { "target_proto", TARGET } }, { "perturbed" } }
    };
    return forms;
}

const GeneratorForm& findForm(dnn::Net& net, const String& filename)
{
    String expected;
    for (const GeneratorForm& form : generatorForms())
    {
        bool found = hasInput(net, INPUT_FACE);
        String names = INPUT_FACE;
        for (const PrototypeInput& input : form.prototypes)
        {
            found = found && hasInput(net, input.name);
            names += ", " + input.name;
        }
        if (found)
            return form;
        expected += (expected.empty() ? "(" : " or (") + names + ")";
    }
    CV_Error(Error::StsBadArg, format("'%s' is no network that perturbs faces: expected the inputs %s",
                                      filename.c_str(), expected.c_str()));
}

//! A name without folder and extension is that of a shipped network.
String networkFile(const String& name)
{
    return name.find_first_of("./\\") != String::npos ? name : findDataFile(name + ".onnx");
}

//! The shipped prototypes of an attribute.
String prototypesFile(const String& attribute)
{
    return findDataFile("prototypes-" + attribute + ".yml.gz");
}

//! An attribute that is hidden: its prototypes and the classifier that tells its label.
struct Attribute
{
    Ptr<PrototypeBuilder> prototypes;
    String classifier; // file, or name of a shipped one
};

//! Bit k of a label is that of attribute k: so many labels there are.
int labelCount(size_t attributes)
{
    return 1 << attributes;
}

//! The shipped network that hides some attributes.
String shippedModel(const std::vector<String>& attributes)
{
    const std::vector<String> known = { "gender", "age" };
    for (const String& attribute : attributes)
        if (std::find(known.begin(), known.end(), attribute) == known.end())
            CV_Error(Error::StsBadArg, format("No shipped network hides '%s': expected gender or age, or a model of your own", attribute.c_str()));
    return attributes.size() == 1 && attributes[0] == known[0] ? "residual" : "residual-gender-age";
}

Mat createBlob(int count, int channels)
{
    const int shape[] = { count, channels, FACE_SIZE.height, FACE_SIZE.width };
    return Mat(4, shape, CV_32F, Scalar(0));
}

//! Gives the blob room for count gray faces; memory is kept where the number stays.
void resizeBlob(Mat& blob, int count)
{
    if (blob.empty() || blob.size[0] != count)
        blob = createBlob(count, 1);
}

//! Autoencoder and proto-combiner.
class Generator
{
public:
    Generator(const String& filename, const std::vector<Attribute>& attributes, const DnnDevice& device)
        : net(readOnnx(filename, "network that perturbs faces", device)), form(findForm(net, filename)),
          labels_(labelCount(attributes.size())), fed(form.prototypes.size())
    {
        for (const Attribute& attribute : attributes)
            CV_CheckEQ(attribute.prototypes->getSize(), FACE_SIZE, "The prototypes must have the size of the network's faces");
        Mat neutral;
        attributes[0].prototypes->neutral(neutral);
        for (int label = 0; label < labels_; label++)
            means.push_back(toBlob(prototypeOf(label, attributes)));
        means.push_back(toBlob(neutral));
        checkOutputs(filename);
    }

    /** X'_SM, X'_NT or X'_OP of each face.
    @param faces N x 1 x 224 x 224, 0..1
    @param labels N labels, none of them LABEL_PREDICT
    @param choices which outputs
    @param outputs N x 1 x 224 x 224 for each choice; the network's memory, valid until the next call */
    void forward(const Mat& faces, const std::vector<int>& labels, const std::vector<int>& choices,
                 std::vector<Mat>& outputs)
    {
        const int count = faces.size[0];
        const int repeats = form.isJoint() ? 1 : (int)choices.size();
        net.setInput(repeat(faces, repeats), INPUT_FACE);
        for (size_t i = 0; i < form.prototypes.size(); i++)
        {
            std::vector<int> rows;
            for (int row = 0; row < repeats * count; row++)
            {
                const int choice = form.prototypes[i].choice;
                rows.push_back(prototypeIndex(choice == TARGET ? choices[row / count] : choice, labels[row % count]));
            }
            feed(i, rows);
        }
        net.forward(results, form.outputs);

        outputs.clear();
        for (size_t i = 0; i < choices.size(); i++)
            outputs.push_back(form.isJoint() ? results[choices[i]] : blobRows(results[0], (int)i * count, count));
    }

    //! Whether the network sees nothing but the face and the target prototype.
    bool isBlindToLabels() const
    {
        return form.prototypes.size() == 1 && form.prototypes[0].choice == TARGET;
    }

private:
    //! P_SM of a label: the mean face of the one attribute's label; of several P_NT and what each differs by from it.
    static Mat prototypeOf(int label, const std::vector<Attribute>& attributes)
    {
        Mat sum, neutral, mean;
        attributes[0].prototypes->same(label & 1, sum);
        for (size_t k = 1; k < attributes.size(); k++)
        {
            attributes[k].prototypes->same(label >> k & 1, mean);
            attributes[k].prototypes->neutral(neutral);
            sum += mean - neutral;
        }
        return sum;
    }

    //! Which of the means a PrototypeChoice is for a face.
    int prototypeIndex(int choice, int label) const
    {
        if (choice == PROTOTYPE_NEUTRAL || label == LABEL_NEUTRAL)
            return labels_;
        return choice == PROTOTYPE_SAME ? label : labels_ - 1 - label; // the opposite of every bit
    }

    static Mat toBlob(const Mat& bgr)
    {
        Mat blob = createBlob(1, 3);
        const Mat rgb[] = { blobPlane(blob, 0, 0), blobPlane(blob, 0, 1), blobPlane(blob, 0, 2) };
        const int from_bgr_to_rgb[] = { 0, 2, 1, 1, 2, 0 };
        mixChannels(&bgr, 1, const_cast<Mat*>(rgb), 3, from_bgr_to_rgb, 3);
        return blob;
    }

    //! Runs the network once: afterwards it is known to fit, and the first frame of a video takes no longer than the next.
    void checkOutputs(const String& filename)
    {
        const std::vector<int> label(1, 0), choice(1, PROTOTYPE_OPPOSITE);
        std::vector<Mat> output;
        String found;
        try
        {
            forward(createBlob(1, 1), label, choice, output);
            if (output[0].dims == 4 && (int)output[0].total() == FACE_SIZE.area()
                && output[0].size[2] == FACE_SIZE.height && output[0].type() == CV_32F)
                return;
            found = "found another shape";
        }
        catch (const cv::Exception& e)
        {
            found = reasonOf(e);
        }
        String names;
        for (const String& name : form.outputs)
            names += (names.empty() ? "" : ", ") + name;
        CV_Error(Error::StsBadArg, format("'%s' is no network that perturbs faces: expected the outputs %s of 1x1x%dx%d; %s",
                                          filename.c_str(), names.c_str(), FACE_SIZE.height, FACE_SIZE.width, found.c_str()));
    }

    //! The faces one after the other, as often as wanted.
    Mat repeat(const Mat& faces, int times)
    {
        if (times == 1)
            return faces;
        const int count = faces.size[0];
        resizeBlob(repeated, times * count);
        for (int i = 0; i < times; i++)
            faces.copyTo(blobRows(repeated, i * count, count));
        return repeated;
    }

    //! Prototypes rarely change from call to call, so the network keeps those it has.
    void feed(size_t input, const std::vector<int>& rows)
    {
        if (fed[input] == rows)
            return;
        Mat blob = createBlob((int)rows.size(), 3);
        for (size_t i = 0; i < rows.size(); i++)
            means[rows[i]].copyTo(blobRows(blob, (int)i, 1));
        net.setInput(blob, form.prototypes[input].name);
        fed[input] = rows;
    }

    dnn::Net net;
    GeneratorForm form;
    const int labels_;
    std::vector<Mat> means;            // by label, then P_NT; 1 x 3 x 224 x 224 each, RGB as the networks take it
    std::vector<std::vector<int> > fed; // per prototype input, the means that the network has now
    Mat repeated;
    std::vector<Mat> results;
};

//! Probability of label 1 of canonical gray crops.
class AttributeClassifier
{
public:
    AttributeClassifier(const String& filename, const DnnDevice& device)
        : net(readOnnx(filename, "attribute classifier", device))
    {
        String found;
        try
        {
            if (forward(createBlob(1, 1)).total() == 1)
                return;
            found = "found several";
        }
        catch (const cv::Exception& e)
        {
            found = reasonOf(e);
        }
        CV_Error(Error::StsBadArg, format("'%s' is no attribute classifier: expected the input %s of 1x1x%dx%d and one value; %s",
                                          filename.c_str(), INPUT_FACE, FACE_SIZE.height, FACE_SIZE.width, found.c_str()));
    }

    //! @return N x 1 for N x 1 x 224 x 224
    Mat forward(const Mat& faces)
    {
        net.setInput(faces, INPUT_FACE);
        return net.forward().reshape(1, faces.size[0]);
    }

private:
    dnn::Net net;
};

} // namespace

class Perturber::Impl
{
public:
    Impl(const String& model, const std::vector<Attribute>& attributes_, const DnnDevice& device_)
        : device(device_), attributes(attributes_), strength(1), generator(networkFile(model), attributes, device), classifiers(attributes.size())
    {
        if (attributes.size() > 1 && !generator.isBlindToLabels())
            CV_Error(Error::StsBadArg, "Several attributes need a network of the inputs image, target_proto");
    }

    /** One pass for at most MAX_FACES_PER_PASS faces.
    @param labels one per face, LABEL_PREDICT included
    @param choices which outputs; PROTOTYPE_RANDOM alone
    @return for each choice the outputs of the faces, valid until the next call */
    const std::vector<Mat>& pass(const Mat* images, std::vector<int> labels, const std::vector<int>& choices)
    {
        resizeBlob(faces, (int)labels.size());
        for (size_t i = 0; i < labels.size(); i++)
            loadFace(images[i], blobPlane(faces, (int)i));
        const bool random = choices[0] == PROTOTYPE_RANDOM;
        if (random)
            drawTargets(labels);
        else
            predictLabels(labels);
        generator.forward(faces, labels, random ? std::vector<int>(1, PROTOTYPE_SAME) : choices, outputs);
        if (strength != 1)
            for (Mat& output : outputs)
                amplify(output);
        return outputs;
    }

    double predict(const Mat& image, int attribute)
    {
        resizeBlob(faces, 1);
        loadFace(image, blobPlane(faces, 0));
        return getClassifier(size_t(attribute)).forward(faces).at<float>(0);
    }

    //! Loads a classifier, which is otherwise loaded when it is first needed.
    AttributeClassifier& getClassifier(size_t attribute)
    {
        Ptr<AttributeClassifier>& classifier = classifiers[attribute];
        if (!classifier)
            classifier = makePtr<AttributeClassifier>(networkFile(attributes[attribute].classifier), device);
        return *classifier;
    }

    const DnnDevice device;
    const std::vector<Attribute> attributes;
    double strength;

private:
    //! X + strength (X' - X)
    void amplify(Mat& output) const
    {
        const Mat x = faces.reshape(1, 1);
        Mat result;
        addWeighted(output.reshape(1, 1), strength, x, 1 - strength, 0, result);
        cv::min(result, 1, result);
        cv::max(result, 0, result);
        output = result.reshape(1, output.dims, output.size.p);
    }

    //! Checks a face and writes it to the plane as gray 0..1.
    void loadFace(const Mat& image, Mat plane)
    {
        CV_CheckEQ(image.size(), FACE_SIZE, "A face must be a canonical crop, see alignFace()");
        CV_CheckDepth(image.depth(), image.depth() == CV_8U || image.depth() == CV_32F, "A face must be 8-bit or 32-bit float");
        CV_Check(image.channels(), image.channels() == 1 || image.channels() == 3, "A face must be gray or BGR");

        Mat gray = image;
        if (image.channels() == 3)
        {
            cvtColor(image, converted, COLOR_BGR2GRAY);
            gray = converted;
        }
        if (gray.depth() == CV_32F && !checkRange(gray, true, 0, -RANGE_TOLERANCE, 1 + RANGE_TOLERANCE))
            CV_Error(Error::StsOutOfRange, "A face of floats must lie in 0..1; found NaN, infinity or another range");
        gray.convertTo(plane, CV_32F, gray.depth() == CV_8U ? 1 / MAX_8U : 1);
    }

    //! Replaces all labels by fair coins, one for each attribute: the same-label prototype is then the target.
    void drawTargets(std::vector<int>& labels) const
    {
        if (!generator.isBlindToLabels())
            CV_Error(Error::StsBadArg, "A random prototype needs a network that is not told the label: expected the inputs image, target_proto only");
        std::random_device secure; // the system's generator
        for (int& label : labels)
            label = int(secure() & unsigned(labelCount(attributes.size()) - 1));
    }

    //! Replaces each LABEL_PREDICT by what the classifiers say, in one batch.
    void predictLabels(std::vector<int>& labels)
    {
        const int count = (int)std::count(labels.begin(), labels.end(), (int)LABEL_PREDICT);
        if (count == 0)
            return;
        resizeBlob(unlabelled, count);
        for (size_t i = 0, row = 0; i < labels.size(); i++)
            if (labels[i] == LABEL_PREDICT)
                blobPlane(faces, (int)i).copyTo(blobPlane(unlabelled, (int)row++));

        std::vector<int> found(count, 0);
        for (size_t k = 0; k < attributes.size(); k++)
        {
            const Mat probability = getClassifier(k).forward(unlabelled);
            for (int row = 0; row < count; row++)
                found[row] |= int(probability.at<float>(row) >= 0.5f) << k;
        }
        for (size_t i = 0, row = 0; i < labels.size(); i++)
            if (labels[i] == LABEL_PREDICT)
                labels[i] = found[row++];
    }

    Generator generator;
    std::vector<Ptr<AttributeClassifier> > classifiers; // by attribute
    Mat faces, unlabelled, converted; // kept from call to call
    std::vector<Mat> outputs;
};

namespace {

Perturber::Impl& checkCreated(const Ptr<Perturber::Impl>& p)
{
    if (!p)
        CV_Error(Error::StsNullPtr, "This Perturber is empty: make one with Perturber::create()");
    return *p;
}

void checkPrototype(int prototype)
{
    CV_Check(prototype, prototype >= PROTOTYPE_SAME && prototype <= PROTOTYPE_RANDOM,
             "The prototype must be a PrototypeChoice");
}

void checkLabel(const Perturber::Impl& impl, int label, bool opposite)
{
    const int labels = labelCount(impl.attributes.size());
    if ((label < 0 || label >= labels) && label != LABEL_PREDICT && label != LABEL_NEUTRAL)
        CV_Error(Error::StsBadArg, format("A label must be 0 to %d or a LabelChoice; found %d", labels - 1, label));
    if (label == LABEL_NEUTRAL && opposite)
        CV_Error(Error::StsBadArg, "A face of LABEL_NEUTRAL has no opposite: choose the same or the neutral prototype, or another label");
}

void checkAttribute(const Perturber::Impl& impl, int attribute)
{
    CV_CheckGE(attribute, 0, "Attributes are counted from 0");
    CV_CheckLT(attribute, (int)impl.attributes.size(), "There are fewer attributes");
}

//! One label for each face.
std::vector<int> spreadLabels(const Perturber::Impl& impl, const std::vector<int>& labels, size_t faces, int prototype)
{
    if (labels.size() != 1 && labels.size() != faces)
        CV_Error(Error::StsUnmatchedSizes, format("Expected one label for all or one for each of %d faces; found %d labels",
                                                  (int)faces, (int)labels.size()));
    for (int label : labels)
        checkLabel(impl, label, prototype == PROTOTYPE_OPPOSITE);
    return labels.size() == faces ? labels : std::vector<int>(faces, labels[0]);
}

//! An output of the network in the depth of its face: 8-bit is rounded.
void storeOutput(const Mat& blob, int row, int depth, OutputArray dst)
{
    blobPlane(blob, row).convertTo(dst, depth, depth == CV_8U ? MAX_8U : 1);
}

} // namespace

Perturber::Perturber() {}

Ptr<Perturber> Perturber::create(const String& model, const String& prototypes, const String& classifier,
                                 int backend_id, int target_id, bool allow_fallback)
{
    const Attribute attribute = { PrototypeBuilder::load(prototypes.empty() ? prototypesFile("gender") : prototypes),
                                  classifier.empty() ? String("gender") : classifier };
    Ptr<Perturber> perturber = makePtr<Perturber>();
    perturber->p = makePtr<Impl>(model.empty() ? String("residual") : model, std::vector<Attribute>(1, attribute), selectDevice(backend_id, target_id, allow_fallback));
    if (!classifier.empty()) // a wrong file is told at once
        perturber->p->getClassifier(0);
    return perturber;
}

Ptr<Perturber> Perturber::createHiding(const std::vector<String>& names, const String& model, int backend_id, int target_id,
                                       bool allow_fallback)
{
    const size_t most = 4; // the prototype of each of their labels is kept
    if (names.empty() || names.size() > most)
        CV_Error(Error::StsBadArg, format("Expected one to %d attributes to hide; found %d", (int)most, (int)names.size()));
    for (size_t i = 0; i < names.size(); i++)
        if (std::find(names.begin(), names.begin() + i, names[i]) != names.begin() + i)
            CV_Error(Error::StsBadArg, format("The attribute '%s' is named twice", names[i].c_str()));
    std::vector<Attribute> attributes;
    for (const String& name : names)
        attributes.push_back({ PrototypeBuilder::load(prototypesFile(name)), name });
    Ptr<Perturber> perturber = makePtr<Perturber>();
    perturber->p = makePtr<Impl>(model.empty() ? shippedModel(names) : model, attributes, selectDevice(backend_id, target_id, allow_fallback));
    return perturber;
}

bool Perturber::empty() const
{
    return p.empty();
}

void Perturber::setStrength(double strength)
{
    const double most = 2;
    if (!(strength > 0 && strength <= most))
        CV_Error(Error::StsOutOfRange, format("The strength must be above 0 and at most %g; found %g", most, strength));
    checkCreated(p).strength = strength;
}

double Perturber::getStrength() const
{
    return checkCreated(p).strength;
}

int Perturber::getAttributeCount() const
{
    return (int)checkCreated(p).attributes.size();
}

Size Perturber::getInputSize() const
{
    checkCreated(p);
    return FACE_SIZE;
}

int Perturber::getBackend() const
{
    return checkCreated(p).device.backend;
}

int Perturber::getTarget() const
{
    return checkCreated(p).device.target;
}

void Perturber::perturb(InputArray _face, OutputArray dst, int label, int prototype)
{
    CV_INSTRUMENT_REGION();
    Impl& impl = checkCreated(p);
    checkPrototype(prototype);
    checkLabel(impl, label, prototype == PROTOTYPE_OPPOSITE);

    const Mat face = _face.getMat();
    const std::vector<Mat>& output = impl.pass(&face, std::vector<int>(1, label), std::vector<int>(1, prototype));
    storeOutput(output[0], 0, face.depth(), dst);
}

void Perturber::perturbAll(InputArray _face, OutputArray same, OutputArray neutral, OutputArray opposite, int label)
{
    CV_INSTRUMENT_REGION();
    Impl& impl = checkCreated(p);
    checkLabel(impl, label, opposite.needed());

    std::vector<int> choices;
    if (same.needed())
        choices.push_back(PROTOTYPE_SAME);
    if (neutral.needed())
        choices.push_back(PROTOTYPE_NEUTRAL);
    if (opposite.needed())
        choices.push_back(PROTOTYPE_OPPOSITE);
    if (choices.empty())
        return;

    const Mat face = _face.getMat();
    const std::vector<Mat>& outputs = impl.pass(&face, std::vector<int>(1, label), choices);
    const _OutputArray* const dst[] = { &same, &neutral, &opposite }; // by PrototypeChoice
    for (size_t i = 0; i < choices.size(); i++)
        storeOutput(outputs[i], 0, face.depth(), *dst[choices[i]]);
}

void Perturber::perturbBatch(InputArrayOfArrays _faces, OutputArrayOfArrays dst, const std::vector<int>& labels, int prototype)
{
    CV_INSTRUMENT_REGION();
    Impl& impl = checkCreated(p);
    checkPrototype(prototype);
    std::vector<Mat> faces;
    _faces.getMatVector(faces);
    const int count = (int)faces.size();
    const std::vector<int> face_labels = spreadLabels(impl, labels, faces.size(), prototype);

    dst.create(count, 1, CV_8U);
    const std::vector<int> choice(1, prototype);
    for (int first = 0; first < count; first += MAX_FACES_PER_PASS)
    {
        const int last = std::min(first + MAX_FACES_PER_PASS, count);
        const std::vector<int> pass_labels(face_labels.begin() + first, face_labels.begin() + last);
        const std::vector<Mat>& output = impl.pass(&faces[first], pass_labels, choice);
        for (int i = first; i < last; i++)
        {
            dst.create(FACE_SIZE, CV_MAKETYPE(faces[i].depth(), 1), i);
            storeOutput(output[0], i - first, faces[i].depth(), dst.getMat(i));
        }
    }
}

void Perturber::perturbFaces(InputArray _image, InputArray _faces, OutputArray dst, const std::vector<int>& labels,
                             int prototype, bool gray)
{
    CV_INSTRUMENT_REGION();
    checkCreated(p);
    Mat image = _image.getMat();
    CV_Assert(!image.empty());
    const Mat faces = _faces.getMat();
    if (!faces.empty())
        CV_Check(faces.cols, faces.cols == 15 && faces.type() == CV_32F, "Faces must be rows of FaceDetector::detect()");

    if (gray && image.channels() == 3)
    {
        Mat converted;
        cvtColor(image, converted, COLOR_BGR2GRAY);
        image = converted;
    }

    // Every crop comes from the unperturbed image: faces that overlap do not perturb each other.
    const double white = image.depth() == CV_8U ? MAX_8U : image.depth() == CV_16U ? MAX_16U : 1;
    std::vector<Mat> crops(faces.rows), perturbed;
    for (int i = 0; i < faces.rows; i++)
    {
        alignFace(image, faces.row(i), crops[i], FACE_SIZE);
        crops[i].convertTo(crops[i], CV_32F, 1 / white);
    }
    if (!crops.empty())
        perturbBatch(crops, perturbed, labels, prototype);

    image.copyTo(dst);
    Mat result = dst.getMat();
    for (int i = 0; i < faces.rows; i++)
        blendFace(result, crops[i], perturbed[i], faces.row(i));
}

double Perturber::predict(InputArray face, int attribute)
{
    CV_INSTRUMENT_REGION();
    Impl& impl = checkCreated(p);
    checkAttribute(impl, attribute);
    return impl.predict(face.getMat(), attribute);
}

Ptr<PrototypeBuilder> Perturber::getPrototypes(int attribute) const
{
    const Impl& impl = checkCreated(p);
    checkAttribute(impl, attribute);
    return impl.attributes[(size_t)attribute].prototypes;
}

}} // namespace cv::sanprivacy
