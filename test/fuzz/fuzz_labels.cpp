// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

// A label file is read or refused with std::runtime_error; every row that is read has a label that means something and
// finite landmarks, and images are matched to rows that there are.

#include "fuzzed_file.hpp"
#include "options/labels.hpp"

#include <stdexcept>

using namespace sanprivacy;

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size)
{
    static const test::FuzzedFile file("labels.csv");
    file.write(data, size);
    for (const char* attribute : { "gender", "age" })
        try
        {
            const apps::LabelFile labels(file.path(), { attribute });
            for (const apps::Labelled& row : labels.rows())
            {
                test::require(row.label >= apps::NO_LABEL && row.label <= 1);
                test::require(row.landmarks.empty() || cv::checkRange(row.landmarks));
            }
            const std::vector<std::vector<int>> matched =
                labels.match({ { "/photos/a.jpg", "a.jpg" }, { "b/a.jpg", "a.jpg" } });
            test::require(matched.size() == 2);
            for (const std::vector<int>& rows : matched)
                for (int row : rows)
                    test::require(row >= 0 && row < int(labels.rows().size()));
            labels.unknown(matched);
        }
        catch (const std::runtime_error&)
        {
            // refused, as it should be
        }
    return 0;
}
