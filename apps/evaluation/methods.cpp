// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#include "evaluation/methods.hpp"

#include "commands/commands.hpp"
#include "common/atomic_file.hpp"
#include "common/digest.hpp"
#include "common/image_io.hpp"
#include "evaluation/face_mesh.hpp"


#include <algorithm>
#include <functional>

#include <opencv2/imgproc.hpp>

namespace fs = std::filesystem;
using namespace cv::sanprivacy;

namespace sanprivacy { namespace apps {

namespace {

//! A perturbing network, any of its outputs.
class SemiAdversarialNetwork : public Method
{
public:
    /** @param hidden what the perturber hides
    @param measured the attribute whose label the faces have */
    SemiAdversarialNetwork(const cv::Ptr<Perturber>& perturber, PrototypeChoice prototype, const std::vector<std::string>& hidden,
                           const std::string& measured)
        : perturber_(perturber), prototype_(prototype),
          measured_(hidden.size() == 1 ? 0 : size_t(std::find(hidden.begin(), hidden.end(), measured) - hidden.begin())) {}

    cv::Mat perturb(const cv::Mat& image, const EvaluatedFace& face) override
    {
        cv::Mat perturbed;
        const bool random = prototype_ == PROTOTYPE_RANDOM;
        if (perturber_->getAttributeCount() == 1)
            perturber_->perturbFaces(image, face.face, perturbed, { face.label },
                                     !random ? prototype_ : drawn(face) ? PROTOTYPE_OPPOSITE : PROTOTYPE_SAME);
        else // a network that is not told the label: a label that is drawn is as good as a target
            perturber_->perturbFaces(image, face.face, perturbed, { random ? drawn(face) : labelOf(image, face) },
                                     random ? PROTOTYPE_SAME : prototype_);
        return perturbed;
    }

private:
    //! The label that is known; those of other attributes are predicted.
    int labelOf(const cv::Mat& image, const EvaluatedFace& face)
    {
        cv::Mat crop;
        alignFace(image, face.face, crop);
        int label = 0;
        for (size_t k = 0; k < size_t(perturber_->getAttributeCount()); ++k)
            label |= (k == measured_ ? face.label : int(perturber_->predict(crop, int(k)) >= 0.5)) << k;
        return label;
    }

    //! An evaluation can be repeated, so the coins are the image's content and not the perturber's secret generator.
    int drawn(const EvaluatedFace& face) const
    {
        const std::string digits = Digest().add("target").add(face.content).value();
        int bits = 0;
        for (int k = 0; k < perturber_->getAttributeCount(); ++k)
            bits |= (digits[size_t(k)] & 1) << k;
        return bits;
    }

    cv::Ptr<Perturber> perturber_;
    PrototypeChoice prototype_;
    size_t measured_; // which attribute of the perturber; beyond them if it is none of them
};

/** A method that works on the canonical crop. The change returns to the image as a perturbation does, feathered, in
every channel for itself, so that colors change, too. */
class CropMethod : public Method
{
public:
    cv::Mat perturb(const cv::Mat& image, const EvaluatedFace& face) override
    {
        cv::Mat crop;
        alignFace(image, face.face, crop);
        return replaceCrop(image, face, crop, perturbCrop(crop, face));
    }

protected:
    virtual cv::Mat perturbCrop(const cv::Mat& crop, const EvaluatedFace& face) = 0;

