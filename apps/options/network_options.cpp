// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#include "options/network_options.hpp"

#include "common/message.hpp"
#include "common/number_range.hpp"
#include "common/workers.hpp"

#include <algorithm>
#include <iostream>
#include <mutex>
#include <set>
#include <vector>

#include <CLI/CLI.hpp>
#include <opencv2/dnn.hpp>

using cv::sanprivacy::FaceDetector;
using cv::sanprivacy::FaceNetwork;
using cv::sanprivacy::ModelDescription;
using cv::sanprivacy::Perturber;

namespace sanprivacy { namespace apps {

namespace {

struct Backend
{
    const char* name;
    int backend, target; // of the dnn module
};

const Backend BACKENDS[] = { { "cpu", cv::dnn::DNN_BACKEND_OPENCV, cv::dnn::DNN_TARGET_CPU },
    { "opencl", cv::dnn::DNN_BACKEND_OPENCV, cv::dnn::DNN_TARGET_OPENCL },
    { "openvino", cv::dnn::DNN_BACKEND_INFERENCE_ENGINE, cv::dnn::DNN_TARGET_CPU },
    { "cuda", cv::dnn::DNN_BACKEND_CUDA, cv::dnn::DNN_TARGET_CUDA },
    { "cuda-fp16", cv::dnn::DNN_BACKEND_CUDA, cv::dnn::DNN_TARGET_CUDA_FP16 },
    { "vulkan", cv::dnn::DNN_BACKEND_VKCOM, cv::dnn::DNN_TARGET_VULKAN } };

std::vector<std::string> backendNames()
{
    std::vector<std::string> names;
    for (const Backend& backend : BACKENDS)
        names.push_back(backend.name);
    return names;
}

const Backend& findBackend(const std::string& name)
{
    return *std::find_if(std::begin(BACKENDS), std::end(BACKENDS), [&](const Backend& b) { return name == b.name; });
}

//! Says something on stderr, but not again for every worker.
void warnOnce(const std::string& text)
{
    static std::mutex mutex;
    static std::set<std::string> written;
    std::lock_guard<std::mutex> lock(mutex);
    if (written.insert(text).second)
        std::cerr << text << std::endl;
}

} // namespace

const std::vector<std::string>& shippedModels()
{
    static const std::vector<std::string> names = { "residual", "residual-gender-age", "san2018" };
    return names;
}

void NetworkOptions::addDetectorTo(CLI::App& command)
{
    command
        .add_option(
            "--detector", detector, "YuNet file, or cascade (OpenCV's Haar cascades); default: the shipped YuNet")
        ->type_name("ONNX")
        ->check(CLI::ExistingFile | CLI::IsMember({ "cascade" }).description(""));
}

void NetworkOptions::addPerturberTo(CLI::App& command)
{
    const size_t others = command.get_options().size();
    CLI::Option* hiding = command.add_option("--hide", hide, "What to hide: gender (default), age, or gender,age")
                              ->type_name("WHAT")
                              ->delimiter(',')
                              ->allow_extra_args(false);
    command
        .add_option(
            "--model", model, "Network: residual (default), residual-gender-age, san2018 (the paper's), or a file")
        ->type_name("ONNX")
        ->check(CLI::ExistingFile | CLI::IsMember(shippedModels()).description(""));
    command.add_option("--prototypes", prototypes, "Prototypes file for this network; not with --hide")
        ->type_name("YML")
        ->check(CLI::ExistingFile)
        ->excludes(hiding);
    command
        .add_option("--classifier", classifier,
            "Network that predicts labels; not with --hide; default: that of --hide, else of gender")
        ->type_name("ONNX")
        ->check(CLI::ExistingFile)
        ->excludes(hiding);
    command.add_option("--strength", strength, "How much a face changes, up to 2: more for privacy, less for matching")
        ->type_name("X")
        ->capture_default_str()
        ->check(numberRange(.01, 2.));
    command
        .add_option("--color-strength", color_strength,
            cv::format("Moves the color of lips and make-up to the skin color, 0 to 1; default for gender %g",
                cv::sanprivacy::DEFAULT_COLOR_STRENGTH))
        ->type_name("X")
        ->check(numberRange(0., 1.));
    command
        .add_option("--surroundings-blur", surroundings_blur,
            "Blurs hair and background, 0 to 1 inter-ocular distances: more privacy, less natural")
        ->type_name("X")
        ->capture_default_str()
        ->check(numberRange(0., 1.));
    command.add_flag("--keep-marks", keep_marks, "Keeps marks on smooth skin: more privacy, less natural");
    for (size_t k = others; k < command.get_options().size(); ++k)
        of_perturber.push_back(command.get_options()[k]->get_name());
    command
        .add_option("--backend", backend, "What the networks run on: cpu, opencl, openvino, cuda, cuda-fp16, vulkan")
        ->type_name("NAME")
        ->capture_default_str()
        ->check(CLI::IsMember(backendNames()).description(""));
}

std::vector<std::string> NetworkOptions::ofWholeImage() const
{
    std::vector<std::string> names;
    if (color_strength > 0)
        names.push_back("--color-strength");
    if (surroundings_blur > 0)
        names.push_back("--surroundings-blur");
    return names;
}

bool NetworkOptions::areShipped() const
{
    const std::vector<std::string>& names = shippedModels();
    return prototypes.empty() && (model.empty() || std::find(names.begin(), names.end(), model) != names.end());
}

cv::Ptr<FaceDetector> NetworkOptions::createDetector() const
{
    const Backend& wanted = findBackend(backend);
    return detector == "cascade" ? FaceDetector::createCascade(-1.f, wanted.backend, wanted.target)
                                 : FaceDetector::create(detector, -1.f, wanted.backend, wanted.target);
}

cv::Ptr<FaceNetwork> NetworkOptions::createNetwork(const ModelDescription& description) const
{
    const Backend& wanted = findBackend(backend);
    return FaceNetwork::create(description, wanted.backend, wanted.target);
}

cv::Ptr<Perturber> NetworkOptions::createPerturber() const
{
    const Backend& wanted = findBackend(backend);
    const cv::Ptr<Perturber> perturber = Perturber::create(
        cv::sanprivacy::PerturberParams(hide, model, prototypes, classifier, wanted.backend, wanted.target));
    perturber->setStrength(strength);
    if (!(color_strength < 0)) // NaN is refused there
        perturber->setColorStrength(color_strength);
    perturber->setSurroundingsBlur(surroundings_blur);
    if (keep_marks && !perturber->getWeakenMarks())
        warnOnce("--keep-marks: no effect with " + (model.empty() ? "this network" : "the network " + printable(model))
                 + ", whose marks are kept in any case");
    if (keep_marks)
        perturber->setWeakenMarks(false);
    return perturber;
}

std::vector<cv::Ptr<FaceDetector>> NetworkOptions::createDetectors(size_t workers) const
{
    std::vector<cv::Ptr<FaceDetector>> detectors(workers);
    forEach(workers, [&](size_t, size_t i) { detectors[i] = createDetector(); });
    return detectors;
}

std::vector<cv::Ptr<FaceNetwork>> NetworkOptions::createNetworks(
    const ModelDescription& description, size_t workers) const
{
    std::vector<cv::Ptr<FaceNetwork>> networks(workers);
    forEach(workers, [&](size_t, size_t i) { networks[i] = createNetwork(description); });
    return networks;
}

std::vector<cv::Ptr<Perturber>> NetworkOptions::createPerturbers(size_t workers) const
{
    std::vector<cv::Ptr<Perturber>> perturbers(workers);
    forEach(workers, [&](size_t, size_t i) { perturbers[i] = createPerturber(); });
    return perturbers;
}

}} // namespace sanprivacy::apps
