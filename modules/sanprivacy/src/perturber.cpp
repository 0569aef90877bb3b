// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#include "precomp.hpp"
#include "perturber_impl.hpp"
#include "aligned_face.hpp"
#include "brightness.hpp"
#include "data_path.hpp"
#include "image_depth.hpp"
#include "image_perturbation.hpp"
#include "matrix_argument.hpp"

#include <algorithm>

namespace cv { namespace sanprivacy {

namespace {

const size_t MAX_ATTRIBUTES = 4; // the prototype of each of their labels is kept
const char* const GENERATOR_ROLE = "network that perturbs faces";
const char* const CLASSIFIER_ROLE = "attribute classifier";

//! The prototypes in the data folder.
String prototypesFile(const String& attribute)
{
    return findDataFile("prototypes-" + attribute + ".yml.gz");
}

//! The shipped network that hides some attributes.
String shippedModel(const std::vector<String>& attributes)
{
    const std::vector<String> known = { "gender", "age" };
    for (const String& attribute : attributes)
        if (std::find(known.begin(), known.end(), attribute) == known.end())
            CV_Error(Error::StsBadArg,
                format("No shipped network hides '%s': expected gender or age, or a model of your own",
                    attribute.c_str()));
    return attributes.size() == 1 && attributes[0] == known[0] ? "residual" : "residual-gender-age";
}

void checkAttributes(const PerturberParams& params)
{
    const std::vector<String>& names = params.attributes;
    if (names.empty() || names.size() > MAX_ATTRIBUTES)
        CV_Error(Error::StsBadArg,
            format("Expected one to %d attributes to hide; found %d", (int)MAX_ATTRIBUTES, (int)names.size()));
    for (size_t i = 0; i < names.size(); ++i)
        if (std::find(names.begin(), names.begin() + i, names[i]) != names.begin() + i)
            CV_Error(Error::StsBadArg, format("The attribute '%s' is named twice", names[i].c_str()));
    // With other prototypes these networks leave a face nearly as it is.
    const bool for_gender_only = params.model == "residual" || params.model == "san2018";
    if (for_gender_only && params.prototypes.empty() && std::count(names.begin(), names.end(), "age") > 0)
        CV_Error(Error::StsBadArg,
            format("The network '%s' hides gender only; residual-gender-age hides age, too", params.model.c_str()));
    if (names.size() > 1 && !(params.prototypes.empty() && params.classifier.empty()))
        CV_Error(Error::StsBadArg,
            format("Prototypes and classifier can be named for one attribute only; found %d attributes",
                (int)names.size()));
}

//! Raises an error where the one face has no output.
void checkPerturbed(const std::vector<String>& wrong)
{
    if (!wrong[0].empty())
        CV_Error(Error::StsOutOfRange, wrong[0]);
}

//! An output of the network in the depth of its face: 8-bit is rounded.
void storeOutput(const Mat& output, int depth, OutputArray dst)
{
    output.convertTo(dst, depth, whiteLevel(depth));
}

} // namespace

PerturberParams::PerturberParams(const std::vector<String>& attributes_, const String& model_,
    const String& prototypes_, const String& classifier_, int backend_id_, int target_id_, bool allow_fallback_)
    : attributes(attributes_), model(model_), prototypes(prototypes_), classifier(classifier_), backend_id(backend_id_),
      target_id(target_id_), allow_fallback(allow_fallback_)
{
    if (attributes.empty())
        attributes.push_back("gender");
}

PerturbParams::PerturbParams(PrototypeChoice prototype_, int label_, bool gray_)
    : prototype(prototype_), label(label_), gray(gray_)
{
}

FaceResult::FaceResult() : status(FACE_WRONG_LANDMARKS), label(LABEL_PREDICT)
{
}

Perturber::Perturber()
{
}

Ptr<Perturber> Perturber::create(const PerturberParams& params)
{
    checkAttributes(params);
    std::vector<Attribute> attributes;
    for (const String& name : params.attributes)
    {
        const Ptr<PrototypeBuilder> prototypes =
            PrototypeBuilder::load(params.prototypes.empty() ? prototypesFile(name) : params.prototypes);
        const Attribute attribute = { name, prototypes, params.classifier, Ptr<AttributeClassifier>(),
            Ptr<GenderNetwork>() };
        attributes.push_back(attribute);
    }
    const DnnDevice device = selectDevice(params.backend_id, params.target_id, params.allow_fallback);
    const String file = networkFile(params.model.empty() ? shippedModel(params.attributes) : params.model);
    Ptr<Perturber> perturber = makePtr<Perturber>();
    perturber->p = makePtr<Impl>(readOnnx(file, GENERATOR_ROLE, device), file, attributes, device);
    if (!params.classifier.empty()) // a wrong file is reported at once
        perturber->p->getClassifier(0);
    return perturber;
}

Ptr<Perturber> Perturber::create(const std::vector<uchar>& model, const std::vector<uchar>& prototypes,
    const std::vector<uchar>& classifier, int backend_id, int target_id, bool allow_fallback)
{
    const DnnDevice device = selectDevice(backend_id, target_id, allow_fallback);
    const String name = PerturberParams().attributes[0], buffer = "the given buffer";
    Attribute attribute = { name,
        prototypes.empty() ? PrototypeBuilder::load(prototypesFile(name)) : PrototypeBuilder::load(prototypes),
        classifier.empty() ? String() : buffer, Ptr<AttributeClassifier>(), Ptr<GenderNetwork>() };
    if (!classifier.empty())
        attribute.classifier = makePtr<AttributeClassifier>(readOnnx(classifier, CLASSIFIER_ROLE, device), buffer);
    Ptr<Perturber> perturber = makePtr<Perturber>();
    perturber->p =
        makePtr<Impl>(readOnnx(model, GENERATOR_ROLE, device), buffer, std::vector<Attribute>(1, attribute), device);
    return perturber;
}

bool Perturber::empty() const
{
    return p.empty();
}

std::vector<String> Perturber::getAttributes() const
{
    std::vector<String> names;
    for (const Attribute& attribute : checkCreated(p).attributes)
        names.push_back(attribute.name);
    return names;
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

void Perturber::perturb(InputArray _face, OutputArray dst, const PerturbParams& params)
{
    CV_INSTRUMENT_REGION();
    Impl& impl = checkCreated(p);
    const Mat face = matrixArgument(_face, "A face");
    std::vector<int> label = impl.labelsOf(params, std::vector<int>(), 1);
    std::vector<String> wrong;
    std::lock_guard<std::mutex> lock(impl.mutex);
    const std::vector<Mat>& output = impl.pass(&face, label, std::vector<int>(1, params.prototype), wrong);
    checkPerturbed(wrong);
    storeOutput(blobPlane(output[0], 0), face.depth(), dst);
}

void Perturber::perturbAll(InputArray _face, OutputArray same, OutputArray neutral, OutputArray opposite, int label)
{
    CV_INSTRUMENT_REGION();
    Impl& impl = checkCreated(p);
    const Mat face = matrixArgument(_face, "A face");
    impl.checkLabel(label, opposite.needed());

    const _OutputArray* const all[] = { &same, &neutral, &opposite };
    std::vector<int> choices;
    std::vector<const _OutputArray*> wanted;
    for (int i = 0; i < 3; ++i)
        if (all[i]->needed())
        {
            choices.push_back(PROTOTYPE_SAME + i);
            wanted.push_back(all[i]);
        }
    if (choices.empty())
        return;

    std::vector<int> labels(1, label);
    std::vector<String> wrong;
    std::lock_guard<std::mutex> lock(impl.mutex);
    const std::vector<Mat>& outputs = impl.pass(&face, labels, choices, wrong);
    checkPerturbed(wrong);
    for (size_t i = 0; i < choices.size(); ++i)
        storeOutput(blobPlane(outputs[i], 0), face.depth(), *wanted[i]);
}

void Perturber::perturbBatch(
    InputArrayOfArrays faces, OutputArrayOfArrays dst, const PerturbParams& params, const std::vector<int>& labels)
{
    std::vector<Mat> perturbed;
    std::vector<FaceResult> results;
    tryPerturbBatch(faces, perturbed, results, params, labels);
    for (size_t i = 0; i < results.size(); ++i)
        if (results[i].status != FACE_PERTURBED)
            CV_Error(Error::StsOutOfRange,
                format("Face %d of %d: %s", (int)i, (int)results.size(), results[i].reason.c_str()));

    dst.create((int)perturbed.size(), 1, CV_8U);
    for (int i = 0; i < (int)perturbed.size(); ++i)
    {
        dst.create(FACE_SIZE, perturbed[i].type(), i);
        perturbed[i].copyTo(dst.getMat(i));
    }
}

bool Perturber::tryPerturbBatch(InputArrayOfArrays _faces, OutputArrayOfArrays dst, std::vector<FaceResult>& results,
    const PerturbParams& params, const std::vector<int>& given_labels)
{
    CV_INSTRUMENT_REGION();
    Impl& impl = checkCreated(p);
    std::vector<Mat> faces, perturbed;
    _faces.getMatVector(faces);
    std::vector<int> labels = impl.labelsOf(params, given_labels, faces.size());
    std::vector<String> wrong;
    {
        std::lock_guard<std::mutex> lock(impl.mutex);
        impl.perturb(faces, std::vector<Mat>(), labels, params.prototype, perturbed, wrong);
    }

    results.clear();
    dst.create((int)faces.size(), 1, CV_8U);
    for (int i = 0; i < (int)faces.size(); ++i)
    {
        results.push_back(networkResult(params, labels[i], wrong[i]));
        const int depth = faces[i].depth();
        const bool perturbs = wrong[i].empty();
        dst.create(perturbs ? FACE_SIZE : Size(), CV_MAKETYPE(depth, 1), i);
        if (perturbs)
            storeOutput(perturbed[i], depth, dst.getMat(i));
    }
    return allPerturbed(results);
}

void Perturber::perturbFaces(
    InputArray image, InputArray faces, OutputArray dst, const PerturbParams& params, const std::vector<int>& labels)
{
    CV_INSTRUMENT_REGION();
    std::vector<FaceResult> results;
    if (perturbImage(checkCreated(p), image, faces, params, labels, true, dst, results))
        return;
    for (size_t i = 0; i < results.size(); ++i)
        if (results[i].status != FACE_PERTURBED)
            CV_Error(results[i].status == FACE_WRONG_LANDMARKS || results[i].status == FACE_TOO_SMALL
                         ? Error::StsBadArg
                         : Error::StsOutOfRange,
                format("Face %d of %d: %s", (int)i, (int)results.size(), results[i].reason.c_str()));
}

bool Perturber::tryPerturbFaces(InputArray image, InputArray faces, OutputArray dst, std::vector<FaceResult>& results,
    const PerturbParams& params, const std::vector<int>& labels)
{
    CV_INSTRUMENT_REGION();
    perturbImage(checkCreated(p), image, faces, params, labels, false, dst, results);
    return allPerturbed(results);
}

double Perturber::predict(InputArray _face, int attribute)
{
    CV_INSTRUMENT_REGION();
    Impl& impl = checkCreated(p);
    const Mat face = matrixArgument(_face, "A face");
    const size_t k = impl.attributeNumber(attribute);
    std::lock_guard<std::mutex> lock(impl.mutex);
    return impl.predict(face, k);
}

double Perturber::predictFace(InputArray _image, InputArray face, int attribute)
{
    CV_INSTRUMENT_REGION();
    Impl& impl = checkCreated(p);
    const Mat image = matrixArgument(_image, "The image");
    checkImage(image);
    const size_t k = impl.attributeNumber(attribute);
    return impl.predict(brightened(image, brightnessGain(image)), readPoints(face), k);
}

Ptr<PrototypeBuilder> Perturber::getPrototypes(int attribute) const
{
    const Impl& impl = checkCreated(p);
    const Ptr<PrototypeBuilder>& prototypes = impl.attributes[impl.attributeNumber(attribute)].prototypes;
    Ptr<PrototypeBuilder> copy = PrototypeBuilder::create(prototypes->getSize());
    copy->merge(prototypes);
    return copy;
}

}} // namespace cv::sanprivacy
