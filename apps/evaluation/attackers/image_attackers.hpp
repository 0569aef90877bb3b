// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#ifndef SANPRIVACY_APPS_EVALUATION_ATTACKERS_IMAGE_ATTACKERS_HPP
#define SANPRIVACY_APPS_EVALUATION_ATTACKERS_IMAGE_ATTACKERS_HPP

#include <string>
#include <vector>

#include <opencv2/core.hpp>

namespace sanprivacy { namespace apps {

//! Someone who treats an image that may be perturbed before a classifier sees it.
struct Attacker
{
    std::string name;  //!< of the command line
    std::string title; //!< of the report
    cv::Mat (*process)(const cv::Mat& image);
    bool averages_flips; //!< the classifier's outputs for the image and its mirror image are averaged
};

//! Attackers by name, after "none", who takes the image as it is. An unknown name raises UsageError.
std::vector<Attacker> findAttackers(const std::vector<std::string>& names);

std::vector<std::string> attackerNames();

}} // namespace sanprivacy::apps

#endif // SANPRIVACY_APPS_EVALUATION_ATTACKERS_IMAGE_ATTACKERS_HPP
