// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#include "common/digest.hpp"
#include "evaluation/methods/counterpart_method.hpp"
#include "evaluation/methods/factories.hpp"

#include <algorithm>

#include <opencv2/imgproc.hpp>

using namespace cv::sanprivacy;

namespace sanprivacy { namespace apps {

namespace {

/** Classifier-specific search: Mirjalili and Ross, Soft Biometric Privacy: Retaining Biometric Utility of Face Images
while Perturbing Gender, 2017. Without gradients: triangle by triangle the face approaches one of the other gender.
Every step takes the triangle that costs the given classifier most, among those that the given matcher bears. */
class Search : public CounterpartMethod
{
public:
    Search(const EvaluationSet& set, const SearchNetworks& networks) : CounterpartMethod(set), networks_(networks) {}

    cv::Mat perturb(const cv::Mat& image, const EvaluatedFace& face) override
    {
        const cv::Mat descriptor = forward(*networks_.matcher, image, face);
        const std::vector<cv::Mat> changes = triangleChanges(image, face);
        std::vector<int> steps(changes.size(), 0);
        cv::Mat best = image;
        double probability = trueProbability(best, face);

        // What a further step of each triangle would take from the probability. Such gains mostly shrink as the face
        // changes, so one that is known to be less than another's present gain need not be computed again.
        std::vector<double> gains(changes.size(), 1);
        std::vector<cv::Mat> tried(changes.size()); // empty: the gain is from before the last change
        while (probability > SURE_ENOUGH)
        {
            const size_t t = size_t(std::max_element(gains.begin(), gains.end()) - gains.begin());
            if (gains[t] <= 0)
                break;
            if (tried[t].empty())
            {
                ++steps[t];
                tried[t] = apply(image, changes, steps);
                --steps[t];
                gains[t] = probability - trueProbability(tried[t], face);
            }
            else if (networks_.matcher->match(descriptor, forward(*networks_.matcher, tried[t], face))
                     < networks_.match_threshold)
                gains[t] = 0; // this triangle stays as it is
            else
            {
                best = tried[t];
                probability -= gains[t];
                if (++steps[t] == STEPS)
                    gains[t] = 0;
                tried.assign(tried.size(), cv::Mat());
            }
        }
        return best;
    }

    std::string key() override
    {
        return Digest().add(networks_.key).add(cv::format("%a", networks_.match_threshold)).value();
    }

protected:
    cv::Mat perturbCrop(const cv::Mat& crop, const EvaluatedFace&) override { return crop; } // perturb() does it all

private:
    static constexpr int STEPS = 3;             // from the own texture of a triangle to the counterpart's
    static constexpr double SURE_ENOUGH = 0.25; // probability of the true label: not just across the boundary
    static constexpr double SOFT_EDGE = 3;      // blur of a triangle's mask, pixels of the crop

    static cv::Mat forward(FaceNetwork& network, const cv::Mat& image, const EvaluatedFace& face)
    {
        cv::Mat crop, output;
        network.crop(image, face.face, crop);
        network.forward(std::vector<cv::Mat>(1, crop), output);
        return output;
    }

    double trueProbability(const cv::Mat& image, const EvaluatedFace& face)
    {
        const double probability = forward(*networks_.classifier, image, face).at<float>(0);
        return face.label == 1 ? probability : 1 - probability;
    }

    //! What changes in the image where a triangle takes the counterpart's texture.
    std::vector<cv::Mat> triangleChanges(const cv::Mat& image, const EvaluatedFace& face)
    {
        cv::Mat crop;
        alignFace(image, face.face, crop);
        MeshPoints other;
        const MeshPoints own = meshOf(face, crop.size());
        const cv::Mat counterpart = counterpartCrop(face, crop.channels(), other);
        const std::vector<cv::Vec3i> triangles = triangulate(own, crop.size());
        const cv::Mat warped = warpMesh(counterpart, other, own, triangles);
        const cv::Mat1i map = triangleMap(own, triangles, crop.size());

        cv::Mat own_texture, other_texture;
        crop.convertTo(own_texture, CV_32F, 1. / 255);
        warped.convertTo(other_texture, CV_32F, 1. / 255);
        std::vector<cv::Mat> changes;
        for (size_t t = 0; t < triangles.size(); ++t)
        {
            cv::Mat mask;
            cv::Mat(map == int(t)).convertTo(mask, CV_32F, 1. / 255);
            cv::GaussianBlur(mask, mask, cv::Size(), SOFT_EDGE);
            if (crop.channels() == 3)
                cv::merge(std::vector<cv::Mat>(3, mask), mask);
            const cv::Mat mixed = own_texture + mask.mul(other_texture - own_texture);
            const cv::Mat nothing = cv::Mat::zeros(image.size(), CV_MAKETYPE(CV_32F, image.channels()));
            changes.push_back(replaceCrop(nothing, face, own_texture, mixed));
        }
        return changes;
    }

    static cv::Mat apply(const cv::Mat& image, const std::vector<cv::Mat>& changes, const std::vector<int>& steps)
    {
        cv::Mat sum, result;
        image.convertTo(sum, CV_32F, 1. / 255);
        for (size_t t = 0; t < changes.size(); ++t)
            if (steps[t] > 0)
                cv::scaleAdd(changes[t], double(steps[t]) / STEPS, sum, sum);
        sum.convertTo(result, CV_8U, 255);
        return result;
    }

    SearchNetworks networks_;
};

} // namespace

std::unique_ptr<Method> createSearch(const EvaluationSet& set, const SearchNetworks& networks)
{
    return std::make_unique<Search>(set, networks);
}

}} // namespace sanprivacy::apps
