// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

// A prototypes file, packed or not, is read or refused with cv::Exception; what is read are two finite images of one
// size and whole numbers of faces.

#include "fuzzed_file.hpp"

#include <opencv2/sanprivacy.hpp>

#include <cmath>

using namespace sanprivacy;
using namespace cv::sanprivacy;

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size)
{
    static const test::FuzzedFile file("prototypes.yml");
    file.write(data, size);
    cv::Ptr<PrototypeBuilder> prototypes;
    try
    {
        prototypes = PrototypeBuilder::load(file.path());
    }
    catch (const cv::Exception&)
    {
        return 0;
    }
    for (int label = 0; label <= 1; ++label)
    {
        const double count = prototypes->count(label);
        test::require(count >= 0 && count == std::floor(count));
        cv::Mat mean;
        if (count > 0)
            prototypes->same(label, mean);
        test::require(count == 0 || (mean.size() == prototypes->getSize() && cv::checkRange(mean)));
    }
    return 0;
}
