// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#include "commands/commands.hpp"
#include "common/image_io.hpp"
#include "common/message.hpp"
#include "common/output_folder.hpp"
#include "common/output_guard.hpp"
#include "common/progress.hpp"
#include "common/workers.hpp"
#include "options/face_labels.hpp"
#include "options/faces.hpp"
#include "options/inputs.hpp"
#include "options/network_options.hpp"
#include "options/transparency.hpp"
#include "options/without_effect.hpp"

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <future>
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
    std::string prototype = "opposite", no_face = "error";
    bool landmarks = false, gray = false, crop = false;
    int quality = 95; // of JPEG and WebP: no visible loss
    size_t max_pixels = MAX_PIXELS;
    NetworkOptions networks;
};

PrototypeChoice prototypeNamed(const std::string& name)
{
    return name == "same"      ? PROTOTYPE_SAME
           : name == "neutral" ? PROTOTYPE_NEUTRAL
           : name == "random"  ? PROTOTYPE_RANDOM
                               : PROTOTYPE_OPPOSITE;
}

//! Makes a number at least as large as another one.
void raise(std::atomic<int>& number, int least)
{
    for (int seen = number; seen < least && !number.compare_exchange_weak(seen, least);)
        continue;
}

void addNote(std::string& notes, const std::string& note)
{
    notes += (notes.empty() || note.empty() ? "" : "; ") + note;
}

//! One run of the command over all its images.
class Perturbation
{
public:
    explicit Perturbation(const PerturbOptions& options);
    ExitCode run();
    bool usesQuality() const { return std::any_of(outputs_.begin(), outputs_.end(), hasQuality); }

private:
    enum Outcome
    {
        DONE = 0,
        COPIED,
        FACELESS,
        REFUSED,
        OUTCOMES
    };

    //! Faces of an image, those whose landmarks are listed first, and what is to be said of them.
    struct Faces
    {
        cv::Mat rows;
        int listed = 0; // number of these
        std::vector<int> labels;
        std::string note;
    };

    struct Counts
    {
        size_t outcomes[OUTCOMES] = {}, faces = 0, begun = 0;
    };

    Outcome tryPerturb(size_t worker, size_t i, size_t& faces_perturbed, Progress& progress);
    void report(const Counts& counts, double seconds);
    Outcome perturb(size_t worker, size_t i, size_t& faces_perturbed, std::string& note);
    Faces findFaces(size_t worker, size_t i, const Image& image);
    void joinListed(size_t i, Faces& faces, bool detected) const;
    cv::Mat perturbedCrop(size_t worker, const cv::Mat& image, const cv::Mat& face, int label);
    bool landmarksListed(size_t i) const;
    void checkLabels(size_t worker, const cv::Mat& image, const Faces& faces);

    const PerturbOptions& options_;
    Inputs inputs_;
    std::vector<fs::path> outputs_;
    std::unique_ptr<OutputFolder> folder_;
    std::unique_ptr<FaceLabels> labels_;
    PrototypeChoice prototype_;
    std::vector<cv::Ptr<Perturber>> perturbers_;   // one per worker
    std::vector<cv::Ptr<FaceDetector>> detectors_; // one per worker; none where there is no detector and no need of one
    // That is looked for, in the image where it is largest.
    std::atomic<int> smallest_face_ { 0 }, smallest_face_in_transparency_ { 0 };
    LabelCheck label_check_;
    std::mutex label_check_mutex_; // of label_check_
};

Perturbation::Perturbation(const PerturbOptions& options)
    : options_(options), prototype_(prototypeNamed(options.prototype)), label_check_(options.networks.hidden())
{
    const fs::path folder = outputFolder(options.inputs, options.output);
    if (options.labels.label == "neutral" && prototype_ == PROTOTYPE_OPPOSITE)
        throw UsageError("--label neutral has no opposite; add --prototype same or --prototype neutral");
    inputs_ = findInputs(options.inputs, folder);
    if (inputs_.images.empty() && inputs_.unreadable.empty())
        throw UsageError(
            "no images found; skipped " + (inputs_.skippedText().empty() ? "nothing" : inputs_.skippedText()));
    outputs_ = outputFiles(inputs_, options.output);
    std::vector<fs::path> read = inputs_.files(), networks = options.networks.files();
    read.insert(read.end(), networks.begin(), networks.end());
    read.push_back(options.labels.labels);
    refuseInputsAsOutputs(read, outputs_);
    labels_.reset(new FaceLabels(options.labels, options.networks, inputs_, options.landmarks));
    if (options.landmarks && !labels_->hasLandmarks())
        throw UsageError("--landmarks: " + options.labels.labels + " has no landmark columns (right_eye_x, ...)");
    const size_t workers = std::min(workerCount(), inputs_.images.size());
    std::future<std::vector<cv::Ptr<FaceDetector>>> detectors =
        std::async(std::launch::async, &NetworkOptions::createDetectors, &options.networks, workers);
    perturbers_ = options.networks.createPerturbers(workers);
    bool needed = false; // elsewhere the detector only checks the landmarks
    for (size_t i = 0; i < inputs_.images.size(); ++i)
        needed = needed || !landmarksListed(i);
    try
    {
        detectors_ = detectors.get();
    }
    catch (const cv::Exception&)
    {
        if (needed)
            throw;
        std::cerr << "No detector: nothing checks the landmarks" << std::endl;
    }
    folder_.reset(new OutputFolder(folder));
}

