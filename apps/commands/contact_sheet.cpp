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

#include <algorithm>
#include <cmath>
#include <iostream>
#include <memory>
#include <mutex>
#include <numeric>

#include <CLI/CLI.hpp>
#include <opencv2/imgproc.hpp>
#include <opencv2/sanprivacy.hpp>

namespace fs = std::filesystem;
using namespace cv::sanprivacy;

namespace sanprivacy { namespace apps {

namespace {

const int COLUMNS = 4;
const char* const TITLES[COLUMNS] = { "original", "same", "neutral", "opposite" };

// Sizes and places, pixels.
const cv::Size VIEW(200, 240);         //!< a face with some of its surroundings
const cv::Point2f VIEW_EYES(100, 108); //!< middle between the eyes
const float VIEW_EYE_DISTANCE = 60;
const int MARGIN = 14, TITLE_HEIGHT = 34, SCORE_HEIGHT = 34;
const int BAR_HEIGHT = 6;
const cv::Scalar PAPER(255, 255, 255), INK(50, 50, 50), BAR(225, 225, 225), MARK(180, 90, 30);
const double TEXT_SCALE = 0.5;

struct SheetOptions
{
    std::vector<std::string> inputs;
    std::string output;
    size_t most_faces = 48, max_pixels = MAX_PIXELS;
    LabelOptions labels;
    NetworkOptions networks;
};

//! One row of the sheet: the four images of a face, and the classifiers' predictions for each.
struct SheetRow
{
    cv::Mat views[COLUMNS];
    std::vector<double> scores[COLUMNS]; //!< probability of label 1 of each attribute
};

//! What labels 0 and 1 of an attribute are called.
struct LabelWords
{
    std::string zero, one;
};

LabelWords wordsOf(const std::string& attribute)
{
    if (attribute == "gender")
        return { "female", "male" };
    if (attribute == "age")
        return { "young", "old" };
    return { attribute + " 0", attribute + " 1" };
}

//! The canonical landmarks, in the image of a face.
cv::Mat viewTemplate()
{
    cv::Mat landmark_template;
    getCanonicalLandmarks(landmark_template);
    const cv::Point2f right(landmark_template.at<float>(0, 0), landmark_template.at<float>(0, 1));
    const cv::Point2f left(landmark_template.at<float>(1, 0), landmark_template.at<float>(1, 1));
    const cv::Point2f middle = (right + left) * 0.5f;
    const float scale = VIEW_EYE_DISTANCE / float(cv::norm(left - right));
    landmark_template.col(0) = (landmark_template.col(0) - middle.x) * scale + VIEW_EYES.x;
    landmark_template.col(1) = (landmark_template.col(1) - middle.y) * scale + VIEW_EYES.y;
    return landmark_template;
}

//! The face in its finished image, and its score as anybody who gets that image would measure it.
void show(const cv::Mat& image, const cv::Mat& face, Perturber& perturber, int column, SheetRow& row)
{
    cv::Mat crop;
    alignFace(image, face, row.views[column], VIEW, viewTemplate());
    if (row.views[column].channels() == 1)
        cv::cvtColor(row.views[column], row.views[column], cv::COLOR_GRAY2BGR);
    alignFace(image, face, crop);
    for (size_t k = 0; k < perturber.getAttributes().size(); ++k)
        row.scores[column].push_back(perturber.predict(crop, int(k)));
}

SheetRow makeRow(const cv::Mat& image, const cv::Mat& face, int label, Perturber& perturber)
{
    SheetRow row;
    if (label == LABEL_PREDICT)
        label = predictLabel(perturber, image, face);
    int column = 0;
    show(image, face, perturber, column, row);
    for (PrototypeChoice prototype : { PROTOTYPE_SAME, PROTOTYPE_NEUTRAL, PROTOTYPE_OPPOSITE })
    {
        cv::Mat perturbed;
        perturber.perturbFaces(image, face, perturbed, PerturbParams(prototype, label));
        show(perturbed, face, perturber, ++column, row);
    }
    return row;
}

void drawText(cv::Mat& sheet, const std::string& text, const cv::Point& middle)
{
    int baseline = 0;
    const cv::Size size = cv::getTextSize(text, cv::FONT_HERSHEY_SIMPLEX, TEXT_SCALE, 1, &baseline);
    cv::putText(sheet, text, middle + cv::Point(-size.width / 2, size.height / 2), cv::FONT_HERSHEY_SIMPLEX, TEXT_SCALE,
        INK, 1, cv::LINE_AA);
}

//! The score as a number and as a mark between label 0 (left end) and label 1 (right end).
void drawScore(cv::Mat& sheet, double score, const LabelWords& words, const cv::Rect& place)
{
    const cv::Rect bar(place.x, place.y + 3, place.width, BAR_HEIGHT);
    cv::rectangle(sheet, bar, BAR, cv::FILLED);
    const int mark_width = 2 * BAR_HEIGHT;
    const int x = place.x + cvRound(score * (place.width - mark_width));
    cv::rectangle(sheet, cv::Rect(x, bar.y, mark_width, BAR_HEIGHT), MARK, cv::FILLED);
    const std::string percent = cv::format(" %.0f %%", 100 * std::max(score, 1 - score));
    drawText(
        sheet, (score < 0.5 ? words.zero : words.one) + percent, cv::Point(place.x + place.width / 2, bar.br().y + 13));
}

cv::Mat drawSheet(const std::vector<SheetRow>& rows, const std::vector<std::string>& attributes)
{
    const cv::Size cell(VIEW.width + MARGIN, VIEW.height + SCORE_HEIGHT * int(attributes.size()) + MARGIN);
    const cv::Size block(COLUMNS * cell.width + MARGIN, cell.height);
    // As many blocks side by side as make the sheet about as wide as high, so that many faces stay on one screen.
    const double one_column_height = double(rows.size()) * block.height;
    const int blocks = std::max(1, cvRound(std::sqrt(one_column_height / block.width)));
    const int height = (int(rows.size()) + blocks - 1) / blocks;

    cv::Mat sheet(TITLE_HEIGHT + height * block.height + MARGIN, blocks * block.width + MARGIN, CV_8UC3, PAPER);
    for (int b = 0; b < blocks; ++b)
        for (int column = 0; column < COLUMNS; ++column)
            drawText(sheet, TITLES[column],
                cv::Point(
                    b * block.width + MARGIN + column * cell.width + VIEW.width / 2, MARGIN / 2 + TITLE_HEIGHT / 2));
    for (size_t i = 0; i < rows.size(); ++i)
        for (int column = 0; column < COLUMNS; ++column)
        {
            const cv::Point corner(int(i) / height * block.width + MARGIN + column * cell.width,
                TITLE_HEIGHT + int(i) % height * block.height + MARGIN / 2);
            rows[i].views[column].copyTo(sheet(cv::Rect(corner, VIEW)));
            for (size_t k = 0; k < attributes.size(); ++k)
                drawScore(sheet, rows[i].scores[column][k], wordsOf(attributes[k]),
                    cv::Rect(corner.x, corner.y + VIEW.height + SCORE_HEIGHT * int(k), VIEW.width, SCORE_HEIGHT));
        }
    return sheet;
}

struct SheetRows
{
    std::vector<SheetRow> rows; //!< in the order of the images
    size_t faces = 0;           //!< found in all images
    size_t failures = 0;        //!< images without rows
};

//! Perturbs the faces of the images, side by side.
SheetRows makeRows(const SheetOptions& options, const Inputs& inputs, const FaceLabels& labels)
{
    const size_t workers = std::min(workerCount(), inputs.images.size());
    const std::vector<cv::Ptr<Perturber>> perturbers = options.networks.createPerturbers(workers);
    const std::vector<cv::Ptr<FaceDetector>> detectors = options.networks.createDetectors(workers);

    std::vector<std::vector<SheetRow>> rows_of(inputs.images.size()); // per image, to keep their order
    Progress progress("Perturbing", inputs.images.size());
    std::mutex seen_mutex;
    std::vector<int> faces_of(inputs.images.size(), 0);
    size_t failures = 0;
    const size_t done = forEach(inputs.images.size(),
        [&](size_t worker, size_t i)
        {
            try
            {
                cv::Mat image = readImage(inputs.images[i].file, options.max_pixels).pixels, faces;
                if (image.depth() == CV_16U)
                    image.convertTo(image, CV_8U, 1. / 257); // 65535 becomes 255
                detectors[worker]->detect(image, faces);
                if (faces.empty())
                    throw std::runtime_error("no face found");
                size_t before = 0; // faces of earlier images that are drawn by now
                {
                    std::lock_guard<std::mutex> lock(seen_mutex);
                    before = size_t(std::accumulate(faces_of.begin(), faces_of.begin() + std::ptrdiff_t(i), 0));
                }
                const std::vector<int> labels_of_faces = labels.of(i, faces);
                for (int f = 0; f < faces.rows && before + size_t(f) < options.most_faces; ++f)
                    rows_of[i].push_back(makeRow(image, faces.row(f), labels_of_faces[size_t(f)], *perturbers[worker]));
                std::lock_guard<std::mutex> lock(seen_mutex);
                faces_of[i] = faces.rows;
            }
            catch (const std::exception& error)
            {
                progress.message(inputs.images[i].file.string() + ": " + message(error));
                std::lock_guard<std::mutex> lock(seen_mutex);
                rows_of[i].clear();
                ++failures;
            }
            progress.step();
        });
    if (done < inputs.images.size())
        throw std::runtime_error("interrupted; nothing written");

    SheetRows result;
    result.failures = failures;
    result.faces = size_t(std::accumulate(faces_of.begin(), faces_of.end(), 0));
    for (const std::vector<SheetRow>& found : rows_of)
        result.rows.insert(result.rows.end(), found.begin(), found.end());
    result.rows.resize(std::min(result.rows.size(), options.most_faces)); // whichever thread was quicker
    return result;
}

ExitCode run(const SheetOptions& options)
{
    if (!hasImageName(options.output))
        throw UsageError("-o " + options.output + ": the name of an image is expected, as sheet.png");
    if (options.labels.label == "neutral")
        throw UsageError("--label neutral has no opposite to show");
    const Inputs inputs = findInputs(options.inputs, fs::path());
    if (inputs.images.empty())
        throw UsageError("no images found");
    std::vector<fs::path> read = inputs.files(), networks = options.networks.files();
    read.insert(read.end(), networks.begin(), networks.end());
    read.push_back(options.labels.labels);
    refuseInputsAsOutputs(read, { options.output });
    const bool unreadable = inputs.reportUnreadable();
    const FaceLabels labels(options.labels, options.networks, inputs);
    const OutputFolder made(fs::absolute(options.output).parent_path());
    const SheetRows sheet = makeRows(options, inputs, labels);
    if (sheet.rows.empty())
        throw std::runtime_error("no face found in any image; no sheet written");
    writeImage(options.output, { drawSheet(sheet.rows, options.networks.hidden()), cv::Mat() }, 95,
        mostPrivate(inputs.files()));
    std::cout << printable(options.output) << ": " << count(sheet.rows.size(), "face");
    if (sheet.faces > sheet.rows.size())
        std::cout << ", " << sheet.faces - sheet.rows.size() << " more left out (--most-faces " << options.most_faces
                  << ")";
    std::cout << std::endl;
    labels.reportUnlisted();
    return sheet.failures == 0 && !unreadable && !labels.reportUnknown() ? SUCCEEDED : FAILED;
}

} // namespace

Command addContactSheet(CLI::App& app)
{
    auto options = std::make_shared<SheetOptions>();
    CLI::App* command = app.add_subcommand(
        "contact-sheet", "Shows originals and outputs side by side, with predictions of a classifier");
    command->add_option("IN", options->inputs, "Images and folders (searched recursively)")->required()->type_name("");
    command->add_option("-o,--output", options->output, "Image file, such as sheet.png")->required()->type_name("FILE");
    command->add_option("--most-faces", options->most_faces, "Number of faces shown; default 48")
        ->type_name("N")
        ->check(CLI::Range(1, 1000).description(""));
    addMaxPixelsTo(*command, options->max_pixels);
    options->labels.addTo(*command);
    options->networks.addPerturberTo(*command);
    options->networks.addDetectorTo(*command);
    command->footer("Under each face: what the shipped classifiers predict.");
    return { command, [options] { return run(*options); } };
}

}} // namespace sanprivacy::apps
