// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#include "commands/video/label_comparison.hpp"

#include "options/faces.hpp"

using namespace cv::sanprivacy;

namespace sanprivacy { namespace apps {

LabelComparison::LabelComparison(const VideoOptions& options, const cv::Ptr<Perturber>& perturber)
    : perturber_(perturber), check_(options.networks.hidden(), "views of faces")
{
    const bool used = options.prototype == "opposite" || options.prototype == "same";
    wanted_ = used && perturber && options.networks.knowsHidden() && labelNamed(options.label, options.networks) >= 0;
}

bool LabelComparison::wants(double time)
{
    const double step = .4; // seconds
    if (!wanted_ || time < next_)
        return false;
    next_ = time + step;
    return true;
}

void LabelComparison::add(const cv::Mat& original, const StreamRecord& record)
{
    for (const StreamFace& face : record.faces)
        if (!original.empty() && face.protection == PROTECTION_REPLACED && face.label >= 0)
            try
            {
                check_.add(face.label, predictLabel(*perturber_, original, cv::Mat(face.landmarks).reshape(1)));
            }
            catch (const cv::Exception&)
            {
                // a face that cannot be aligned, or a classifier without an answer: reported where it matters
            }
    wanted_ = wanted_ && check_.wanted();
}

std::string LabelComparison::warning(bool last)
{
    const std::string text = check_.warning(last);
    return text.empty() ? text : "warning: " + text;
}

}} // namespace sanprivacy::apps
