// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#ifndef SANPRIVACY_TRAIN_ATTACKERS_HPP
#define SANPRIVACY_TRAIN_ATTACKERS_HPP

#include <memory>
#include <utility>
#include <vector>

#include <torch/torch.h>

#include "networks.hpp"

namespace sanprivacy { namespace train {

/** @brief Faces as a camera farther away, another light and a compressed file would show them.

All faces of a call get the same resolution, so that no perturbation lives on details that only the canonical crop has.
@param faces [N,C,224,224], 0..1; tensors of one size share what is drawn for them
@param generator of the random numbers
@return as faces; may leave 0..1 by the noise */
std::vector<torch::Tensor> degrade(const std::vector<torch::Tensor>& faces, const c10::optional<at::Generator>& generator = c10::nullopt);

/** @brief Half of the faces, every second one, as cut from a smaller image: 72 to 160 pixels of its own fill the crop.

Photographs of everyday size (LFW, CelebA) give crops of about 100 x 100 true pixels; training crops have twice as many.
@param faces [N,C,224,224]
@param generator of the random numbers
@return as faces */
torch::Tensor someSmaller(const torch::Tensor& faces, const c10::optional<at::Generator>& generator = c10::nullopt);

/** @brief Targets for a batch: the opposite label for a share of the faces, else their own.

The generator has more to learn of opposite targets, of which one half of the faces is little. Whoever learns from its outputs shall not
learn that they are the likelier ones: at one half, targets say nothing about labels.
@param labels [N,A], 0 or 1
@param oppositeShare above 0, below 1
@param generator of the random numbers
@return targets and the weights, of mean 1, by which their costs count as those of independent targets would; both [N,A] */
std::pair<torch::Tensor, torch::Tensor> drawTargets(const torch::Tensor& labels, double oppositeShare,
                                                    const c10::optional<at::Generator>& generator = c10::nullopt);

/** @brief What a classifier sees of canonical crops, low-passed; differentiable.
@param faces [N,C,224,224]
@param jitter of drawJitter(), or undefined
@return [N,C,side,side] */
torch::Tensor viewOf(const torch::Tensor& faces, const SmallClassifierShape& shape, const torch::Tensor& jitter = {});

/** @brief Our own ensemble of classifiers, of different shapes.

All learn a matcher's descriptors beside the label: from millions of faces of others, they learn better by them what faces differ in. And whoever
is to tell persons apart, seeing no more than they do, has to find the person again.

The first of them may be informed: while the generator learns to mislead them, they go on learning, on faces as they are and on perturbed
ones with their true labels, as somebody does who has the software. The others stand for classifiers that know nothing of it. */
struct Attackers : torch::nn::Module
{
    /** @param descriptorSize of the matchers' descriptors, one after the other
    @param attributes number of labels that each of them learns */
    explicit Attackers(int64_t descriptorSize, int64_t attributes = 1);

    std::vector<std::shared_ptr<SmallClassifier>> members;
};

/** @brief Reads the label from a matcher's descriptors, by linear discriminant analysis: whoever has a matcher has this classifier.

Learnt from millions of faces for another purpose, descriptors hold more of a face than a small classifier sees. */
class DescriptorReader
{
public:
    /** @param descriptors [N,D] of faces as they are
    @param labels [N,A], 0 or 1, both present of each attribute */
    DescriptorReader(const torch::Tensor& descriptors, const torch::Tensor& labels);

    //! Log-odds of label 1, [N,A], of descriptors [N,D]; differentiable.
    torch::Tensor forward(const torch::Tensor& descriptors) const;

private:
    torch::Tensor weight_, bias_; // [D,A], [A]
};

//! What a checkpoint of the verb residual holds: the generator and those it is trained against; the generator alone can be read from it, too.
struct Contest : torch::nn::Module
{
    explicit Contest(std::shared_ptr<ResidualUNet> generator, std::shared_ptr<Attackers> attackers = {});

    std::shared_ptr<ResidualUNet> generator;
    std::shared_ptr<Attackers> attackers;
};

}} // namespace sanprivacy::train

#endif // SANPRIVACY_TRAIN_ATTACKERS_HPP
