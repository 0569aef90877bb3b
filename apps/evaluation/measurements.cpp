// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#include "evaluation/measurements.hpp"

#include "common/atomic_file.hpp"
#include "common/digest.hpp"
#include "common/message.hpp"
#include "common/progress.hpp"
#include "common/workers.hpp"

#include <algorithm>
#include <cmath>
#include <mutex>

#include <opencv2/imgproc.hpp>
#ifdef HAVE_OPENCV_QUALITY
#include <opencv2/quality/qualityssim.hpp>
#endif

using namespace cv::sanprivacy;

namespace sanprivacy { namespace apps {

namespace {

/** An image that is no photograph, with the landmarks of a face: what a network or a method makes of it goes into the
keys of the cache, so that another file, option or version of the program is another key. */
struct Probe
{
    cv::Mat image;
    EvaluatedFace face;

    explicit Probe(int label)
    {
        const cv::Size size(320, 320);
        const cv::Point2f crop_corner(48, 48); // of the canonical crop
        cv::RNG rng(1);
        image.create(size, CV_8UC3);
        rng.fill(image, cv::RNG::UNIFORM, 0, 256);
        const double smooth = 4;
        cv::GaussianBlur(image, image, cv::Size(), smooth);
        cv::normalize(image, image, 0, 255, cv::NORM_MINMAX);

        cv::Mat1f landmarks;
        getCanonicalLandmarks(landmarks);
        landmarks.col(0) += crop_corner.x;
        landmarks.col(1) += crop_corner.y;
        face.file = "probe";
        face.label = label;
        face.face = (cv::Mat_<float>(1, 15) << crop_corner.x, crop_corner.y, 224, 224, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1);
        cv::Mat(landmarks).reshape(1, 1).copyTo(face.face.colRange(4, 14));
    }
};

std::vector<float> forward(FaceNetwork& network, const cv::Mat& image, const cv::Mat& face, bool average_flips)
{
    cv::Mat crop, mirrored, output, mirrored_output;
    network.crop(image, face, crop);
    network.forward(std::vector<cv::Mat>(1, crop), output);
    if (average_flips)
    {
        cv::flip(crop, mirrored, 1);
        network.forward(std::vector<cv::Mat>(1, mirrored), mirrored_output);
        output = (output + mirrored_output) / 2;
    }
    if (!cv::checkRange(output))
        throw std::runtime_error("the output is not finite");
    return cv::Mat_<float>(output.reshape(1, 1));
}

std::string keyOf(FaceNetwork& network)
{
    const Probe probe(1);
    const ModelDescription description = network.getDescription();
    return Digest().add(cv::Mat(readFile(description.file.c_str())))
        .add(cv::Mat(forward(network, probe.image, probe.face.face, false))).value();
}

std::string keyOf(const Attacker& attacker)
{
    return Digest().add(attacker.process(Probe(1).image)).add(attacker.averages_flips ? "flips" : "").value();
}

std::string keyOf(const MethodName& name, Method& method)
{
    Digest digest;
    digest.add(name.kind).add(name.value);
    if (method.isComputed())
        for (int label : { 0, 1 })
        {
            const Probe probe(label);
            digest.add(method.perturb(probe.image, probe.face));
        }
    return digest.value();
}

cv::Mat grayCrop(const cv::Mat& image, const cv::Mat& face)
{
    cv::Mat crop;
    alignFace(image, face, crop);
    if (crop.channels() == 3)
        cv::cvtColor(crop, crop, cv::COLOR_BGR2GRAY);
    return crop;
}

} // namespace

bool isSsimMeasured()
{
#ifdef HAVE_OPENCV_QUALITY
    return true;
#else
    return false;
#endif
}

//! All measurements of one face under one method.
class Measurer::Sitting
{
public:
    Sitting(const Measurer& measurer, const Worker& worker, Method* method, const EvaluatedFace& face)
        : measurer_(measurer), worker_(worker), method_(method), face_(face) {}

    std::vector<float> output(size_t network, size_t attacker)
    {
        const Attacker& attack = measurer_.attackers_[attacker];
        if (attacked_.size() <= attacker)
            attacked_.resize(attacker + 1);
        if (attacked_[attacker].empty())
            attacked_[attacker] = attack.process(perturbed());
        return forward(*worker_.networks[network], attacked_[attacker], face_.face, attack.averages_flips);
    }

    //! Detected (0 or 1), PSNR, SSIM.
    std::vector<float> appearance()
    {
        const cv::Mat landmarks = landmarksOf(face_.face);
        const bool detected = !findFace(*worker_.detector, perturbed(), landmarks).empty();
        const cv::Mat before = grayCrop(original(), face_.face), after = grayCrop(perturbed(), face_.face);
#ifdef HAVE_OPENCV_QUALITY
        const double ssim = cv::quality::QualitySSIM::compute(before, after, cv::noArray())[0];
#else
        const double ssim = NAN;
#endif
        return { detected ? 1.f : 0.f, float(cv::PSNR(before, after)), float(ssim) };
    }

private:
    const cv::Mat& original()
    {
        if (original_.empty())
            original_ = measurer_.set_.readImage(face_);
        return original_;
    }