ExitCode Perturbation::run()
{
    const bool unreadable = inputs_.reportUnreadable(), unknown_labels = labels_->reportUnknown();
    Counts counts;
    std::mutex counts_mutex;
    Progress progress("Perturbing", inputs_.images.size());
    counts.begun = forEach(inputs_.images.size(),
        [&](size_t worker, size_t i)
        {
            size_t faces = 0;
            const Outcome outcome = tryPerturb(worker, i, faces, progress);
            std::lock_guard<std::mutex> lock(counts_mutex);
            ++counts.outcomes[outcome];
            counts.faces += outcome == DONE ? faces : 0;
        });
    report(counts, progress.seconds());
    const bool failed = counts.outcomes[REFUSED] > 0 || (counts.outcomes[FACELESS] > 0 && options_.no_face == "error")
                        || counts.begun < inputs_.images.size() || unreadable || unknown_labels;
    return failed ? FAILED : SUCCEEDED;
}

//! perturb(), which says on stderr what is wrong with an image.
Perturbation::Outcome Perturbation::tryPerturb(size_t worker, size_t i, size_t& faces_perturbed, Progress& progress)
{
    Outcome outcome = REFUSED;
    std::string note;
    try
    {
        outcome = perturb(worker, i, faces_perturbed, note);
        if (outcome == FACELESS)
            note = "no face found; nothing written";
    }
    catch (const std::exception& error)
    {
        note = message(error);
    }
    std::error_code none;
    if ((outcome == FACELESS || outcome == REFUSED) && fs::exists(outputs_[i], none))
        addNote(note, "what was before in " + outputs_[i].string() + " stays");
    if (!note.empty())
        progress.message(inputs_.images[i].file.string() + ": " + note);
    progress.step();
    std::lock_guard<std::mutex> lock(label_check_mutex_);
    const std::string warning = label_check_.warning(false);
    if (!warning.empty())
        progress.message("Warning: " + warning);
    return outcome;
}

//! Says what was done, and what was not.
void Perturbation::report(const Counts& counts, double seconds)
{
    char time[60];
    std::snprintf(time, sizeof(time), "%.1f s, %.0f ms per image", seconds,
        1000 * seconds / double(std::max<size_t>(counts.begun, 1)));
    std::cout << count(counts.outcomes[DONE], "image") << " perturbed (" << count(counts.faces, "face") << "), "
              << counts.outcomes[COPIED] << " copied, " << counts.outcomes[FACELESS] << " without a face, "
              << counts.outcomes[REFUSED] << " failed; " << time << std::endl;
    if (counts.outcomes[DONE] + counts.outcomes[COPIED] > 0)
        std::cout << "Written to " << printable(options_.output) << std::endl;
    if (smallest_face_ > 0)
        std::cout << "Faces narrower than " << smallest_face_ << " pixels are not searched for" << std::endl;
    std::cout << transparencyLimit(smallest_face_, smallest_face_in_transparency_);
    if (!inputs_.unreadable.empty())
        std::cout << count(inputs_.unreadable.size(), "folder or link", "folders or links") << " could not be read"
                  << std::endl;
    labels_->reportUnlisted();
    const std::string warning = label_check_.warning(true);
    if (!warning.empty())
        std::cerr << "Warning: " << warning << std::endl;
    if (!inputs_.skippedText().empty())
        std::cout << "Skipped " << inputs_.skippedText() << std::endl;
    if (counts.begun < inputs_.images.size())
        std::cerr << "sanprivacy: interrupted; " << inputs_.images.size() - counts.begun << " not begun" << std::endl;
}

