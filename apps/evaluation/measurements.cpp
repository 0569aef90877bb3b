// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#include "evaluation/measurements.hpp"

#include "common/digest.hpp"
#include "common/message.hpp"
#include "common/progress.hpp"
#include "common/workers.hpp"
#include "evaluation/cache_keys.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <mutex>

#include <opencv2/imgproc.hpp>
#include <opencv2/objdetect.hpp>
#ifdef HAVE_OPENCV_QUALITY
#include <opencv2/quality/qualityssim.hpp>
#endif

using namespace cv::sanprivacy;

namespace sanprivacy { namespace apps {

namespace {

//! Faces whose crops wait for a network together, so that it runs on several at once; images are not kept so long.
const size_t MOST_FACES_PER_PASS = 16;

std::string keyOf(const ImageAttacker& attacker)
{
    return Digest().add(attacker.name).add(attacker.averages_flips ? "flips" : "").value();
}

std::string keyOf(const MethodName& name, Method& method)
{
    return Digest().add(programKey()).add(name.kind).add(name.value).add(method.key()).value();
}

cv::Mat grayCrop(const cv::Mat& image, const cv::Mat& face)
{
    cv::Mat crop;
    alignFace(image, face, crop);
    if (crop.channels() == 3)
        cv::cvtColor(crop, crop, cv::COLOR_BGR2GRAY);
    return crop;
}

//! A row of outputs for each crop.
cv::Mat forward(FaceNetwork& network, const std::vector<cv::Mat>& crops, bool average_flips)
{
    cv::Mat outputs, of_mirrored;
    network.forward(crops, outputs);
    if (average_flips)
    {
        std::vector<cv::Mat> mirrored(crops.size());
        for (size_t i = 0; i < crops.size(); ++i)
            cv::flip(crops[i], mirrored[i], 1);
        network.forward(mirrored, of_mirrored);
        outputs = (outputs + of_mirrored) / 2;
    }
    if (outputs.rows != int(crops.size()))
        throw std::runtime_error(cv::format("%d answers for %d faces", outputs.rows, int(crops.size())));
    return outputs;
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

//! One face under one method: the image, perturbed and treated as often as somebody asks.
class Measurer::Sitting
{
public:
    Sitting(const Measurer& measurer, const Worker& worker, Method* method, const EvaluatedFace& face)
        : measurer_(measurer), worker_(worker), method_(method), face_(face)
    {
    }

    cv::Mat crop(size_t network, size_t attacker)
    {
        cv::Mat crop;
        worker_.networks[network]->crop(attacked(attacker), face_.face, crop);
        return crop;
    }

    //! Histograms of oriented gradients of the aligned face.
    std::vector<float> gradients(size_t attacker)
    {
        const cv::Size size(128, 128), block(32, 32), cell(16, 16);
        const int orientations = 9;
        cv::Mat crop;
        cv::resize(grayCrop(attacked(attacker), face_.face), crop, size, 0, 0, cv::INTER_AREA);
        std::vector<float> histograms;
        cv::HOGDescriptor(size, block, block, cell, orientations).compute(crop, histograms);
        return histograms;
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
    const cv::Mat& attacked(size_t attacker)
    {
        if (attacked_.size() <= attacker)
            attacked_.resize(attacker + 1);
        if (attacked_[attacker].empty())
            attacked_[attacker] = measurer_.attackers_[attacker].process(perturbed(), face_.face);
        return attacked_[attacker];
    }

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

//! Crops that wait for one network, under one attacker.
struct Measurer::Batch
{
    size_t network, attacker;
    std::vector<size_t> faces;
    std::vector<std::string> keys;
    std::vector<cv::Mat> crops;
};

//! What goes wrong between faces and networks, gathered so that a network that never answers takes one line.
class Measurer::NetworkFailures
{
public:
    explicit NetworkFailures(size_t networks) : by_network_(networks) {}

    void add(size_t network, size_t face, const std::string& what)
    {
        std::lock_guard<std::mutex> lock(mutex_);
        by_network_[network].emplace(face, what);
    }

    void report(const Measurer& measurer, const std::string& title) const
    {
        const std::vector<EvaluatedFace>& faces = measurer.set_.faces;
        for (size_t network = 0; network < by_network_.size(); ++network)
        {
            const std::map<size_t, std::string>& failures = by_network_[network];
            const std::string name = "network " + std::string(measurer.networks_[network].name);
            if (failures.size() == faces.size() && faces.size() > 1)
                measurer.diagnostics_.fail(name + " (" + title + ")", "every face: " + failures.begin()->second);
            else
                for (const auto& failure : failures)
                    measurer.diagnostics_.fail(
                        faces[failure.first].file + " (" + title + ")", name + ": " + failure.second);
        }
    }

private:
    std::vector<std::map<size_t, std::string>> by_network_;
    std::mutex mutex_;
};

Measurer::Measurer(const EvaluationSet& set, const std::vector<ModelDescription>& networks, const Attackers& attackers,
    const NetworkOptions& options, ResultCache& cache, Diagnostics& diagnostics)
    : set_(set), attackers_(attackers.images), measures_gradients_(!attackers.adaptive.empty()),
      inner_(attackers.inner()), cache_(cache), diagnostics_(diagnostics), workers_(workerCount())
{
    for (const ModelDescription& description : networks)
        try
        {
            std::vector<cv::Ptr<FaceNetwork>> copies;
            for (size_t worker = 0; worker < workers_.size(); ++worker)
                copies.push_back(options.createNetwork(description));
            network_keys_.push_back(apps::networkKey(description, options.backend));
            networks_.push_back(description);
            for (size_t worker = 0; worker < workers_.size(); ++worker)
                workers_[worker].networks.push_back(copies[worker]);
        }
        catch (const std::exception& error)
        {
            diagnostics.fail("network " + description.name, message(error));
        }
    for (const ImageAttacker& attacker : attackers_)
        attacker_keys_.push_back(keyOf(attacker));
    for (Worker& worker : workers_)
        worker.detector = options.createDetector();
}

size_t Measurer::indexOf(const std::string& network) const
{
    for (size_t i = 0; i < networks_.size(); ++i)
        if (networks_[i].name == network)
            return i;
    throw std::runtime_error("no network '" + network + "' that runs");
}

Measured Measurer::measureOriginals()
{
    return measureAll("original", programKey(), std::vector<Method*>(workers_.size(), nullptr));
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

void Measurer::run(const Batch& batch, Worker& worker, Measured& measured, NetworkFailures& failures)
{
    FaceNetwork& network = *worker.networks[batch.network];
    const bool average_flips = attackers_[batch.attacker].averages_flips;
    cv::Mat outputs;
    try
    {
        outputs = forward(network, batch.crops, average_flips);
    }
    catch (const std::exception&)
    {
        // Face by face, so that only the one that it is about is left out.
    }
    for (size_t i = 0; i < batch.faces.size(); ++i)
        try
        {
            const cv::Mat alone =
                outputs.empty() ? forward(network, { batch.crops[i] }, average_flips) : outputs.row(int(i));
            if (!cv::checkRange(alone))
                throw std::runtime_error("its answer is not a finite number");
            std::vector<float>& output = measured.outputs[batch.network][batch.attacker][batch.faces[i]];
            output = cv::Mat_<float>(alone.reshape(1, 1));
            cache_.store(batch.keys[i], output);
        }
        catch (const std::exception& error)
        {
            failures.add(batch.network, batch.faces[i], message(error));
        }
}

void Measurer::measureFace(size_t i, Worker& worker, Method* method, const std::string& face_key, Measured& measured,
    std::vector<Batch>& batches)
{
    Sitting sitting(*this, worker, method, set_.faces[i]);
    std::vector<float> appearance;
    const std::string appearance_key = Digest().add("appearance").add(face_key).add(set_.detector_key).value();
    if (!cache_.find(appearance_key, appearance))
    {
        appearance = sitting.appearance();
        cache_.store(appearance_key, appearance);
    }
    measured.appearances[i] = { true, appearance.at(0) != 0, appearance.at(1), appearance.at(2) };

    for (size_t attacker = 0; attacker < measured.gradients.size(); ++attacker)
    {
        if (attacker != 0 && int(attacker) != inner_)
            continue;
        std::vector<float>& gradients = measured.gradients[attacker][i];
        const std::string key = Digest().add("gradients").add(face_key).add(attacker_keys_[attacker]).value();
        if (!cache_.find(key, gradients))
        {
            gradients = sitting.gradients(attacker);
            cache_.store(key, gradients);
        }
    }
    for (Batch& batch : batches)
    {
        const std::string key = Digest()
                                    .add("output")
                                    .add(face_key)
                                    .add(network_keys_[batch.network])
                                    .add(attacker_keys_[batch.attacker])
                                    .value();
        if (cache_.find(key, measured.outputs[batch.network][batch.attacker][i]))
            continue;
        batch.crops.push_back(sitting.crop(batch.network, batch.attacker));
        batch.faces.push_back(i);
        batch.keys.push_back(key);
    }
}

Measured Measurer::measureAll(
    const std::string& title, const std::string& method_key, const std::vector<Method*>& methods)
{
    const size_t count = set_.faces.size();
    Measured measured;
    measured.title = title;
    measured.appearances.resize(count);
    std::vector<Batch> empty_batches;
    for (size_t network = 0; network < networks_.size(); ++network)
    {
        measured.outputs.emplace_back(attackers_.size(), Outputs(count));
        for (size_t attacker = 0; attacker < attackers_.size(); ++attacker)
            if (networks_[network].task == NETWORK_CLASSIFIER || attacker == 0
                || (measures_gradients_ && int(attacker) == inner_))
                empty_batches.push_back({ network, attacker, {}, {}, {} });
    }
    if (measures_gradients_)
        measured.gradients.assign(attackers_.size(), Outputs(count));
    std::vector<std::string> face_keys(count);
    NetworkFailures failures(networks_.size());

    const size_t per_pass = std::max<size_t>(1, std::min(MOST_FACES_PER_PASS, count / (4 * workers_.size())));
    const size_t passes = (count + per_pass - 1) / per_pass;
    Progress progress("Measuring " + title, count);
    const size_t done = forEach(passes,
        [&](size_t worker, size_t pass)
        {
            std::vector<Batch> batches = empty_batches;
            for (size_t i = pass * per_pass; i < std::min(count, (pass + 1) * per_pass); ++i)
            {
                const EvaluatedFace& face = set_.faces[i];
                try
                {
                    Digest digest;
                    digest.add(face.content).add(face.face).add(std::to_string(face.label)).add(method_key);
                    if (methods[worker])
                        digest.add(methods[worker]->uses(face));
                    face_keys[i] = digest.value();
                    measureFace(i, workers_[worker], methods[worker], face_keys[i], measured, batches);
                }
                catch (const std::exception& error)
                {
                    measured.leaveOut(i);
                    for (Batch& batch : batches)
                        if (!batch.faces.empty() && batch.faces.back() == i)
                        {
                            batch.faces.pop_back();
                            batch.keys.pop_back();
                            batch.crops.pop_back();
                        }
                    diagnostics_.fail(face.file + " (" + title + ")", message(error));
                }
                progress.step();
            }
            for (const Batch& batch : batches)
                if (!batch.faces.empty())
                    run(batch, workers_[worker], measured, failures);
        });
    failures.report(*this, title);
    if (done < passes)
        throw Interrupted("interrupted; what was measured is kept for the next run");

    Digest all;
    for (size_t i = 0; i < count; ++i)
        all.add(face_keys[i]).add(std::to_string(set_.faces[i].person));
    for (const std::string& key : network_keys_)
        all.add(key);
    measured.digest = all.value();
    return measured;
}

void Measured::leaveOut(size_t face)
{
    for (std::vector<Outputs>& by_attacker : outputs)
        for (Outputs& of_faces : by_attacker)
            of_faces[face].clear();
    for (Outputs& of_faces : gradients)
        of_faces[face].clear();
    appearances[face] = Appearance();
}

}} // namespace sanprivacy::apps
