// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

// A model description file is read or refused with cv::Exception; what is read can be run, as far as the description
// alone tells.

#include "fuzzed_file.hpp"

#include <opencv2/sanprivacy.hpp>

using namespace sanprivacy;
using namespace cv::sanprivacy;

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size)
{
    static const test::FuzzedFile file("models.yml");
    file.write(data, size);
    std::vector<ModelDescription> networks;
    try
    {
        readModelDescriptions(file.path(), networks);
    }
    catch (const cv::Exception&)
    {
        test::require(networks.empty());
    }
    for (const ModelDescription& network : networks)
    {
        test::require(!network.size.empty() && network.size.width <= 4096 && network.size.height <= 4096);
        test::require(std::isfinite(network.scale) && !network.index.empty() && network.name.size() <= 255);
        test::require(network.landmark_template.empty() != (network.square == 0));
    }
    return 0;
}
