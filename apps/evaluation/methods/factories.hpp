// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#ifndef SANPRIVACY_APPS_EVALUATION_METHODS_FACTORIES_HPP
#define SANPRIVACY_APPS_EVALUATION_METHODS_FACTORIES_HPP

#include "evaluation/methods/method.hpp"

#include <memory>
#include <string>
#include <vector>

#include <opencv2/sanprivacy.hpp>

namespace sanprivacy { namespace apps {

//! @param sigma of the Gaussian, in pixels of the canonical crop, whose eyes are 90 apart
std::unique_ptr<Method> createBlur(double sigma);

//! @param block side of a block in pixels of the canonical crop
std::unique_ptr<Method> createPixelation(double block);

//! Othman and Ross 2014. @param degree share of the other face, 0..1
std::unique_ptr<Method> createMixing(const EvaluationSet& set, double degree);

//! The networks that a search works against.
struct SearchNetworks
{
    cv::Ptr<cv::sanprivacy::FaceNetwork> classifier, matcher;
    double match_threshold = 0; //!< the perturbed face stays at or above it
    std::string key;            //!< identifies these networks in the cache
};

//! Mirjalili and Ross 2017.
std::unique_ptr<Method> createSearch(const EvaluationSet& set, const SearchNetworks& networks);

//! Images perturbed elsewhere, under the names and in the sizes of the originals.
std::unique_ptr<Method> createFolder(const std::string& folder, const EvaluationSet& set);

/** An output of a perturbing network.
@param hidden what the perturber hides
@param measured the attribute whose label the faces have
@param key identifies the perturber in the cache */
std::unique_ptr<Method> createSemiAdversarialNetwork(const cv::Ptr<cv::sanprivacy::Perturber>& perturber,
    cv::sanprivacy::PrototypeChoice prototype, const std::vector<std::string>& hidden, const std::string& measured,
    const std::string& key);
}} // namespace sanprivacy::apps

#endif // SANPRIVACY_APPS_EVALUATION_METHODS_FACTORIES_HPP