    static cv::Mat replaceCrop(const cv::Mat& image, const EvaluatedFace& face, const cv::Mat& crop, const cv::Mat& changed)
    {
        std::vector<cv::Mat> channels, crop_channels, changed_channels;
        cv::split(image, channels);
        cv::split(crop, crop_channels);
        cv::split(changed, changed_channels);
        for (size_t i = 0; i < channels.size(); ++i)
            blendFace(channels[i], crop_channels[i], changed_channels[i], face.face);
        cv::Mat perturbed;
        cv::merge(channels, perturbed);
        return perturbed;
    }
};

class Blur : public CropMethod
{
public:
    explicit Blur(double sigma) : sigma_(sigma) {}

protected:
    cv::Mat perturbCrop(const cv::Mat& crop, const EvaluatedFace&) override
    {
        cv::Mat blurred;
        cv::GaussianBlur(crop, blurred, cv::Size(), sigma_);
        return blurred;
    }

private:
    double sigma_; // pixels of the canonical crop, whose eyes are 90 apart
};

class Pixelation : public CropMethod
{
public:
    explicit Pixelation(double block) : block_(block) {}

protected:
    cv::Mat perturbCrop(const cv::Mat& crop, const EvaluatedFace&) override
    {
        const cv::Size blocks(std::max(1, cvRound(crop.cols / block_)), std::max(1, cvRound(crop.rows / block_)));
        cv::Mat few, pixelated;
        cv::resize(crop, few, blocks, 0, 0, cv::INTER_AREA);
        cv::resize(few, pixelated, crop.size(), 0, 0, cv::INTER_NEAREST);
        return pixelated;
    }

private:
    double block_; // side of a block, pixels of the canonical crop
};

//! A method that borrows from the face of somebody of the other label: always the same one for a face.
class CounterpartMethod : public CropMethod
{
public:
    explicit CounterpartMethod(const EvaluationSet& set) : set_(set)
    {
        for (const EvaluatedFace& face : set.faces)
            by_label_[face.label].push_back(&face);
        if (by_label_[0].empty() || by_label_[1].empty())
            throw std::runtime_error("needs faces of both labels to choose a counterpart from");
    }

    std::string uses(const EvaluatedFace& face) override
    {
        const EvaluatedFace& counterpart = counterpartOf(face);
        return Digest().add(counterpart.content).add(counterpart.face).value();
    }

protected:
    //! The counterpart's canonical crop, in the channels of the given one, and its mesh.
    cv::Mat counterpartCrop(const EvaluatedFace& face, int channels, MeshPoints& points) const
    {
        const EvaluatedFace& counterpart = counterpartOf(face);
        cv::Mat crop;
        alignFace(set_.readImage(counterpart), counterpart.face, crop);
        if (crop.channels() != channels)
            cv::cvtColor(crop, crop, channels == 1 ? cv::COLOR_BGR2GRAY : cv::COLOR_GRAY2BGR);
        points = meshOf(counterpart, crop.size());
        return crop;
    }

    //! Mesh of the canonical crop of a face.
    static MeshPoints meshOf(const EvaluatedFace& face, const cv::Size& size)
    {
        cv::Mat canonical, to_crop, landmarks;
        getCanonicalLandmarks(canonical, size);
        estimateSimilarity(face.face, canonical, to_crop);
        cv::transform(landmarksOf(face.face).reshape(2), landmarks, to_crop);
        return meshPoints(landmarks.reshape(1), size);
    }

private:
    const EvaluatedFace& counterpartOf(const EvaluatedFace& face) const
    {
        const std::vector<const EvaluatedFace*>& others = by_label_[1 - face.label];
        const std::string digest = Digest().add(face.file).value();
        size_t number = 0;
        std::copy_n(digest.begin(), sizeof(number), reinterpret_cast<char*>(&number));
        return *others[number % others.size()];
    }

