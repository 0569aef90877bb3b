// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#include "common/digest.hpp"
#include "evaluation/methods/factories.hpp"
#include "options/faces.hpp"

#include <algorithm>

#include <opencv2/imgproc.hpp>

using namespace cv::sanprivacy;

namespace sanprivacy { namespace apps {

namespace {

//! An image that is no photograph, with the landmarks of a face: a perturber is identified by its output for it.
struct Probe
{
    cv::Mat image;
    EvaluatedFace face;

    explicit Probe(int label)
    {
        const cv::Size size(320, 320);
        const cv::Point2f crop_corner(48, 48); // of the canonical crop
        cv::RNG rng(1);
        image.create(size, CV_8UC3);
        rng.fill(image, cv::RNG::UNIFORM, 0, 256);
        const double smooth = 4;
        cv::GaussianBlur(image, image, cv::Size(), smooth);
        cv::normalize(image, image, 0, 255, cv::NORM_MINMAX);

        cv::Mat1f landmarks;
        getCanonicalLandmarks(landmarks);
        landmarks.col(0) += crop_corner.x;
        landmarks.col(1) += crop_corner.y;
        face.file = "probe";
        face.label = label;
        face.face = (cv::Mat_<float>(1, FACE_COLUMNS) << crop_corner.x, crop_corner.y, 224, 224, 0, 0, 0, 0, 0, 0, 0, 0,
            0, 0, 1);
        setLandmarks(face.face, landmarks);
    }
};

//! A perturbing network, any of its outputs.
class SemiAdversarialNetwork : public Method
{
public:
    /** @param hidden what the perturber hides
    @param measured the attribute whose label the faces have
    @param key of the perturber's options */
    SemiAdversarialNetwork(const cv::Ptr<Perturber>& perturber, PrototypeChoice prototype,
        const std::vector<std::string>& hidden, const std::string& measured, const std::string& key)
        : perturber_(perturber), prototype_(prototype),
          measured_(
              hidden.size() == 1 ? 0 : size_t(std::find(hidden.begin(), hidden.end(), measured) - hidden.begin())),
          key_(key)
    {
    }

    cv::Mat perturb(const cv::Mat& image, const EvaluatedFace& face) override
    {
        cv::Mat perturbed;
        const bool random = prototype_ == PROTOTYPE_RANDOM;
        PerturbParams params(random ? PROTOTYPE_OPPOSITE : prototype_, face.label);
        if (random) // a network that does not receive the label shows the opposite of any; color is evened out for both
            params.label = opposite(target(face));
        else if (perturber_->getAttributes().size() > 1)
            params.label = labelOf(image, face);
        perturber_->perturbFaces(image, face.face, perturbed, params);
        return perturbed;
    }

    //! Options and what shipped networks, which they need not name, make of an image.
    std::string key() override
    {
        Digest digest;
        digest.add(key_).add(std::to_string(int(prototype_))).add(std::to_string(measured_));
        for (int label : { 0, 1 })
        {
            const Probe probe(label);
            digest.add(perturb(probe.image, probe.face));
            const int attributes = int(perturber_->getAttributes().size());
            for (int k = 0; attributes > 1 && k < attributes; ++k) // labelOf() asks
                digest.add(cv::format("%a", perturber_->predictFace(probe.image, probe.face.face, k)));
        }
        return digest.value();
    }

private:
    //! The label that is known; those of other attributes are predicted.
    int labelOf(const cv::Mat& image, const EvaluatedFace& face)
    {
        int label = 0;
        for (size_t k = 0; k < perturber_->getAttributes().size(); ++k)
            label |= (k == measured_ ? face.label : int(perturber_->predictFace(image, face.face, int(k)) >= 0.5)) << k;
        return label;
    }

    //! What the face is to show: of one attribute, its own label or the other one.
    int target(const EvaluatedFace& face) const
    {
        return perturber_->getAttributes().size() == 1 ? face.label ^ drawn(face) : drawn(face);
    }

    int opposite(int label) const { return (1 << perturber_->getAttributes().size()) - 1 - label; }

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
    std::string key_;
};

} // namespace

std::unique_ptr<Method> createSemiAdversarialNetwork(const cv::Ptr<Perturber>& perturber, PrototypeChoice prototype,
    const std::vector<std::string>& hidden, const std::string& measured, const std::string& key)
{
    return std::make_unique<SemiAdversarialNetwork>(perturber, prototype, hidden, measured, key);
}

}} // namespace sanprivacy::apps
