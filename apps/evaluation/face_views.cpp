// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#include "evaluation/face_views.hpp"

#include "evaluation/gray_crop.hpp"
#include "options/faces.hpp"

#include <cmath>

#include <opencv2/imgproc.hpp>
#include <opencv2/objdetect.hpp>
#ifdef HAVE_OPENCV_QUALITY
#include <opencv2/quality/qualityssim.hpp>
#endif

namespace sanprivacy { namespace apps {

FaceViews::FaceViews(const EvaluationSet& set, size_t face, Method* method, Restoration* restoration,
    const std::vector<ImageAttacker>& attackers)
    : set_(set), index_(face), face_(set.faces[face]), method_(method), restoration_(restoration),
      attackers_(attackers), images_(attackers.size())
{
}

const cv::Mat& FaceViews::image(size_t attacker)
{
    if (images_[attacker].empty())
        images_[attacker] =
            attackers_[attacker].process(attackers_[attacker].restores ? restored() : perturbed(), face_.face);
    return images_[attacker];
}

std::vector<float> FaceViews::gradients(size_t attacker)
{
    const cv::Size size(128, 128), block(32, 32), cell(16, 16);
    const int orientations = 9;
    cv::Mat crop;
    cv::resize(grayCrop(image(attacker), face_.face), crop, size, 0, 0, cv::INTER_AREA);
    std::vector<float> histograms;
    cv::HOGDescriptor(size, block, block, cell, orientations).compute(crop, histograms);
    return histograms;
}

std::vector<float> FaceViews::appearance(cv::sanprivacy::FaceDetector& detector)
{
    const bool detected = !findFace(detector, perturbed(), landmarksOf(face_.face)).empty();
    const cv::Mat before = grayCrop(original(), face_.face), after = grayCrop(perturbed(), face_.face);
#ifdef HAVE_OPENCV_QUALITY
    const double ssim = cv::quality::QualitySSIM::compute(before, after, cv::noArray())[0];
#else
    const double ssim = NAN;
#endif
    return { detected ? 1.f : 0.f, float(cv::PSNR(before, after)), float(ssim) };
}

const cv::Mat& FaceViews::original()
{
    if (original_.empty())
        original_ = set_.readImage(face_);
    return original_;
}

const cv::Mat& FaceViews::perturbed()
{
    if (perturbed_.empty())
        perturbed_ = method_ ? method_->perturb(original(), face_) : original();
    return perturbed_;
}

const cv::Mat& FaceViews::restored()
{
    if (restored_.empty())
        restored_ = method_ && restoration_ ? restoration_->restore(perturbed(), index_, *method_) : perturbed();
    return restored_;
}

}} // namespace sanprivacy::apps
