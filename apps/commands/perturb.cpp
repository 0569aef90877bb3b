// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#include "commands/commands.hpp"
#include "common/atomic_file.hpp"
#include "common/image_io.hpp"
#include "common/message.hpp"
#include "common/output_guard.hpp"
#include "common/progress.hpp"
#include "common/workers.hpp"
#include "options/face_labels.hpp"
#include "options/faces.hpp"
#include "options/inputs.hpp"
#include "options/network_options.hpp"

#include <algorithm>
#include <cstdio>
#include <iostream>
#include <memory>
#include <mutex>

#include <CLI/CLI.hpp>
#include <opencv2/imgproc.hpp>
#include <opencv2/sanprivacy.hpp>

namespace fs = std::filesystem;
using namespace cv::sanprivacy;

namespace sanprivacy { namespace apps {

namespace {

struct PerturbOptions
{
    std::vector<std::string> inputs;
    std::string output;
    LabelOptions labels;
    std::string prototype = "opposite";
    std::string no_face = "error";
    bool landmarks = false, gray = false, crop = false;
    int quality = 95; // of JPEG and WebP: no visible loss
    size_t max_pixels = MAX_PIXELS;
    NetworkOptions networks;
};

PrototypeChoice prototypeNamed(const std::string& name)
{
    return name == "same" ? PROTOTYPE_SAME : name == "neutral" ? PROTOTYPE_NEUTRAL
           : name == "random" ? PROTOTYPE_RANDOM : PROTOTYPE_OPPOSITE;
}

//! One run of the command over all its images.
class Perturbation
{
public:
    explicit Perturbation(const PerturbOptions& options);
    ExitCode run();

private:
    enum Outcome { DONE = 0, COPIED, FACELESS, REFUSED, OUTCOMES };

    Outcome perturb(size_t worker, size_t i, size_t& faces_perturbed);
    cv::Mat findFaces(size_t worker, size_t i, const Image& image);
    cv::Mat perturbedCrop(const cv::Mat& image, const cv::Mat& face, int label);
    bool landmarksListed(size_t i) const;