    const EvaluationSet& set_;
    std::vector<const EvaluatedFace*> by_label_[2];
};

/** Face mixing: Othman and Ross, Privacy of Facial Soft Biometrics: Suppressing Gender But Retaining Identity, 2014.
Shape and texture of the face move towards those of a face of the other gender. */
class Mixing : public CounterpartMethod
{
public:
    Mixing(const EvaluationSet& set, double degree) : CounterpartMethod(set), degree_(degree) {}

protected:
    cv::Mat perturbCrop(const cv::Mat& crop, const EvaluatedFace& face) override
    {
        MeshPoints own = meshOf(face, crop.size()), other, mixed(own.size());
        const cv::Mat counterpart = counterpartCrop(face, crop.channels(), other);
        for (size_t i = 0; i < own.size(); ++i)
            mixed[i] = own[i] * (1 - degree_) + other[i] * degree_;
        const std::vector<cv::Vec3i> triangles = triangulate(mixed, crop.size());
        cv::Mat result;
        cv::addWeighted(warpMesh(crop, own, mixed, triangles), 1 - degree_,
                        warpMesh(counterpart, other, mixed, triangles), degree_, 0, result);
        return result;
    }

private:
    double degree_; // share of the counterpart
};

/** Classifier-specific search: Mirjalili and Ross, Soft Biometric Privacy: Retaining Biometric Utility of Face Images
while Perturbing Gender, 2017. Without gradients: triangle by triangle the face approaches one of the other gender. Every
step takes the triangle that costs the given classifier most, among those that the given matcher bears. */
class Search : public CounterpartMethod
{
public:
    Search(const EvaluationSet& set, const SearchNetworks& networks) : CounterpartMethod(set), networks_(networks) {}

    cv::Mat perturb(const cv::Mat& image, const EvaluatedFace& face) override
    {
        const cv::Mat descriptor = forward(*networks_.matcher, image, face);
        const std::vector<cv::Mat> changes = triangleChanges(image, face);
        std::vector<int> steps(changes.size(), 0);
        cv::Mat best = image;
        double probability = trueProbability(best, face);

        // What a further step of each triangle would take from the probability. Such gains mostly shrink as the face
        // changes, so one that is known to be less than another's present gain need not be computed again.
        std::vector<double> gains(changes.size(), 1);
        std::vector<cv::Mat> tried(changes.size()); // empty: the gain is from before the last change
        while (probability > SURE_ENOUGH)
        {
            const size_t t = size_t(std::max_element(gains.begin(), gains.end()) - gains.begin());
            if (gains[t] <= 0)
                break;
            if (tried[t].empty())
            {
                ++steps[t];
                tried[t] = apply(image, changes, steps);
                --steps[t];
                gains[t] = probability - trueProbability(tried[t], face);
            }
            else if (networks_.matcher->match(descriptor, forward(*networks_.matcher, tried[t], face)) < networks_.match_threshold)
                gains[t] = 0; // this triangle stays as it is
            else
            {
                best = tried[t];
                probability -= gains[t];
                if (++steps[t] == STEPS)
                    gains[t] = 0;
                tried.assign(tried.size(), cv::Mat());
            }
        }
        return best;
    }

protected:
    cv::Mat perturbCrop(const cv::Mat& crop, const EvaluatedFace&) override { return crop; } // perturb() does it all

private:
    static constexpr int STEPS = 3;              // from the own texture of a triangle to the counterpart's
    static constexpr double SURE_ENOUGH = 0.25;  // probability of the true label: not just across the boundary
    static constexpr double SOFT_EDGE = 3;       // blur of a triangle's mask, pixels of the crop

    static cv::Mat forward(FaceNetwork& network, const cv::Mat& image, const EvaluatedFace& face)
    {
        cv::Mat crop, output;
        network.crop(image, face.face, crop);
        network.forward(std::vector<cv::Mat>(1, crop), output);
        return output;
    }

    double trueProbability(const cv::Mat& image, const EvaluatedFace& face)
    {
        const double probability = forward(*networks_.classifier, image, face).at<float>(0);
        return face.label == 1 ? probability : 1 - probability;
    }

