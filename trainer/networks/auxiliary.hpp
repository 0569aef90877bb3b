// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#ifndef SANPRIVACY_TRAIN_NETWORKS_AUXILIARY_HPP
#define SANPRIVACY_TRAIN_NETWORKS_AUXILIARY_HPP

#include <filesystem>
#include <string>
#include <vector>

#include <opencv2/sanprivacy/networks.hpp>
#include <torch/torch.h>

#include "onnx_reader/graph.hpp"

namespace sanprivacy { namespace train {

/** @brief A face network of somebody else as a differentiable function of canonical crops: f_G or R of Eq. 5.

The canonical crop is resampled into the network's own landmark template as alignFace() would cut it from a photograph.
Networks that want a square round the face box get the one round a typical box; squares above .74 of the box reach
beyond the crop, whose border repeats there unless its surroundings are known. A gray plane given to three equal input
channels is the same as summing the first layer's filters over the channels, which is how the paper fits VGG-Face to
gray faces. */
class Auxiliary
{
public:
    /** Raises cv::Exception where the network does not work as described.
    @param description an entry of cv::sanprivacy::readModelDescriptions()
    @param dtype of weights and activations; torch::kBFloat16 (for speed) reaches matchers only: classifiers stay in
    fp32, since bf16 does not tell a probability of .998 from 1
    @param device where the faces will be
    @param surroundings the caller has crops within their surroundings, too: see seesSurroundings() */
    explicit Auxiliary(const cv::sanprivacy::ModelDescription& description, torch::ScalarType dtype = torch::kFloat,
        const torch::Device& device = torch::kCPU, bool surroundings = false);

    const cv::sanprivacy::ModelDescription& description() const { return description_; }
    torch::Device device() const { return positions_.device(); }

    //! Whether crop() and forward() expect what withinSurroundings() gives instead of canonical crops: a square that
    //! reaches beyond the crop, seen at no more than half of the crop's resolution.
    bool seesSurroundings() const { return zoom_ < 1; }

    /** @brief What the network sees of each channel: [N,C,height,width], 0..1.
    @param faces canonical crops, gray [N,1,224,224] or RGB [N,3,224,224], 0..1; beyond their border it repeats
    @param jitter of drawJitter(), or undefined */
    torch::Tensor crop(const torch::Tensor& faces, const torch::Tensor& jitter = {}) const;

    /** @brief Matchers: descriptors [N,D], of unit length where they compare by cosine. Classifiers: logit of label 1,
    [N,1]. Differentiable; fp32, or double if the network is. Give an original and its perturbed face the same jitter.
    */
    torch::Tensor forward(const torch::Tensor& faces, const torch::Tensor& jitter = {}) const;

private:
    void fail [[noreturn]] (const std::string& what) const;
    void checkDescription() const;
    void prepareCrop(const torch::Device& device);
    void checkOutput() const;
    torch::Tensor run(const torch::Tensor& input) const;

    cv::sanprivacy::ModelDescription description_;
    OnnxGraph graph_;
    torch::Tensor lowPass_;   // [m,224]: columns or rows of the crop, low-passed, every step_-th of them; or undefined
    double zoom_ = 1;         // of the CropTemplate of what it is given
    int64_t step_ = 1;        // pixels
    torch::Tensor positions_; // [height,width,2]: (x, y) in the canonical crop of each pixel of the network's
    torch::Tensor mean_;      // [1,C,1,1]
};

/** @brief The network of a name in a model description file; without one, cv::Exception tells the names that are there.
@param modelsFile as cv::sanprivacy::readModelDescriptions() takes it
@param task NETWORK_CLASSIFIER or NETWORK_MATCHER
@param dtype, device, surroundings as in Auxiliary */
Auxiliary findAuxiliary(const std::filesystem::path& modelsFile, const std::string& name, int task,
    torch::ScalarType dtype = torch::kFloat, const torch::Device& device = torch::kCPU, bool surroundings = false);

//! findAuxiliary() of several names.
std::vector<Auxiliary> findAuxiliaries(const std::filesystem::path& modelsFile, const std::vector<std::string>& names,
    int task, torch::ScalarType dtype = torch::kFloat, const torch::Device& device = torch::kCPU,
    bool surroundings = false);

//! Number of elements of the matchers' descriptors, one after the other.
int64_t descriptorSize(const std::vector<Auxiliary>& matchers);

}} // namespace sanprivacy::train

#endif // SANPRIVACY_TRAIN_NETWORKS_AUXILIARY_HPP
