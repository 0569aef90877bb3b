// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

// A damaged model is refused with cv::Exception, when it is loaded or at its first call; otherwise its output is a
// whole image.

#include "fuzzed_file.hpp"

#include <opencv2/core/utils/logger.hpp>
#include <opencv2/sanprivacy.hpp>

using namespace sanprivacy;
using namespace cv::sanprivacy;

namespace {

std::vector<uchar> prototypes()
{
    const std::string name = cv::tempfile(".yml");
    const cv::Ptr<PrototypeBuilder> builder = PrototypeBuilder::create();
    for (int label = 0; label <= 1; ++label)
        builder->add(cv::Mat(builder->getSize(), CV_8UC3, cv::Scalar::all(100 + 50 * label)), label);
    builder->save(name);
    std::ifstream file(name, std::ios::binary);
    const std::vector<uchar> bytes((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
    std::filesystem::remove(name);
    return bytes;
}

} // namespace

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size)
{
    cv::utils::logging::setLogLevel(cv::utils::logging::LOG_LEVEL_SILENT);
    static const std::vector<uchar> means = prototypes();
    try
    {
        const cv::Ptr<Perturber> perturber =
            Perturber::create(std::vector<uchar>(data, data + size), means, std::vector<uchar>());
        cv::Mat face(perturber->getInputSize(), CV_8UC1, cv::Scalar::all(128)), perturbed;
        perturber->perturb(face, perturbed, PerturbParams(PROTOTYPE_OPPOSITE, 0));
        test::require(perturbed.size() == face.size() && cv::checkRange(perturbed));
    }
    catch (const cv::Exception&)
    {
        // refused, as it should be
    }
    return 0;
}
