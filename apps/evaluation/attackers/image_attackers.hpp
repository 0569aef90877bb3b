// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#ifndef SANPRIVACY_APPS_EVALUATION_ATTACKERS_IMAGE_ATTACKERS_HPP
#define SANPRIVACY_APPS_EVALUATION_ATTACKERS_IMAGE_ATTACKERS_HPP

#include <string>
#include <vector>

#include <opencv2/core.hpp>

namespace sanprivacy { namespace apps {

//! Someone who treats an image that may be perturbed before a network sees it.
struct ImageAttacker
{
    std::string name;  //!< of the command line
    std::string title; //!< of the report
    cv::Mat (*process)(const cv::Mat& image, const cv::Mat& face);
    bool averages_flips; //!< the classifier's outputs for the image and its mirror image are averaged
    bool restores;       //!< sees what a Restorer makes of the image
};

//! "none", who takes the image as it is; then all others.
const std::vector<ImageAttacker>& imageAttackers();

/** The image of the inner face alone: outside an ellipse from the brows to below the lips it has the mean color of what
is inside. A method that leaves the border of a face answers for no more than this.
@param face a row of FaceDetector::detect() */
cv::Mat innerFace(const cv::Mat& image, const cv::Mat& face);

}} // namespace sanprivacy::apps

#endif // SANPRIVACY_APPS_EVALUATION_ATTACKERS_IMAGE_ATTACKERS_HPP
