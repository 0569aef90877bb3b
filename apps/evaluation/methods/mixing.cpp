// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#include "evaluation/methods/counterpart_method.hpp"
#include "evaluation/methods/factories.hpp"

namespace sanprivacy { namespace apps {

namespace {

/** Face mixing: Othman and Ross, Privacy of Facial Soft Biometrics: Suppressing Gender But Retaining Identity, 2014.
Shape and texture of the face move towards those of a face of the other gender. */
class Mixing : public CounterpartMethod
{
public:
    Mixing(const EvaluationSet& set, double degree) : CounterpartMethod(set), degree_(degree) {}

protected:
    cv::Mat perturbCrop(const cv::Mat& crop, const EvaluatedFace& face) override
    {
        MeshPoints own = meshOf(face, crop.size()), other, mixed(own.size());
        const cv::Mat counterpart = counterpartCrop(face, crop.channels(), other);
        for (size_t i = 0; i < own.size(); ++i)
            mixed[i] = own[i] * (1 - degree_) + other[i] * degree_;
        const std::vector<cv::Vec3i> triangles = triangulate(mixed, crop.size());
        cv::Mat result;
        cv::addWeighted(warpMesh(crop, own, mixed, triangles), 1 - degree_,
            warpMesh(counterpart, other, mixed, triangles), degree_, 0, result);
        return result;
    }

private:
    double degree_; // share of the counterpart
};

} // namespace

std::unique_ptr<Method> createMixing(const EvaluationSet& set, double degree)
{
    return std::make_unique<Mixing>(set, degree);
}

}} // namespace sanprivacy::apps
