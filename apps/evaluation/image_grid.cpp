// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#include "evaluation/image_grid.hpp"

#include <algorithm>

#include <opencv2/sanprivacy.hpp>

using namespace cv::sanprivacy;

namespace sanprivacy { namespace apps {

ImageGrid::ImageGrid(const EvaluationSet& set, size_t rows) : set_(set)
{
    std::vector<size_t> by_label[2];
    for (size_t i = 0; i < set.faces.size(); ++i)
        by_label[set.faces[i].label].push_back(i);
    for (size_t row = 0; row < rows; ++row)
    {
        const std::vector<size_t>& faces = by_label[row % 2].empty() ? by_label[1 - row % 2] : by_label[row % 2];
        chosen_.push_back(faces[row * faces.size() / rows]); // spread over the set
    }
    std::sort(chosen_.begin(), chosen_.end());
    chosen_.erase(std::unique(chosen_.begin(), chosen_.end()), chosen_.end());
    grid_.rows.resize(chosen_.size());
    grid_.legends.resize(chosen_.size());
}

void ImageGrid::add(const Measured& measured, const std::vector<ModelDescription>& networks, Method* method)
{
    const auto classifier = std::find_if(
        networks.begin(), networks.end(), [](const ModelDescription& n) { return n.task == NETWORK_CLASSIFIER; });
    grid_.columns.push_back(measured.title);
    for (size_t row = 0; row < chosen_.size(); ++row)
    {
        const EvaluatedFace& face = set_.faces[chosen_[row]];
        cv::Mat crop;
        std::string legend;
        if (measured.appearances[chosen_[row]].measured)
        {
            const cv::Mat image = set_.readImage(face);
            alignFace(method ? method->perturb(image, face) : image, face.face, crop);
            if (classifier != networks.end())
            {
                const size_t index = size_t(classifier - networks.begin());
                const std::vector<float>& output = measured.outputs[index][0][chosen_[row]];
                legend = output.empty() ? "–" : cv::format("%.2f", output.front());
            }
        }
        grid_.rows[row].push_back(crop);
        grid_.legends[row].push_back(legend);
    }
    grid_.title = "Images (Figure 5)";
    grid_.caption = classifier == networks.end() ? std::string()
                                                 : "Under each face: the probability of label 1 that classifier "
                                                       + classifier->name + " gives it.";
}

}} // namespace sanprivacy::apps