    //! What changes in the image where a triangle takes the counterpart's texture.
    std::vector<cv::Mat> triangleChanges(const cv::Mat& image, const EvaluatedFace& face)
    {
        cv::Mat crop;
        alignFace(image, face.face, crop);
        MeshPoints other;
        const MeshPoints own = meshOf(face, crop.size());
        const cv::Mat counterpart = counterpartCrop(face, crop.channels(), other);
        const std::vector<cv::Vec3i> triangles = triangulate(own, crop.size());
        const cv::Mat warped = warpMesh(counterpart, other, own, triangles);
        const cv::Mat1i map = triangleMap(own, triangles, crop.size());

        cv::Mat own_texture, other_texture;
        crop.convertTo(own_texture, CV_32F, 1. / 255);
        warped.convertTo(other_texture, CV_32F, 1. / 255);
        std::vector<cv::Mat> changes;
        for (size_t t = 0; t < triangles.size(); ++t)
        {
            cv::Mat mask;
            cv::Mat(map == int(t)).convertTo(mask, CV_32F, 1. / 255);
            cv::GaussianBlur(mask, mask, cv::Size(), SOFT_EDGE);
            if (crop.channels() == 3)
                cv::merge(std::vector<cv::Mat>(3, mask), mask);
            const cv::Mat mixed = own_texture + mask.mul(other_texture - own_texture);
            const cv::Mat nothing = cv::Mat::zeros(image.size(), CV_MAKETYPE(CV_32F, image.channels()));
            changes.push_back(replaceCrop(nothing, face, own_texture, mixed));
        }
        return changes;
    }

    static cv::Mat apply(const cv::Mat& image, const std::vector<cv::Mat>& changes, const std::vector<int>& steps)
    {
        cv::Mat sum, result;
        image.convertTo(sum, CV_32F, 1. / 255);
        for (size_t t = 0; t < changes.size(); ++t)
            if (steps[t] > 0)
                cv::scaleAdd(changes[t], double(steps[t]) / STEPS, sum, sum);
        sum.convertTo(result, CV_8U, 255);
        return result;
    }

    SearchNetworks networks_;
};

//! Images that were perturbed elsewhere, under the names and sizes of the originals.
class Folder : public Method
{
public:
    Folder(const fs::path& folder, const EvaluationSet& set) : folder_(folder), set_(set) {}

    cv::Mat perturb(const cv::Mat& image, const EvaluatedFace& face) override
    {
        EvaluatedFace elsewhere = face;
        elsewhere.path = find(face);
        cv::Mat perturbed = set_.readImage(elsewhere);
        if (perturbed.size() != image.size())
            throw std::runtime_error(cv::format("%s is %dx%d, its original %dx%d", elsewhere.path.c_str(), perturbed.cols,
                                                perturbed.rows, image.cols, image.rows));
        if (perturbed.channels() != image.channels())
            cv::cvtColor(perturbed, perturbed, image.channels() == 1 ? cv::COLOR_BGR2GRAY : cv::COLOR_GRAY2BGR);
        return perturbed;
    }

    std::string uses(const EvaluatedFace& face) override { return Digest().add(cv::Mat(readFile(find(face)))).value(); }
    bool isComputed() const override { return false; }

private:
    //! A file of the listed path or of the bare name, perhaps as PNG.
    fs::path find(const EvaluatedFace& face) const
    {
        const fs::path listed = folder_ / face.file, bare = folder_ / fs::path(face.file).filename();
        for (fs::path file : { listed, bare, fs::path(listed).replace_extension(".png"), fs::path(bare).replace_extension(".png") })
            if (fs::exists(file))
                return file;
        throw std::runtime_error("no such image in " + folder_.string());
    }

