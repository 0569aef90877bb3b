// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#include "face_labels.hpp"

#include "faces.hpp"
#include "message.hpp"

#include <algorithm>
#include <iostream>

#include <CLI/CLI.hpp>
#include <opencv2/sanprivacy.hpp>

namespace sanprivacy { namespace apps {

namespace {

int labelNamed(const std::string& name)
{
    using namespace cv::sanprivacy;
    return name == "male" ? 1 : name == "female" ? 0 : name == "neutral" ? int(LABEL_NEUTRAL) : int(LABEL_PREDICT);
}

} // namespace

void LabelOptions::addTo(CLI::App& command)
{
    command.add_option("--labels", labels, "Genders (file,gender: M or F) of the largest face of each picture")
        ->type_name("CSV");
    command.add_option("--label", label, "Gender of faces not in CSV: male, female, neutral, auto (default; ask classifier)")
        ->type_name("GENDER")->check(CLI::IsMember({ "male", "female", "neutral", "auto" }).description(""));
}

FaceLabels::FaceLabels(const LabelOptions& options, const Inputs& inputs) : options_(options)
{
    if (options.labels.empty())
        return;
    file_.reset(new LabelFile(options.labels));
    rows_ = file_->match(inputs.pictures);
}

const Labelled* FaceLabels::listed(size_t picture) const
{
    return rows_.empty() || rows_[picture] < 0 ? nullptr : &file_->rows()[size_t(rows_[picture])];
}

std::vector<int> FaceLabels::of(size_t picture, const cv::Mat& faces) const
{
    const Labelled* row = listed(picture);
    const bool known = row && row->label != NO_LABEL;
    std::vector<int> labels(size_t(faces.rows), known ? int(cv::sanprivacy::LABEL_PREDICT) : labelNamed(options_.label));
    if (known && !labels.empty())
        labels[size_t(largestFace(faces))] = row->label;
    return labels;
}

void FaceLabels::reportUnlisted() const
{
    const size_t unlisted = size_t(std::count(rows_.begin(), rows_.end(), -1));
    if (unlisted > 0)
        std::cout << count(unlisted, "picture") << " not in " << options_.labels << ": --label " << options_.label
                  << " applied" << std::endl;
}

bool FaceLabels::reportUnknown() const
{
    const std::vector<std::string> names = file_ ? file_->unknown(rows_) : std::vector<std::string>();
    if (!names.empty())
        std::cerr << options_.labels << ": " << count(names.size(), "name") << " that "
                  << (names.size() == 1 ? "is" : "are") << " no picture, the first '" << names[0] << "'" << std::endl;
    return !names.empty();
}

}} // namespace sanprivacy::apps