    const cv::Mat& perturbed()
    {
        if (perturbed_.empty())
            perturbed_ = method_ ? method_->perturb(original(), face_) : original();
        return perturbed_;
    }

    const Measurer& measurer_;
    const Worker& worker_;
    Method* method_;
    const EvaluatedFace& face_;
    cv::Mat original_, perturbed_;
    std::vector<cv::Mat> attacked_; // by attacker
};

Measurer::Measurer(const EvaluationSet& set, const std::vector<ModelDescription>& networks,
                   const std::vector<Attacker>& attackers, const DetectorFactory& createDetector, ResultCache& cache,
                   Diagnostics& diagnostics)
    : set_(set), attackers_(attackers), cache_(cache), diagnostics_(diagnostics), workers_(workerCount())
{
    for (const ModelDescription& description : networks)
        try
        {
            std::vector<cv::Ptr<FaceNetwork>> copies;
            for (size_t worker = 0; worker < workers_.size(); ++worker)
                copies.push_back(FaceNetwork::create(description));
            network_keys_.push_back(keyOf(*copies[0]));
            networks_.push_back(description);
            for (size_t worker = 0; worker < workers_.size(); ++worker)
                workers_[worker].networks.push_back(copies[worker]);
        }
        catch (const std::exception& error)
        {
            diagnostics.fail("network " + description.name, message(error));
        }
    for (const Attacker& attacker : attackers)
        attacker_keys_.push_back(keyOf(attacker));
    for (Worker& worker : workers_)
        worker.detector = createDetector();
    const EvaluatedFace& first = set.faces.front(); // a real face shows which detector it is
    detector_key_ = Digest().add(findFace(*workers_[0].detector, set.readImage(first), cv::Mat())).value();
}

cv::Ptr<FaceNetwork> Measurer::network(size_t worker, const std::string& name) const
{
    for (size_t i = 0; i < networks_.size(); ++i)
        if (networks_[i].name == name)
            return workers_[worker].networks[i];
    throw std::runtime_error("no network '" + name + "' that runs");
}

Measured Measurer::measureOriginals()
{
    return measureAll("original", std::string(), std::vector<Method*>(workers_.size(), nullptr));
}

Measured Measurer::measure(const MethodName& name, std::vector<MethodContext>& contexts)
{
    std::vector<std::unique_ptr<Method>> methods;
    std::vector<Method*> pointers;
    for (MethodContext& context : contexts)
    {
        methods.push_back(createMethod(name, context));
        pointers.push_back(methods.back().get());
    }
    return measureAll(name.title, keyOf(name, *methods[0]), pointers);
}

Measured Measurer::measureAll(const std::string& title, const std::string& method_key, const std::vector<Method*>& methods)
{
    Measured measured;
    measured.title = title;
    measured.appearances.resize(set_.faces.size());
    for (const ModelDescription& network : networks_)
        measured.outputs.emplace_back(network.task == NETWORK_CLASSIFIER ? attackers_.size() : 1, Outputs(set_.faces.size()));
    std::vector<std::string> face_keys(set_.faces.size());

    Progress progress("Measuring " + title, set_.faces.size());
    const size_t done = forEach(set_.faces.size(), [&](size_t worker, size_t i)
    {
        const EvaluatedFace& face = set_.faces[i];
        try
        {
            Digest face_digest;
            face_digest.add(face.content).add(face.face).add(std::to_string(face.label)).add(method_key);
            if (methods[worker])
                face_digest.add(methods[worker]->uses(face));
            face_keys[i] = face_digest.value();
            Sitting sitting(*this, workers_[worker], methods[worker], face);

            std::vector<float> appearance;
            const std::string appearance_key = Digest().add("appearance").add(face_keys[i]).add(detector_key_).value();
            if (!cache_.find(appearance_key, appearance))
            {
                appearance = sitting.appearance();
                cache_.store(appearance_key, appearance);
            }
            measured.appearances[i] = { true, appearance.at(0) != 0, appearance.at(1), appearance.at(2) };

            for (size_t network = 0; network < networks_.size(); ++network)
                for (size_t attacker = 0; attacker < measured.outputs[network].size(); ++attacker)
                {
                    std::vector<float>& output = measured.outputs[network][attacker][i];
                    const std::string key = Digest().add("output").add(face_keys[i]).add(network_keys_[network])
                                                    .add(attacker_keys_[attacker]).value();
                    if (!cache_.find(key, output))
                    {
                        output = sitting.output(network, attacker);
                        cache_.store(key, output);
                    }
                }
        }
        catch (const std::exception& error)
        {
            for (auto& by_attacker : measured.outputs)
                for (Outputs& outputs : by_attacker)
                    outputs[i].clear();
            measured.appearances[i] = Appearance();
            diagnostics_.fail(face.file + " (" + title + ")", message(error));
        }
        progress.step();
    });
    if (done < set_.faces.size())
        throw Interrupted("interrupted; what was measured is kept for the next run");

    Digest all;
    for (size_t i = 0; i < face_keys.size(); ++i)
        all.add(face_keys[i]).add(std::to_string(set_.faces[i].person));
    for (const std::string& key : network_keys_)
        all.add(key);
    measured.digest = all.value();
    return measured;
}

}} // namespace sanprivacy::apps
