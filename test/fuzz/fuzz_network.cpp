// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

// A damaged network is refused with cv::Exception, when it is loaded or at its first call; otherwise it gives numbers.
// As fuzz_perturber, and many times as quick.

#include "fuzzed_file.hpp"

#include <opencv2/core/utils/logger.hpp>
#include <opencv2/sanprivacy.hpp>

using namespace sanprivacy;
using namespace cv::sanprivacy;

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size)
{
    static const test::FuzzedFile file("network.onnx");
    cv::utils::logging::setLogLevel(cv::utils::logging::LOG_LEVEL_SILENT);
    file.write(data, size);
    ModelDescription description;
    description.name = "damaged";
    description.task = NETWORK_MATCHER;
    description.file = file.path();
    description.size = cv::Size(32, 32);
    description.square = 1;
    try
    {
        const cv::Ptr<FaceNetwork> network = FaceNetwork::create(description);
        const std::vector<cv::Mat> crops(2, cv::Mat(32, 32, CV_8UC3, cv::Scalar::all(128)));
        cv::Mat descriptors;
        network->forward(crops, descriptors);
        test::require(descriptors.rows == 2 && cv::checkRange(descriptors));
    }
    catch (const cv::Exception&)
    {
        // refused, as it should be
    }
    return 0;
}
