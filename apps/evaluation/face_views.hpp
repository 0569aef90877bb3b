// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#ifndef SANPRIVACY_APPS_EVALUATION_FACE_VIEWS_HPP
#define SANPRIVACY_APPS_EVALUATION_FACE_VIEWS_HPP

#include "evaluation/attackers/image_attackers.hpp"
#include "evaluation/evaluation_set.hpp"
#include "evaluation/methods/method.hpp"
#include "evaluation/restoration.hpp"

#include <vector>

#include <opencv2/sanprivacy.hpp>

namespace sanprivacy { namespace apps {

//! One face under one method, as each attacker sees it; every image is made when somebody first asks for it.
class FaceViews
{
public:
    /** @param face its number in the set
    @param method, restoration nothing for the original face, which needs no restoring */
    FaceViews(const EvaluationSet& set, size_t face, Method* method, Restoration* restoration,
        const std::vector<ImageAttacker>& attackers);

    //! What an attacker makes of the perturbed image.
    const cv::Mat& image(size_t attacker);

    //! Histograms of oriented gradients of the aligned face.
    std::vector<float> gradients(size_t attacker);

    //! Detected (0 or 1), PSNR, SSIM.
    std::vector<float> appearance(cv::sanprivacy::FaceDetector& detector);

private:
    const cv::Mat& original();
    const cv::Mat& perturbed();
    const cv::Mat& restored();

    const EvaluationSet& set_;
    size_t index_;
    const EvaluatedFace& face_;
    Method* method_;
    Restoration* restoration_;
    const std::vector<ImageAttacker>& attackers_;
    cv::Mat original_, perturbed_, restored_;
    std::vector<cv::Mat> images_; // by attacker
};

}} // namespace sanprivacy::apps

#endif // SANPRIVACY_APPS_EVALUATION_FACE_VIEWS_HPP
