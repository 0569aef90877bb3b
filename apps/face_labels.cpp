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

const std::map<std::string, int>& labelNames()
{
    using namespace cv::sanprivacy;
    static const std::map<std::string, int> names = { { "male", 1 }, { "female", 0 }, { "1", 1 }, { "0", 0 },
        { "neutral", LABEL_NEUTRAL }, { "auto", LABEL_PREDICT } };
    return names;
}

void LabelOptions::addTo(CLI::App& command)
{
    command.add_option("--labels", labels, "Genders (file,gender: M or F) of the largest face of each picture")
        ->type_name("CSV");
    command.add_option("--attribute", attribute, "Column of CSV; default gender, of another attribute 1 or 0")
        ->type_name("NAME")->needs("--labels");
    command.add_option("--label", label, "Of faces not in CSV: male or 1, female or 0, neutral, auto (default; ask classifier)")
        ->type_name("LABEL")->check(CLI::IsMember(&labelNames()).description(""));
}

FaceLabels::FaceLabels(const LabelOptions& options, const Inputs& inputs) : options_(options)
{
    if (options.labels.empty())
        return;
    file_.reset(new LabelFile(options.labels, options.attribute));
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
    std::vector<int> labels(size_t(faces.rows), known ? int(cv::sanprivacy::LABEL_PREDICT) : labelNames().at(options_.label));
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