Perturbation::Outcome Perturbation::perturb(size_t worker, size_t i, size_t& faces_perturbed, std::string& note)
{
    Image image = readImage(inputs_.images[i].file, options_.max_pixels);
    if (!hasImageName(outputs_[i]))
        throw std::runtime_error("the name has no ending of an image format that is written, such as .png");
    std::vector<int> labels_of_listed;
    if (!detectors_.empty())
        raise(smallest_face_in_transparency_,
            protectTransparency(image, *detectors_[worker],
                landmarksListed(i) ? labels_->listedFaces(i, labels_of_listed) : cv::Mat()));
    const Faces faces = findFaces(worker, i, image);
    note = image.note;
    addNote(note, faces.note);
    checkLabels(worker, image.pixels, faces);
    const int number = faces.rows.rows;
    if (number == 0 && options_.no_face != "copy")
        return FACELESS;
    if (number == 0 && options_.crop)
        throw std::runtime_error("no face found, so there is no crop to write");

    if (options_.crop)
    {
        const int wanted = largestFace(faces.rows.rowRange(0, landmarksListed(i) ? faces.listed : number));
        image = { perturbedCrop(worker, image.pixels, faces.rows.row(wanted), faces.labels[size_t(wanted)]),
            cv::Mat() };
        faces_perturbed = 1;
    }
    else // all of them, or an error and nothing is written
    {
        cv::Mat perturbed;
        std::vector<FaceResult> results;
        if (options_.networks.surroundings_blur > 0)
            fillTransparent(image);
        if (!perturbers_[worker]->tryPerturbFaces(image.pixels, faces.rows, perturbed, results,
                PerturbParams(prototype_, LABEL_PREDICT, options_.gray), faces.labels))
            throw std::runtime_error(unprotected(faces.rows, results) + "; nothing written");
        image.pixels = perturbed;
        faces_perturbed = size_t(number);
    }
    fs::create_directories(fs::absolute(outputs_[i]).parent_path());
    writeImage(outputs_[i], image, options_.quality, inputs_.images[i].file);
    return number == 0 ? COPIED : DONE;
}

//! Compares given labels with the classifier's.
void Perturbation::checkLabels(size_t worker, const cv::Mat& image, const Faces& faces)
{
    const bool used = prototype_ == PROTOTYPE_OPPOSITE || prototype_ == PROTOTYPE_SAME;
    if (!used || !options_.networks.knowsHidden())
        return;
    for (int f = 0; f < faces.rows.rows; ++f)
    {
        const int given = faces.labels[size_t(f)];
        {
            std::lock_guard<std::mutex> lock(label_check_mutex_);
            if (given < 0 || !label_check_.wanted())
                continue;
        }
        try
        {
            const int predicted = predictLabel(*perturbers_[worker], image, faces.rows.row(f));
            std::lock_guard<std::mutex> lock(label_check_mutex_);
            label_check_.add(given, predicted);
        }
        catch (const cv::Exception&)
        {
            // a face that cannot be aligned, or a classifier without an answer: reported where it matters
        }
    }
}

bool Perturbation::landmarksListed(size_t i) const
{
    const Labelled* listed = labels_->listed(i);
    return options_.landmarks && listed && !listed->landmarks.empty();
}

Perturbation::Faces Perturbation::findFaces(size_t worker, size_t i, const Image& image)
{
    Faces faces;
    if (!detectors_.empty())
    {
        detectors_[worker]->detect(image.pixels, faces.rows);
        raise(smallest_face_, detectors_[worker]->getSmallestFace(image.pixels.size()));
    }
    if (landmarksListed(i))
        joinListed(i, faces, !detectors_.empty());
    else
        faces.labels = labels_->of(i, faces.rows);
    return faces;
}

/** Listed faces take the place of those found there; all others stay, for a face that is found is never left as it
is. */
void Perturbation::joinListed(size_t i, Faces& faces, bool detected) const
{
    const double same_face = .7; // inter-ocular distances
    const cv::Mat listed = labels_->listedFaces(i, faces.labels);
    cv::Mat rows = listed.clone();
    std::vector<double> nearest(size_t(listed.rows), -1); // face that is found
    for (int f = 0; f < faces.rows.rows; ++f)
    {
        bool known = false;
        for (int k = 0; k < listed.rows; ++k)
        {
            const double distance = landmarkDistance(listed.row(k), faces.rows.row(f));
            double& least = nearest[size_t(k)];
            least = least < 0 ? distance : std::min(least, distance);
            known = known || distance <= same_face;
        }
        if (!known)
            rows.push_back(faces.rows.row(f));
    }
    const auto lost = std::count_if(nearest.begin(), nearest.end(), [&](double d) { return d < 0 || d > same_face; });
    const size_t others = size_t(rows.rows - listed.rows);
    const std::string besides = others > 0 ? "; perturbed as well: " + count(others, "face") : "";
    if (detected && lost > 0 && listed.rows > 1)
        faces.note =
            cv::format("no face found at the landmarks of %d of %d faces, which are trusted", int(lost), listed.rows)
            + besides;
    else if (detected && lost > 0 && nearest[0] >= 0)
        faces.note =
            cv::format("no face found at the landmarks, the nearest is %.1f inter-ocular distances away", nearest[0])
            + besides;
    else if (detected && lost > 0)
        faces.note = "no face found; the landmarks are trusted";
    else if (others > 0 && !options_.crop)
        faces.note = "perturbed besides the face in " + options_.labels.labels + ": " + count(others, "face");
    faces.rows = rows;
    faces.listed = listed.rows;
    faces.labels.resize(size_t(rows.rows), labels_->unlisted());
}

