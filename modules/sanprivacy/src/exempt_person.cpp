// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#include "precomp.hpp"
#include "dnn_net.hpp" // reasonOf()
#include "exempt_person.hpp"

namespace cv { namespace sanprivacy {

int recognise(const std::vector<ExemptPerson>& persons, const Mat& image, const Mat& face)
{
    int best = -1;
    double most = 0;
    Mat seen;
    for (size_t i = 0; i < persons.size(); ++i)
    {
        const ExemptPerson& person = persons[i];
        try
        {
            if (i == 0 || person.matcher != persons[i - 1].matcher)
            {
                Mat crop;
                seen.release();
                person.matcher->crop(image, face, crop);
                person.matcher->forward(std::vector<Mat>(1, crop), seen);
            }
            const double score = seen.empty() ? NAN : person.matcher->match(person.descriptor, seen);
            if (score >= person.min_score && (best < 0 || score > most)) // false where it is NaN
            {
                best = int(i);
                most = score;
            }
        }
        catch (const cv::Exception& e)
        {
            CV_LOG_WARNING(NULL, "sanprivacy: the matcher failed, the face is protected: " << reasonOf(e));
        }
    }
    return best;
}

}} // namespace cv::sanprivacy
