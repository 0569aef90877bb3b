// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#ifndef SANPRIVACY_APPS_EVALUATION_RESULTS_ADAPTIVE_RESULT_HPP
#define SANPRIVACY_APPS_EVALUATION_RESULTS_ADAPTIVE_RESULT_HPP

#include "evaluation/evaluation_set.hpp"
#include "evaluation/measurements.hpp"

#include <cmath>
#include <string>
#include <vector>

#include <opencv2/sanprivacy.hpp>

namespace sanprivacy { namespace apps {

//! Results of an attacker that has learnt from other people's faces.
struct AttackFigures
{
    double auc = NAN;      //!< of the score of one image; NAN where there are too few faces to learn from
    double error = NAN;    //!< equal error rate
    double vote_auc = NAN; //!< of the mean score of all images of a person; of people with several
};

//! An attacker who learns, on one kind of features.
struct AdaptiveResult
{
    std::string attacker;                    //!< as in the option --attackers
    std::string title;                       //!< of the report
    std::string features;                    //!< name of a matcher, or "gradients"
    std::vector<AttackFigures> whole, inner; //!< by method: of the image, and of its inner face (NAN if not measured)
};

/** All attackers who learn, on all features.
@param names of the attackers: neighbors and probe predict the label, treated whether a face is perturbed
@param inner number of the attacker of images who keeps the inner face, or -1 */
std::vector<AdaptiveResult> attackAdaptively(const EvaluationSet& set,
    const std::vector<cv::sanprivacy::ModelDescription>& networks, const std::vector<Measured>& measured,
    const std::vector<std::string>& names, int inner);

}} // namespace sanprivacy::apps

#endif // SANPRIVACY_APPS_EVALUATION_RESULTS_ADAPTIVE_RESULT_HPP
