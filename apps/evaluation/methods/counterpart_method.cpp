// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#include "evaluation/methods/counterpart_method.hpp"

#include "common/digest.hpp"
#include "options/faces.hpp"

#include <algorithm>
#include <stdexcept>

#include <opencv2/imgproc.hpp>
#include <opencv2/sanprivacy.hpp>

using namespace cv::sanprivacy;

namespace sanprivacy { namespace apps {

CounterpartMethod::CounterpartMethod(const EvaluationSet& set) : set_(set)
{
    for (const EvaluatedFace& face : set.faces)
        by_label_[face.label].push_back(&face);
    if (by_label_[0].empty() || by_label_[1].empty())
        throw std::runtime_error("needs faces of both labels to choose a counterpart from");
}

std::string CounterpartMethod::uses(const EvaluatedFace& face)
{
    const EvaluatedFace& counterpart = counterpartOf(face);
    return Digest().add(counterpart.content).add(counterpart.face).value();
}

cv::Mat CounterpartMethod::counterpartCrop(const EvaluatedFace& face, int channels, MeshPoints& points) const
{
    const EvaluatedFace& counterpart = counterpartOf(face);
    cv::Mat crop;
    alignFace(set_.readImage(counterpart), counterpart.face, crop);
    if (crop.channels() != channels)
        cv::cvtColor(crop, crop, channels == 1 ? cv::COLOR_BGR2GRAY : cv::COLOR_GRAY2BGR);
    points = meshOf(counterpart, crop.size());
    return crop;
}

MeshPoints CounterpartMethod::meshOf(const EvaluatedFace& face, const cv::Size& size)
{
    cv::Mat canonical, to_crop, landmarks;
    getCanonicalLandmarks(canonical, size);
    estimateSimilarity(face.face, canonical, to_crop);
    cv::transform(landmarksOf(face.face).reshape(2), landmarks, to_crop);
    return meshPoints(landmarks.reshape(1), size);
}

const EvaluatedFace& CounterpartMethod::counterpartOf(const EvaluatedFace& face) const
{
    const std::vector<const EvaluatedFace*>& others = by_label_[1 - face.label];
    const std::string digest = Digest().add(face.file).value();
    size_t number = 0;
    std::copy_n(digest.begin(), sizeof(number), reinterpret_cast<char*>(&number));
    return *others[number % others.size()];
}

}} // namespace sanprivacy::apps
