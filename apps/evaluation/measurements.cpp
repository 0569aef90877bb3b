// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#include "evaluation/measurements.hpp"

#include "common/digest.hpp"
#include "common/message.hpp"
#include "common/progress.hpp"
#include "common/workers.hpp"
#include "evaluation/cache_keys.hpp"
#include "evaluation/face_views.hpp"
#include "evaluation/restoration.hpp"

#include <algorithm>
#include <map>
#include <memory>
#include <mutex>

using namespace cv::sanprivacy;

namespace sanprivacy { namespace apps {

namespace {

//! Faces whose crops wait for a network together, so that it runs on several at once; images are not kept so long.
const size_t MOST_FACES_AT_ONCE = 16;

std::string keyOf(const ImageAttacker& attacker)
{
    return Digest().add(attacker.name).add(attacker.averages_flips ? "flips" : "").value();
}

std::string keyOf(const MethodName& name, Method& method)
{
    return Digest().add(programKey()).add(name.kind).add(name.value).add(method.key()).value();
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

//! What is measured in one go: the faces as one method leaves them, or the originals.
struct Measurer::Pass
{
    std::vector<Method*> methods; //!< one per thread; nothing for the originals
    std::string method_key;
    std::unique_ptr<Restoration> restoration; //!< for the attacker that restores
    std::vector<std::string> attacker_keys;

    //! Identifies the perturbed face in the cache.
    std::string faceKey(const EvaluatedFace& face, size_t worker) const
    {
        const std::string uses = methods[worker] ? methods[worker]->uses(face) : std::string();
        return apps::faceKey(face.content, face.face, face.label, method_key, uses);
    }
};

//! Crops that wait for one network, under one attacker.
struct Measurer::Batch
{
    size_t network, attacker;
    std::vector<size_t> faces;
    std::vector<std::string> keys;
    std::vector<cv::Mat> crops;
};

//! Errors of faces and networks, gathered so that a network that always fails takes one line.
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

Measurer::Measurer(const EvaluationSet& set, const std::vector<ModelDescription>& networks, const std::string& models,
    const Attackers& attackers, const NetworkOptions& options, ResultCache& cache, Diagnostics& diagnostics)
    : set_(set), attackers_(attackers.images), measures_gradients_(!attackers.adaptive.empty()),
      inner_(attackers.inner()), cache_(cache), diagnostics_(diagnostics), workers_(workerCount())
{
    for (const ModelDescription& description : networks)
        try
        {
            const std::vector<cv::Ptr<FaceNetwork>> copies = options.createNetworks(description, workers_.size());
            network_keys_.push_back(apps::networkKey(description, options.backend));
            networks_.push_back(description);
            for (size_t worker = 0; worker < workers_.size(); ++worker)
                workers_[worker].networks.push_back(copies[worker]);
        }
        catch (const std::exception& error)
        {
            diagnostics.fail(models, message(error)); // which names the network
        }
    if (networks_.empty())
        throw std::runtime_error(models + ": none of the networks runs");
    const std::vector<cv::Ptr<FaceDetector>> detectors = options.createDetectors(workers_.size());
    for (size_t worker = 0; worker < workers_.size(); ++worker)
        workers_[worker].detector = detectors[worker];
    if (interrupted()) // so that some of them may be missing
        throw Interrupted("interrupted");
}

size_t Measurer::indexOf(const std::string& network) const
{
    for (size_t i = 0; i < networks_.size(); ++i)
        if (networks_[i].name == network)
            return i;
    throw std::runtime_error("expected a network of --models that works, found '" + network + "'");
}

Measured Measurer::measureOriginals()
{
    return measureAll("original", programKey(), std::vector<Method*>(workers_.size(), nullptr));
}

Measured Measurer::measure(const MethodName& name, std::vector<MethodContext>& contexts)
{
    std::vector<std::unique_ptr<Method>> methods(contexts.size());
    if (forEach(contexts.size(), [&](size_t, size_t i) { methods[i] = createMethod(name, contexts[i]); })
        < contexts.size())
        throw Interrupted("interrupted");
    std::vector<Method*> pointers;
    for (const std::unique_ptr<Method>& method : methods)
        pointers.push_back(method.get());
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
        // Face by face, so that only the face with the error is left out.
    }
    for (size_t i = 0; i < batch.faces.size(); ++i)
        try
        {
            const cv::Mat alone =
                outputs.empty() ? forward(network, { batch.crops[i] }, average_flips) : outputs.row(int(i));
            if (!cv::checkRange(alone))
                throw std::runtime_error("its answer is not a finite number");
            const ModelDescription& description = networks_[batch.network];
            if (description.task == NETWORK_MATCHER && description.distance == DISTANCE_COSINE && cv::norm(alone) == 0)
                throw std::runtime_error("its descriptor is zero, so it has no direction to compare");
            std::vector<float>& output = measured.outputs[batch.network][batch.attacker][batch.faces[i]];
            output = cv::Mat_<float>(alone.reshape(1, 1));
            cache_.store(batch.keys[i], output);
        }
        catch (const std::exception& error)
        {
            failures.add(batch.network, batch.faces[i], message(error));
        }
}

Measurer::Pass Measurer::createPass(const std::string& method_key, const std::vector<Method*>& methods) const
{
    Pass pass;
    pass.methods = methods;
    pass.method_key = method_key;
    std::string pairs_key;
    for (const ImageAttacker& attacker : attackers_)
    {
        if (attacker.restores && methods[0] && !pass.restoration)
        {
            pass.restoration = std::make_unique<Restoration>(set_);
            pairs_key = keyOfPairs(pass);
        }
        pass.attacker_keys.push_back(
            Digest().add(keyOf(attacker)).add(attacker.restores ? pairs_key : std::string()).value());
    }
    return pass;
}

//! Identifies the pairs from which the restorer learns.
std::string Measurer::keyOfPairs(const Pass& pass) const
{
    Digest digest;
    for (size_t i : pass.restoration->learntFrom())
        try
        {
            digest.add(pass.faceKey(set_.faces[i], 0)).add(std::to_string(pass.restoration->parts()[i]));
        }
        catch (const std::exception&)
        {
            // a face that cannot be perturbed: the restorer does not learn from it
        }
    return digest.value();
}

void Measurer::measureFace(size_t i, size_t worker, const Pass& pass, const std::string& face_key, Measured& measured,
    std::vector<Batch>& batches)
{
    FaceViews views(set_, i, pass.methods[worker], pass.restoration.get(), attackers_);
    std::vector<float> appearance;
    const std::string appearance_key = Digest().add("appearance").add(face_key).add(set_.detector_key).value();
    if (!cache_.find(appearance_key, appearance))
    {
        appearance = views.appearance(*workers_[worker].detector);
        cache_.store(appearance_key, appearance);
    }
    measured.appearances[i] = { true, appearance.at(0) != 0, appearance.at(1), appearance.at(2) };

    for (size_t attacker = 0; attacker < measured.gradients.size(); ++attacker)
    {
        if (attacker != 0 && int(attacker) != inner_)
            continue;
        std::vector<float>& gradients = measured.gradients[attacker][i];
        const std::string key = Digest().add("gradients").add(face_key).add(pass.attacker_keys[attacker]).value();
        if (!cache_.find(key, gradients))
        {
            gradients = views.gradients(attacker);
            cache_.store(key, gradients);
        }
    }
    for (Batch& batch : batches)
    {
        const std::string key = Digest()
                                    .add("output")
                                    .add(face_key)
                                    .add(network_keys_[batch.network])
                                    .add(pass.attacker_keys[batch.attacker])
                                    .value();
        if (cache_.find(key, measured.outputs[batch.network][batch.attacker][i]))
            continue;
        cv::Mat crop;
        workers_[worker].networks[batch.network]->crop(views.image(batch.attacker), set_.faces[i].face, crop);
        batch.crops.push_back(crop);
        batch.faces.push_back(i);
        batch.keys.push_back(key);
    }
}

//! A batch for each network and each attacker whose images it receives.
std::vector<Measurer::Batch> Measurer::emptyBatches() const
{
    std::vector<Batch> batches;
    for (size_t network = 0; network < networks_.size(); ++network)
        for (size_t attacker = 0; attacker < attackers_.size(); ++attacker)
            if (networks_[network].task == NETWORK_CLASSIFIER || attacker == 0
                || (measures_gradients_ && int(attacker) == inner_))
                batches.push_back({ network, attacker, {}, {}, {} });
    return batches;
}

Measured Measurer::measureAll(
    const std::string& title, const std::string& method_key, const std::vector<Method*>& methods)
{
    const size_t count = set_.faces.size();
    Measured measured;
    measured.title = title;
    measured.appearances.resize(count);
    measured.outputs.assign(networks_.size(), std::vector<Outputs>(attackers_.size(), Outputs(count)));
    if (measures_gradients_)
        measured.gradients.assign(attackers_.size(), Outputs(count));
    const std::vector<Batch> empty_batches = emptyBatches();
    const Pass pass = createPass(method_key, methods);
    std::vector<std::string> face_keys(count);
    NetworkFailures failures(networks_.size());

    const size_t at_once = std::max<size_t>(1, std::min(MOST_FACES_AT_ONCE, count / (4 * workers_.size())));
    const size_t turns = (count + at_once - 1) / at_once;
    Progress progress("Measuring " + title, count);
    const size_t done = forEach(turns,
        [&](size_t worker, size_t turn)
        {
            std::vector<Batch> batches = empty_batches;
            for (size_t i = turn * at_once; i < std::min(count, (turn + 1) * at_once); ++i)
            {
                const EvaluatedFace& face = set_.faces[i];
                try
                {
                    face_keys[i] = pass.faceKey(face, worker);
                    measureFace(i, worker, pass, face_keys[i], measured, batches);
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
    if (done < turns)
        throw Interrupted("interrupted; what was measured is kept for the next run");

    std::vector<int> people;
    for (const EvaluatedFace& face : set_.faces)
        people.push_back(face.person);
    measured.digest = measurementKey(face_keys, people, network_keys_);
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
