// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#include "common/digest.hpp"
#include "evaluation/methods/factories.hpp"

#include <algorithm>

using namespace cv::sanprivacy;

namespace sanprivacy { namespace apps {

namespace {

//! A perturbing network, any of its outputs.
class SemiAdversarialNetwork : public Method
{
public:
    /** @param hidden what the perturber hides
    @param measured the attribute whose label the faces have */
    SemiAdversarialNetwork(const cv::Ptr<Perturber>& perturber, PrototypeChoice prototype, const std::vector<std::string>& hidden,
                           const std::string& measured)
        : perturber_(perturber), prototype_(prototype),
          measured_(hidden.size() == 1 ? 0 : size_t(std::find(hidden.begin(), hidden.end(), measured) - hidden.begin())) {}

    cv::Mat perturb(const cv::Mat& image, const EvaluatedFace& face) override
    {
        cv::Mat perturbed;
        const bool random = prototype_ == PROTOTYPE_RANDOM;
        PerturbParams params(prototype_, face.label);
        if (perturber_->getAttributes().size() == 1 && random)
            params.prototype = drawn(face) ? PROTOTYPE_OPPOSITE : PROTOTYPE_SAME;
        else if (random) // a network that is not told the label: a label that is drawn is as good as a target
            params = PerturbParams(PROTOTYPE_SAME, drawn(face));
        else if (perturber_->getAttributes().size() > 1)
            params.label = labelOf(image, face);
        perturber_->perturbFaces(image, face.face, perturbed, params);
        return perturbed;
    }

private:
    //! The label that is known; those of other attributes are predicted.
    int labelOf(const cv::Mat& image, const EvaluatedFace& face)
    {
        cv::Mat crop;
        alignFace(image, face.face, crop);
        int label = 0;
        for (size_t k = 0; k < perturber_->getAttributes().size(); ++k)
            label |= (k == measured_ ? face.label : int(perturber_->predict(crop, int(k)) >= 0.5)) << k;
        return label;
    }

    //! An evaluation can be repeated, so the coins are the image's content and not the perturber's secret generator.
    int drawn(const EvaluatedFace& face) const
    {
        const std::string digits = Digest().add("target").add(face.content).value();
        int bits = 0;
        for (size_t k = 0; k < perturber_->getAttributes().size(); ++k)
            bits |= (digits[k] & 1) << k;
        return bits;
    }

    cv::Ptr<Perturber> perturber_;
    PrototypeChoice prototype_;
    size_t measured_; // which attribute of the perturber; beyond them if it is none of them
};

} // namespace

std::unique_ptr<Method> createSemiAdversarialNetwork(const cv::Ptr<Perturber>& perturber, PrototypeChoice prototype,
                                                     const std::vector<std::string>& hidden, const std::string& measured)
{
    return std::make_unique<SemiAdversarialNetwork>(perturber, prototype, hidden, measured);
}

}} // namespace sanprivacy::apps