    fs::path folder_;
    const EvaluationSet& set_;
};

const std::vector<std::string> SAN_OUTPUTS = { "same", "neutral", "opposite" },            // what "san" stands for
                               PROTOTYPES = { "same", "neutral", "opposite", "random" }; // in the order of PrototypeChoice

struct NumberedMethod
{
    const char* kind;
    double usual, least, most;
};

const NumberedMethod NUMBERED_METHODS[] = {
    { "blur",       6.0, 0.1, 100 }, // sigma in pixels of the canonical crop
    { "pixelation", 10,  1,   112 }, // side of a block there
    { "mixing",     0.5, 0,   1 }    // share of the counterpart
};

double numberIn(const NumberedMethod& method, const std::string& value)
{
    size_t used = 0;
    double number = NAN;
    try
    {
        number = std::stod(value, &used);
    }
    catch (const std::logic_error&)
    {
        // no number at all: reported below
    }
    if (used != value.size() || !(number >= method.least && number <= method.most))
        throw UsageError(cv::format("--methods: %s takes a number from %g to %g, found '%s'", method.kind, method.least,
                                    method.most, value.c_str()));
    return number;
}

MethodName parseMethod(const std::string& kind, const std::string& value)
{
    if (std::count(PROTOTYPES.begin(), PROTOTYPES.end(), kind))
    {
        const std::vector<std::string>& shipped = shippedModels();
        if (!value.empty() && !std::count(shipped.begin(), shipped.end(), value) && !fs::is_regular_file(value))
            throw UsageError("--methods: " + kind + ": neither a file nor a shipped network: '" + value + "'");
        return { kind, value, value.empty() ? kind : kind + " (" + fs::path(value).stem().string() + ")" };
    }
    for (const NumberedMethod& method : NUMBERED_METHODS)
        if (kind == method.kind)
        {
            const double number = value.empty() ? method.usual : numberIn(method, value);
            return { kind, std::to_string(number), cv::format("%s %g", method.kind, number) };
        }
    if (kind == "search")
        return { kind, value, value.empty() ? kind : kind + " (" + value + ")" };
    if (kind == "folder")
    {
        if (!fs::is_directory(value))
            throw UsageError("--methods: no such folder: '" + value + "'");
        return { kind, value, folderName(value) };
    }
    throw UsageError("--methods: '" + kind + "' is none of san, same, neutral, opposite, random, blur, pixelation, mixing, search, folder=DIR");
}

} // namespace

std::vector<MethodName> parseMethods(const std::vector<std::string>& texts)
{
    std::vector<MethodName> methods;
    for (const std::string& text : texts)
    {
        const size_t equals = text.find('=');
        const std::string kind = text.substr(0, equals), value = equals == std::string::npos ? "" : text.substr(equals + 1);
        for (const std::string& each : kind == "san" ? SAN_OUTPUTS : std::vector<std::string>{ kind })
            methods.push_back(parseMethod(each, value));
    }
    for (size_t i = 0; i < methods.size(); ++i)
        for (size_t j = 0; j < i; ++j)
            if (methods[i].title == methods[j].title)
                throw UsageError("--methods: two are called '" + methods[i].title + "'");
    return methods;
}

std::unique_ptr<Method> createMethod(const MethodName& name, MethodContext& context)
{
    if (name.kind == "blur")
        return std::make_unique<Blur>(std::stod(name.value));
    if (name.kind == "pixelation")
        return std::make_unique<Pixelation>(std::stod(name.value));
    if (name.kind == "mixing")
        return std::make_unique<Mixing>(*context.set, std::stod(name.value));
    if (name.kind == "search")
        return std::make_unique<Search>(*context.set, context.searches.at(name.value));
    if (name.kind == "folder")
        return std::make_unique<Folder>(name.value, *context.set);

    cv::Ptr<Perturber>& perturber = context.perturbers[name.value];
    if (!perturber)
    {
        NetworkOptions networks = context.networks;
        if (!name.value.empty())
            networks.model = name.value;
        perturber = networks.createPerturber();
    }
    const auto prototype = std::find(PROTOTYPES.begin(), PROTOTYPES.end(), name.kind);
    return std::make_unique<SemiAdversarialNetwork>(perturber, PrototypeChoice(prototype - PROTOTYPES.begin()), context.networks.hidden(),
                                                    context.set->attribute);
}

}} // namespace sanprivacy::apps
