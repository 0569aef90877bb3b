// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#include "options/face_labels.hpp"

#include "common/errors.hpp"
#include "common/message.hpp"
#include "options/faces.hpp"

#include <algorithm>
#include <iostream>

#include <CLI/CLI.hpp>
#include <opencv2/sanprivacy.hpp>

namespace sanprivacy { namespace apps {

const std::map<std::string, int>& labelNames()
{
    using namespace cv::sanprivacy;
    static const std::map<std::string, int> names = { { "male", 1 }, { "female", 0 }, { "1", 1 }, { "0", 0 },
        { "old", 1 }, { "young", 0 }, { "neutral", LABEL_NEUTRAL }, { "auto", LABEL_PREDICT } };
    return names;
}

int labelNamed(const std::string& name, const NetworkOptions& networks)
{
    static const std::map<std::string, std::string> attribute_of = { { "male", "gender" }, { "female", "gender" },
        { "old", "age" }, { "young", "age" } };
    const int label = labelNames().at(name);
    const std::vector<std::string> hidden = networks.hidden();
    if (label >= 0 && hidden.size() > 1)
        throw UsageError("--label " + name + " has no label of the other attributes; use auto, neutral or --labels");
    const auto attribute = attribute_of.find(name);
    if (networks.knowsHidden() && attribute != attribute_of.end() && attribute->second != hidden[0])
        throw UsageError(
            "--label " + name + " is a label of " + attribute->second + ", but " + hidden[0] + " is hidden");
    return label;
}

void LabelOptions::addTo(CLI::App& command)
{
    command
        .add_option(
            "--labels", labels, "Label of each image's largest face: columns file and gender (M or F), or age (years)")
        ->type_name("CSV");
    command.add_option("--attribute", columns, "Name of the label column in the CSV, if it is not gender or age")
        ->type_name("NAME")
        ->delimiter(',')
        ->allow_extra_args(false)
        ->needs("--labels");
    command
        .add_option(
            "--label", label, "Label of other faces: auto (default: predict), male, female, old, young, 1, 0, neutral")
        ->type_name("LABEL")
        ->transform(CLI::IsMember(&labelNames(), CLI::ignore_case).description(""));
}

FaceLabels::FaceLabels(
    const LabelOptions& options, const NetworkOptions& networks, const Inputs& inputs, bool by_landmarks)
    : options_(options), default_label_(labelNamed(options.label, networks))
{
    const std::vector<std::string> attributes = networks.hidden();
    if (!options.columns.empty() && options.columns.size() != attributes.size())
        throw UsageError("--attribute: expected a column for each of " + count(attributes.size(), "attribute"));
    if (options.labels.empty())
        return;
    file_.reset(new LabelFile(options.labels, options.columns.empty() ? attributes : options.columns));
    rows_ = file_->match(inputs.images, by_landmarks);
    for (size_t i = 0; i < rows_.size(); ++i)
        if (const Labelled* row = listed(i))
        {
            const std::filesystem::path meant = file_->path().parent_path() / row->file;
            std::error_code none;
            if (!std::filesystem::exists(meant, none))
                images_of_row_[rows_[i][0]].push_back(inputs.images[i].file.string());
            else if (!std::filesystem::equivalent(meant, inputs.images[i].file, none) && namesakes_++ == 0)
                first_namesake_ = "'" + meant.string() + "' for '" + inputs.images[i].file.string() + "'";
        }
}

const Labelled* FaceLabels::listed(size_t image) const
{
    return rows_.empty() || rows_[image].empty() ? nullptr : &file_->rows()[size_t(rows_[image][0])];
}

cv::Mat FaceLabels::listedFaces(size_t image, std::vector<int>& labels) const
{
    cv::Mat faces;
    labels.clear();
    for (int index : rows_.empty() ? std::vector<int>() : rows_[image])
    {
        const Labelled& row = file_->rows()[size_t(index)];
        if (row.landmarks.empty())
            continue;
        faces.push_back(faceFromLandmarks(row.landmarks));
        labels.push_back(row.label == NO_LABEL ? default_label_ : row.label);
    }
    return faces;
}

std::vector<int> FaceLabels::of(size_t image, const cv::Mat& faces) const
{
    const Labelled* row = listed(image);
    const bool known = row && row->label != NO_LABEL;
    std::vector<int> labels(size_t(faces.rows), known ? unlisted() : default_label_);
    if (known && !labels.empty())
        labels[size_t(largestFace(faces))] = row->label;
    return labels;
}

void FaceLabels::reportUnlisted() const
{
    const size_t unlisted = size_t(std::count(rows_.begin(), rows_.end(), std::vector<int>()));
    if (unlisted > 0)
        std::cout << count(unlisted, "image") << " not in " << printable(options_.labels) << ": --label "
                  << options_.label << " applied" << std::endl;
    if (namesakes_ > 0)
        std::cout << "Labels of " << count(namesakes_, "image")
                  << " taken from other files of the same name, the first that of " << printable(first_namesake_)
                  << ": correct only where one is a copy of the other" << std::endl;
    size_t sharing = 0;
    std::string first;
    for (const auto& row : images_of_row_)
        if (row.second.size() > 1)
        {
            if (sharing == 0)
                first = "'" + file_->rows()[size_t(row.first)].file + "' for '" + row.second[0] + "' and '"
                        + row.second[1] + "'";
            sharing += row.second.size();
        }
    if (sharing > 0)
        std::cout << "Labels of " << count(sharing, "image") << " taken from rows that several images fit, the first "
                  << printable(first) << ": list more of the path if they are different people" << std::endl;
}

bool FaceLabels::reportUnknown() const
{
    const std::vector<std::string> names = file_ ? file_->unknown(rows_) : std::vector<std::string>();
    if (!names.empty())
        std::cerr << printable(options_.labels) << ": lists " << count(names.size(), "image")
                  << " not found, the first '" << printable(names[0]) << "'" << std::endl;
    return !names.empty();
}

void LabelCheck::add(int given, int predicted)
{
    ++compared_;
    for (size_t k = 0; k < counts_.size(); ++k)
        counts_[k] += ((given ^ predicted) >> k) & 1;
}

std::string LabelCheck::warning(bool last)
{
    const int enough = last ? 5 : 20;
    if (said_ || compared_ < enough)
        return std::string();
    for (size_t k = 0; k < counts_.size(); ++k)
        if (2 * counts_[k] > compared_)
        {
            said_ = true;
            const std::string convention = names_[k] == "gender" ? " (1 is male, 0 is female)"
                                           : names_[k] == "age"  ? " (1 is 40 or older, 0 younger)"
                                                                 : "";
            return "the given labels of " + names_[k] + " contradict the classifier in " + std::to_string(counts_[k])
                   + " of " + std::to_string(compared_) + " " + counted_ + ": check them" + convention
                   + ". A face with a wrong label shows its true " + names_[k] + " more clearly";
        }
    return std::string();
}

}} // namespace sanprivacy::apps