cv::Mat Perturbation::perturbedCrop(size_t worker, const cv::Mat& image, const cv::Mat& face, int label)
{
    cv::Mat crop, crop_8bit, perturbed;
    alignFace(image, face, crop);
    const double eight_of_sixteen_bits = 1. / 257; // 65535 becomes 255
    crop.convertTo(crop_8bit, CV_8U, crop.depth() == CV_16U ? eight_of_sixteen_bits : 1.);
    if (label == LABEL_PREDICT && prototype_ != PROTOTYPE_RANDOM)
        label = predictLabel(*perturbers_[worker], image, face);
    perturbers_[worker]->perturb(crop_8bit, perturbed, PerturbParams(prototype_, label));
    return perturbed;
}

void warnOfIdleOptions(const CLI::App& command, const PerturbOptions& options)
{
    if (options.crop)
    {
        warnWithoutEffect(command, options.networks.ofWholeImage(), "with --crop");
        warnWithoutEffect(command, { "--gray", "--keep-marks" }, "with --crop");
        if (options.no_face == "copy")
            warnWithoutEffect(command, { "--no-face" }, "with --crop: an image without a face has no crop");
    }
    if (options.gray && options.networks.color_strength > 0)
        warnWithoutEffect(command, { "--color-strength" }, "with --gray");
    const std::string with_prototype = "with --prototype " + options.prototype;
    if (options.prototype == "same")
        warnWithoutEffect(command, options.networks.ofWholeImage(), with_prototype);
    const bool uses_labels = options.networks.usesLabels(options.prototype);
    if (!uses_labels)
        warnWithoutEffect(command, { "--label", "--classifier" }, with_prototype);
    if (!uses_labels && !options.landmarks)
        warnWithoutEffect(command, { "--labels", "--attribute" }, with_prototype);
}

} // namespace

Command addPerturb(CLI::App& app)
{
    auto options = std::make_shared<PerturbOptions>();
    CLI::App* command = app.add_subcommand("perturb", "Protects the faces in images; keeps names, formats and sizes");
    command->add_option("IN", options->inputs, "Images and folders (searched recursively)")->required()->type_name("");
    command->add_option("-o,--output", options->output, "Folder for the results; or the result of a single image")
        ->required()
        ->type_name("PATH");
    options->labels.addTo(*command);
    command
        ->add_flag("--landmarks", options->landmarks,
            "Take the landmarks of faces from the CSV, a row for each; others are detected as usual")
        ->needs("--labels");
    command->add_option("--prototype", options->prototype, "Output: opposite (default), neutral, same, random")
        ->type_name("WHICH")
        ->check(CLI::IsMember({ "same", "neutral", "opposite", "random" }).description(""));
    command->add_flag("--gray", options->gray, "Gray output");
    command->add_flag(
        "--crop", options->crop, "Write only the largest face: the network's gray output, 224x224 pixels");
    command
        ->add_option("--no-face", options->no_face,
            "Image without a face: error (default), skip (no output) or copy (unchanged)")
        ->type_name("WHAT")
        ->check(CLI::IsMember({ "copy", "skip", "error" }).description(""));
    command->add_option("--quality", options->quality, "Quality of JPEG and WebP, default 95")
        ->type_name("0-100")
        ->check(CLI::Range(0, 100).description(""));
    addMaxPixelsTo(*command, options->max_pixels);
    options->networks.addPerturberTo(*command);
    options->networks.addDetectorTo(*command);
    command->footer("Images are written upright and in sRGB. Metadata, previews, and further images or videos in a "
                    "file are left out.\n"
                    "Exit code: 0 all protected, 1 some not (stderr names them), 2 wrong arguments.");
    return { command, [options, command]
        {
            warnOfIdleOptions(*command, *options);
            Perturbation perturbation(*options);
            if (!perturbation.usesQuality())
                warnWithoutEffect(*command, { "--quality" }, "without an output of JPEG or WebP");
            return perturbation.run();
        } };
}

}} // namespace sanprivacy::apps
