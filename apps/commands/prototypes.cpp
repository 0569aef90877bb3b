// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#include "commands/commands.hpp"
#include "common/atomic_file.hpp"
#include "common/digest.hpp"
#include "common/errors.hpp"
#include "common/image_io.hpp"
#include "common/message.hpp"
#include "common/number_range.hpp"
#include "common/output_folder.hpp"
#include "common/output_guard.hpp"
#include "common/progress.hpp"
#include "common/workers.hpp"
#include "options/faces.hpp"
#include "options/inputs.hpp"
#include "options/labels.hpp"
#include "options/network_options.hpp"
#include "options/without_effect.hpp"

#include <algorithm>
#include <functional>
#include <iostream>
#include <map>
#include <memory>
#include <mutex>

#include <CLI/CLI.hpp>
#include <opencv2/sanprivacy.hpp>

namespace fs = std::filesystem;
using namespace cv::sanprivacy;

namespace sanprivacy { namespace apps {

namespace {

struct PrototypesOptions
{
    std::string labels, faces, output, attribute = "gender";
    double coverage = 0.95; // fuller crops only: a repeated border would draw streaks into the means
    size_t max_pixels = MAX_PIXELS;
    NetworkOptions networks;
};

//! Adds one listed face to the builder. Returns false where the image does not fill the crop.
bool addFace(const fs::path& file, const Labelled& row, const PrototypesOptions& options,
    const cv::Ptr<FaceDetector>& detector, PrototypeBuilder& builder)
{
    Image image = readImage(file, options.max_pixels);
    cv::Mat landmarks = row.landmarks;
    if (landmarks.empty())
    {
        cv::Mat faces;
        detector->detect(image.pixels, faces);
        if (faces.empty())
            throw std::runtime_error("no face found");
        landmarks = faces.row(largestFace(faces));
    }
    cv::Mat crop;
    if (alignFace(image.pixels, landmarks, crop) < options.coverage)
        return false;
    const double full = crop.depth() == CV_16U ? 65535. : 255.;
    crop.convertTo(crop, CV_32F, 1 / full);
    builder.add(crop, row.label);
    return true;
}

void writeMean(const fs::path& file, const cv::Mat& prototype)
{
    Image image;
    prototype.convertTo(image.pixels, CV_8U, 255);
    writeImage(file, image, 100);
    std::cout << printable(file.string()) << '\n';
}

//! Prototypes of the listed faces, and how many of these are left out.
struct Means
{
    cv::Ptr<PrototypeBuilder> builder;
    size_t cut = 0; //!< faces that the border of their image cuts off
    size_t unlabelled = 0, failed = 0;
};

bool isDetectorNeeded(const LabelFile& labels)
{
    return std::any_of(
        labels.rows().begin(), labels.rows().end(), [](const Labelled& row) { return row.landmarks.empty(); });
}

//! Each label needs a face. @param count of the faces of a label
void checkBothLabels(const PrototypesOptions& options, const std::function<size_t(int)>& count)
{
    for (int label = 0; label <= 1; ++label)
        if (count(label) == 0)
            throw std::runtime_error(options.labels + ": no usable face of " + options.attribute + ' '
                                     + std::to_string(label) + "; both labels are needed");
}

/** Which rows of the label file repeat an earlier one, face and label. The same face with another label is an error.
@param images of the rows. */
std::vector<char> findRepetitions(
    const PrototypesOptions& options, const LabelFile& labels, const std::vector<ListedImage>& images)
{
    std::vector<char> repeated(images.size(), 0);
    std::map<std::string, int> known; // labels, by digests of file and landmarks
    for (size_t i = 0; i < images.size(); ++i)
    {
        const Labelled& row = labels.rows()[i];
        if (row.label == NO_LABEL || !images[i].problem.empty())
            continue;
        std::error_code none;
        const std::string face =
            Digest().add(fs::weakly_canonical(images[i].file, none).string()).add(row.landmarks).value();
        const auto first = known.emplace(face, row.label);
        if (first.first->second != row.label)
            throw std::runtime_error(options.labels + ": contradicting rows for '" + row.file + "'");
        repeated[i] = !first.second;
        if (repeated[i])
            std::cerr << printable(row.file) << ": listed more than once in " << printable(options.labels)
                      << ", counted once" << std::endl;
    }
    return repeated;
}

/** @param images of the rows of the label file.
@param repeated rows are left out. */
Means average(const PrototypesOptions& options, const LabelFile& labels, const std::vector<ListedImage>& images,
    const std::vector<char>& repeated)
{
    std::vector<cv::Ptr<FaceDetector>> detectors(workerCount());
    if (isDetectorNeeded(labels))
        detectors = options.networks.createDetectors(workerCount());
    std::vector<cv::Ptr<PrototypeBuilder>> builders;
    for (size_t worker = 0; worker < workerCount(); ++worker)
        builders.push_back(PrototypeBuilder::create());

    std::mutex counts_mutex;
    Means result;
    Progress progress("Averaging", labels.rows().size());
    const size_t done = forEach(labels.rows().size(),
        [&](size_t worker, size_t i)
        {
            const Labelled& row = labels.rows()[i];
            size_t* diagnostic = nullptr;
            if (row.label == NO_LABEL)
                diagnostic = &result.unlabelled;
            else if (!repeated[i])
                try
                {
                    if (!images[i].problem.empty())
                        throw std::runtime_error(images[i].problem);
                    if (!addFace(images[i].file, row, options, detectors[worker], *builders[worker]))
                        diagnostic = &result.cut;
                }
                catch (const std::exception& error)
                {
                    progress.message(
                        (images[i].problem.empty() ? images[i].file.string() : row.file) + ": " + message(error));
                    diagnostic = &result.failed;
                }
            progress.step();
            if (diagnostic)
            {
                std::lock_guard<std::mutex> lock(counts_mutex);
                ++*diagnostic;
            }
        });
    if (done < labels.rows().size())
        throw std::runtime_error("interrupted; nothing written");
    for (size_t worker = 1; worker < builders.size(); ++worker)
        builders[0]->merge(builders[worker]);
    result.builder = builders[0];
    return result;
}

ExitCode run(const PrototypesOptions& options, const CLI::App& command)
{
    if (fs::path(options.attribute).filename() != options.attribute)
        throw UsageError(
            "--attribute: expected a name that can be a part of a file's name; found '" + options.attribute + "'");
    const LabelFile labels(options.labels, { options.attribute });
    if (labels.rows().empty())
        throw std::runtime_error(options.labels + ": lists no faces");
    checkBothLabels(options,
        [&](int label)
        {
            return size_t(std::count_if(
                labels.rows().begin(), labels.rows().end(), [&](const Labelled& row) { return row.label == label; }));
        });
    if (!isDetectorNeeded(labels))
        warnWithoutEffect(command, { "--detector" }, "with landmarks of every face");
    const fs::path root = options.faces.empty() ? labels.path().parent_path() : fs::path(options.faces);
    const fs::path folder = options.output, file = folder / ("prototypes-" + options.attribute + ".yml.gz");
    const auto imageOf = [&](const std::string& label) { return folder / (options.attribute + "-" + label + ".png"); };
    std::vector<fs::path> read = { options.labels, options.networks.detector };
    const std::vector<ListedImage> images = labels.find(root);
    for (const ListedImage& image : images)
        read.push_back(image.file);
    refuseInputsAsOutputs(read, { file, imageOf("0"), imageOf("1"), imageOf("neutral") });
    const std::vector<char> repeated = findRepetitions(options, labels, images);
    const OutputFolder made(options.output);

    const Means means = average(options, labels, images, repeated);
    const PrototypeBuilder& builder = *means.builder;
    checkBothLabels(options, [&](int label) { return size_t(builder.count(label)); });
    TemporaryFile unfinished(file);
    builder.save(unfinished.path().string());
    unfinished.replaceTarget();
    std::cout << printable(file.string()) << '\n';
    cv::Mat prototype;
    for (int label = 0; label <= 1; ++label)
    {
        builder.same(label, prototype);
        writeMean(imageOf(std::to_string(label)), prototype);
    }
    builder.neutral(prototype);
    writeMean(imageOf("neutral"), prototype);
    std::cout << "Faces of label 1: " << builder.count(1) << ", of label 0: " << builder.count(0)
              << "; left out: " << means.cut << " cut off by the border, " << means.unlabelled << " unlabelled, "
              << means.failed << " failed" << std::endl;
    return means.failed == 0 ? SUCCEEDED : FAILED;
}

} // namespace

Command addPrototypes(CLI::App& app)
{
    auto options = std::make_shared<PrototypesOptions>();
    CLI::App* command = app.add_subcommand("prototypes", "Computes the prototypes: the mean face of each label");
    command
        ->add_option("--labels", options->labels,
            "CSV with columns file and gender; if known, landmarks (right_eye_x, right_eye_y, ...)")
        ->required()
        ->type_name("CSV");
    command->add_option("--faces", options->faces, "Folder of the images; default: the folder of the CSV")
        ->type_name("DIR")
        ->check(CLI::ExistingDirectory);
    command
        ->add_option(
            "-o,--output", options->output, "Folder for prototypes-ATTRIBUTE.yml.gz and an image of each mean face")
        ->required()
        ->type_name("DIR");
    command
        ->add_option("--attribute", options->attribute,
            "Label column (M/F, male/female, 1/0; age: years, label 1 from 40 on); default gender")
        ->type_name("NAME");
    command
        ->add_option("--coverage", options->coverage,
            "Leave out cut-off faces: smallest share of the crop inside the image; default 0.95")
        ->type_name("0-1")
        ->check(numberRange(0., 1.));
    addMaxPixelsTo(*command, options->max_pixels);
    options->networks.addDetectorTo(*command);
    return { command, [options, command] { return run(*options, *command); } };
}

}} // namespace sanprivacy::apps
