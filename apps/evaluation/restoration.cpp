// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#include "evaluation/restoration.hpp"

#include "evaluation/attackers/adaptive_attacker.hpp"

#include <algorithm>
#include <exception>

namespace sanprivacy { namespace apps {

namespace {

const size_t MOST_PAIRS = 1000; // the time to learn grows with the square of their number

} // namespace

Restoration::Restoration(const EvaluationSet& set) : set_(set)
{
    std::vector<int> labels, people;
    for (const EvaluatedFace& face : set.faces)
    {
        labels.push_back(face.label);
        people.push_back(face.person);
    }
    parts_ = dealParts(labels, people);
    const size_t count = std::min(set.faces.size(), MOST_PAIRS);
    for (size_t i = 0; i < count; ++i)
        learnt_from_.push_back(i * set.faces.size() / count);
}

cv::Mat Restoration::restore(const cv::Mat& perturbed, size_t face, Method& method)
{
    std::call_once(learnt_, [&] { learn(method); });
    return restorer_.restore(perturbed, set_.faces[face].face, parts_[face]);
}

void Restoration::learn(Method& method)
{
    for (size_t i : learnt_from_)
        try
        {
            const EvaluatedFace& face = set_.faces[i];
            const cv::Mat original = set_.readImage(face);
            restorer_.add(original, method.perturb(original, face), face.face, parts_[i]);
        }
        catch (const std::exception&)
        {
            // reported when this face is measured
        }
    restorer_.learn();
}

}} // namespace sanprivacy::apps
