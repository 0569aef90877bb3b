// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#include "commands/video/protection.hpp"

#include "common/errors.hpp"
#include "common/image_io.hpp"
#include "options/face_labels.hpp"
#include "options/faces.hpp"

#include <algorithm>
#include <filesystem>
#include <stdexcept>

namespace fs = std::filesystem;
using namespace cv::sanprivacy;

namespace sanprivacy { namespace apps {

namespace {

const double LIVE_LOOK_AHEAD = .24; // seconds of delay
const double MOST_RATE = 1000;      // frames per second; what tells more does not tell its rate

int indexOf(const std::vector<std::string>& names, const std::string& name)
{
    return int(std::find(names.begin(), names.end(), name) - names.begin());
}

} // namespace

Protection::Protection(const VideoOptions& options) : options_(options)
{
    detector_ = options.networks.createDetector();
    if (options.replacement == "san")
        perturber_ = options.networks.createPerturber();
    if (!options.exempt.empty())
        loadExemptPerson();
}

void Protection::loadExemptPerson()
{
    if (fs::path(options_.matcher).extension() == ".onnx")
        throw UsageError(
            "--matcher: name a model description file that describes the matcher's input, as samples/models.yml does; "
            "an ONNX file alone does not tell it");
    std::vector<ModelDescription> networks;
    readModelDescriptions(options_.matcher, networks);
    const auto found = std::find_if(networks.begin(), networks.end(),
        [](const ModelDescription& network) { return network.task == NETWORK_MATCHER; });
    if (found == networks.end())
        throw UsageError("--matcher: '" + options_.matcher + "' describes no matcher");
    matcher_ = FaceNetwork::create(*found);

    const Image reference = readImage(options_.exempt, options_.max_pixels);
    cv::Mat pixels = reference.pixels, faces, crop;
    if (pixels.depth() == CV_16U)
        pixels.convertTo(pixels, CV_8U, 1. / 257); // 65535 becomes 255
    detector_->detect(pixels, faces);
    if (faces.empty())
        throw std::runtime_error(options_.exempt + ": no face found");
    matcher_->crop(pixels, faces.row(largestFace(faces)), crop);
    matcher_->forward(std::vector<cv::Mat>(1, crop), exempt_descriptor_);
}

StreamParams Protection::params(bool live, double rate) const
{
    StreamParams params;
    if (rate > 0 && rate <= MOST_RATE)
        params.frame_rate = rate;
    if (live)
        params.look_ahead = LIVE_LOOK_AHEAD;
    if (options_.interval >= 0)
        params.detect_interval = options_.interval;
    if (options_.look_ahead >= 0)
        params.look_ahead = options_.look_ahead;
    if (options_.hold >= 0)
        params.hold = options_.hold;
    if (options_.refresh_interval >= 0)
        params.refresh_interval = options_.refresh_interval;
    params.replacement = indexOf(REPLACEMENTS, options_.replacement);
    params.low_confidence = indexOf(POLICIES, options_.low_confidence);
    params.prototype = PROTOTYPE_SAME + indexOf(PROTOTYPES, options_.prototype);
    params.label = labelNamed(options_.label, options_.networks);
    return params;
}

cv::Ptr<StreamAnonymizer> Protection::create(const StreamParams& params) const
{
    const cv::Ptr<StreamAnonymizer> anonymizer = StreamAnonymizer::create(detector_, perturber_, params);
    if (matcher_)
    {
        const double cosine = .45, euclidean = -.5; // strict, so that an unsure face is protected
        const double usual = matcher_->getDescription().distance == DISTANCE_EUCLIDEAN ? euclidean : cosine;
        anonymizer->addExemptPerson(
            matcher_, exempt_descriptor_, std::isnan(options_.exempt_score) ? usual : options_.exempt_score);
    }
    return anonymizer;
}

}} // namespace sanprivacy::apps
