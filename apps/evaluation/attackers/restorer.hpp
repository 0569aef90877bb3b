// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#ifndef SANPRIVACY_APPS_EVALUATION_ATTACKERS_RESTORER_HPP
#define SANPRIVACY_APPS_EVALUATION_ATTACKERS_RESTORER_HPP

#include <vector>

#include <opencv2/core.hpp>

namespace sanprivacy { namespace apps {

/** Someone who has pairs of original and perturbed faces of other people, and learns to undo the change.

The gray change of the aligned face, at a quarter of its resolution, is predicted from the perturbed face by a ridge
regression. What is finer than that, and colors, stay as they are. */
class Restorer
{
public:
    /** Adds a pair to learn from.
    @param part of the person, as dealParts() gives it
    @param face a row of FaceDetector::detect() */
    void add(const cv::Mat& original, const cv::Mat& perturbed, const cv::Mat& face, int part);

    //! Learns the pairs of all parts but one, for each part.
    void learn();

    //! The image with the change undone, by what was learnt from people of other parts; as it is where there are none.
    cv::Mat restore(const cv::Mat& image, const cv::Mat& face, int part) const;

private:
    struct Regression
    {
        cv::Mat1f mean, weights, mean_change; //!< empty where there is nothing to learn
    };

    cv::Mat1f perturbed_, changes_; // a row for each pair
    std::vector<int> parts_;
    std::vector<Regression> regressions_; // by part
};

}} // namespace sanprivacy::apps

#endif // SANPRIVACY_APPS_EVALUATION_ATTACKERS_RESTORER_HPP