    const PerturbOptions& options_;
    Inputs inputs_;
    std::vector<fs::path> outputs_;
    std::unique_ptr<FaceLabels> labels_;
    PrototypeChoice prototype_;
    cv::Ptr<Perturber> perturber_;
    std::mutex perturber_mutex_;
    std::vector<cv::Ptr<FaceDetector>> detectors_; // one per worker
};

Perturbation::Perturbation(const PerturbOptions& options)
    : options_(options), prototype_(prototypeNamed(options.prototype))
{
    if (options.labels.label == "neutral" && prototype_ == PROTOTYPE_OPPOSITE)
        throw UsageError("--label neutral has no opposite; add --prototype same or --prototype neutral");
    inputs_ = findInputs(options.inputs, options.output);
    if (inputs_.images.empty() && inputs_.unreadable.empty())
        throw UsageError("no images found; skipped " + (inputs_.skippedText().empty() ? "nothing" : inputs_.skippedText()));
    outputs_ = outputFiles(inputs_, options.output);
    std::vector<fs::path> read = inputs_.files(), networks = options.networks.files();
    read.insert(read.end(), networks.begin(), networks.end());
    read.push_back(options.labels.labels);
    refuseInputsAsOutputs(read, outputs_);
    labels_.reset(new FaceLabels(options.labels, options.networks, inputs_));
    if (options.landmarks && !labels_->hasLandmarks())
        throw UsageError("--landmarks: " + options.labels.labels + " has no landmark columns (right_eye_x, ...)");
    perturber_ = options.networks.createPerturber();
    bool detect = false;
    for (size_t i = 0; i < inputs_.images.size(); ++i)
        detect = detect || !landmarksListed(i);
    if (detect)
        for (size_t worker = 0; worker < std::min(workerCount(), inputs_.images.size()); ++worker)
            detectors_.push_back(options.networks.createDetector());
    makeWritableFolder(options.output);
}

ExitCode Perturbation::run()
{
    const bool unreadable = inputs_.reportUnreadable(), unknown_labels = labels_->reportUnknown();
    size_t outcomes[OUTCOMES] = {}, faces = 0;
    std::mutex outcomes_mutex;
    Progress progress("Perturbing", inputs_.images.size());
    const size_t done = forEach(inputs_.images.size(), [&](size_t worker, size_t i)
    {
        Outcome outcome = REFUSED;
        size_t faces_perturbed = 0;
        try
        {
            outcome = perturb(worker, i, faces_perturbed);
            if (outcome == FACELESS)
                progress.message(inputs_.images[i].file.string() + ": no face found; nothing written");
        }
        catch (const std::exception& error)
        {
            progress.message(inputs_.images[i].file.string() + ": " + message(error));
        }
        progress.step();
        std::lock_guard<std::mutex> lock(outcomes_mutex);
        ++outcomes[outcome];
        faces += faces_perturbed;
    });

    char time[60];
    std::snprintf(time, sizeof(time), "%.1f s, %.0f ms per image", progress.seconds(),
                  1000 * progress.seconds() / double(std::max<size_t>(done, 1)));
    std::cout << count(outcomes[DONE], "image") << " perturbed (" << count(faces, "face") << "), "
              << outcomes[COPIED] << " copied, " << outcomes[FACELESS] << " without a face, "
              << outcomes[REFUSED] << " failed; " << time << "\nWritten to " << printable(options_.output) << std::endl;
    if (unreadable)
        std::cout << count(inputs_.unreadable.size(), "folder or link", "folders or links") << " could not be read" << std::endl;
    labels_->reportUnlisted();
    if (!inputs_.skippedText().empty())
        std::cout << "Skipped " << inputs_.skippedText() << std::endl;
    if (done < inputs_.images.size())
        std::cerr << "sanprivacy: interrupted; " << inputs_.images.size() - done << " not begun" << std::endl;

    const bool failed = outcomes[REFUSED] > 0 || (outcomes[FACELESS] > 0 && options_.no_face == "error")
                        || done < inputs_.images.size() || unreadable || unknown_labels;
    return failed ? FAILED : SUCCEEDED;
}

Perturbation::Outcome Perturbation::perturb(size_t worker, size_t i, size_t& faces_perturbed)
{
    Image image = readImage(inputs_.images[i].file, options_.max_pixels);
    const cv::Mat faces = findFaces(worker, i, image);
    if (faces.empty() && options_.no_face != "copy")
        return FACELESS;
    if (faces.empty() && options_.crop)
        throw std::runtime_error("no face found, hence no crop to write");

    const std::vector<int> labels = labels_->of(i, faces);
    if (options_.crop)
    {
        const int largest = largestFace(faces);
        image = { perturbedCrop(image.pixels, faces.row(largest), labels[size_t(largest)]), cv::Mat() };
        faces_perturbed = 1;
    }
    else
    {
        std::lock_guard<std::mutex> lock(perturber_mutex_);
        perturber_->perturbFaces(image.pixels, faces, image.pixels, PerturbParams(prototype_, LABEL_PREDICT, options_.gray), labels);
        faces_perturbed = size_t(faces.rows);
    }
    fs::create_directories(outputs_[i].parent_path());
    writeImage(outputs_[i], image, options_.quality);
    return faces.empty() ? COPIED : DONE;
}

bool Perturbation::landmarksListed(size_t i) const
{
    const Labelled* listed = labels_->listed(i);
    return options_.landmarks && listed && !listed->landmarks.empty();
}

cv::Mat Perturbation::findFaces(size_t worker, size_t i, const Image& image)
{
    if (landmarksListed(i))
        return faceFromLandmarks(labels_->listed(i)->landmarks);
    cv::Mat faces;
    detectors_[worker]->detect(image.pixels, faces);
    return faces;
}

cv::Mat Perturbation::perturbedCrop(const cv::Mat& image, const cv::Mat& face, int label)
{
    cv::Mat crop, crop_8bit, perturbed;
    alignFace(image, face, crop);
    const double eight_of_sixteen_bits = 1. / 257; // 65535 becomes 255
    crop.convertTo(crop_8bit, CV_8U, crop.depth() == CV_16U ? eight_of_sixteen_bits : 1.);
    std::lock_guard<std::mutex> lock(perturber_mutex_);
    perturber_->perturb(crop_8bit, perturbed, PerturbParams(prototype_, label));
    return perturbed;
}

} // namespace

Command addPerturb(CLI::App& app)
{
    auto options = std::make_shared<PerturbOptions>();
    CLI::App* command = app.add_subcommand("perturb", "Perturbs the faces of images; name, format and size stay");
    command->add_option("IN", options->inputs, "Images and folders (searched recursively)")->required()->type_name("");
    command->add_option("-o,--output", options->output, "Folder for the results")->required()->type_name("DIR");
    options->labels.addTo(*command);
    command->add_flag("--landmarks", options->landmarks, "Trust the landmarks in CSV: that one face, no detection")
        ->needs("--labels");
    command->add_option("--prototype", options->prototype, "What is to appear: opposite (default), neutral, same, random")
        ->type_name("WHICH")->check(CLI::IsMember({ "same", "neutral", "opposite", "random" }).description(""));
    command->add_flag("--gray", options->gray, "Gray output");
    command->add_flag("--crop", options->crop, "Write the network's gray 224x224 output of the largest face");
    command->add_option("--no-face", options->no_face, "Image without a face: error (default), skip, copy unchanged")
        ->type_name("WHAT")->check(CLI::IsMember({ "copy", "skip", "error" }).description(""));
    command->add_option("--quality", options->quality, "Of JPEG and WebP, default 95")
        ->type_name("0-100")->check(CLI::Range(0, 100).description(""));
    command->add_option("--max-pixels", options->max_pixels, "Refuse larger images, default 200000000; 5 bytes of memory each")
        ->type_name("N")->check(CLI::PositiveNumber.description(""));
    options->networks.addPerturberTo(*command);
    options->networks.addDetectorTo(*command);
    command->footer("Images are written upright and in sRGB, without metadata.\n"
                    "Exit code: 0 all perturbed, 1 some not (named on stderr), 2 wrong arguments.");
    return { command, [options] { return Perturbation(*options).run(); } };
}

}} // namespace sanprivacy::apps
