// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#ifndef SANPRIVACY_TRAIN_LOSSES_HPP
#define SANPRIVACY_TRAIN_LOSSES_HPP

#include <torch/torch.h>

namespace sanprivacy { namespace train {

// The cost functions of the paper as means over the batch, computed in fp32.

/** J_D (Eq. 1), the cost of pre-training: pixelwise cross entropy S between X and X'_SM, mean over the pixels.
@param logits [N,1,H,W] of X'_SM
@param x [N,1,H,W], 0..1 */
torch::Tensor reconstructionLoss(const torch::Tensor& logits, const torch::Tensor& x);

/** S: cross entropy between labels and predictions.
@param labels [N,1], 0 or 1 (or a probability between)
@param logits [N,1] of label 1
@param weights of the faces' costs, [N,1]; undefined: all 1 */
torch::Tensor crossEntropy(const torch::Tensor& labels, const torch::Tensor& logits, const torch::Tensor& weights = {});

/** J_G (Eq. 3): the same-label output keeps its label y, the opposite-label output gets the flipped one.
@param labels y, [N,1]
@param same f(X'_SM), logits [N,1]
@param opposite f(X'_OP), logits [N,1] */
torch::Tensor genderLoss(const torch::Tensor& labels, const torch::Tensor& same, const torch::Tensor& opposite);

/** J_M (Eq. 4): squared Euclidean distance between face descriptors.
@param perturbed R(X'_SM), [N,D]
@param original R(X), [N,D] */
torch::Tensor matchingLoss(const torch::Tensor& perturbed, const torch::Tensor& original);

/** J = l_G J_G + l_M J_M (Eq. 5). */
torch::Tensor totalLoss(
    const torch::Tensor& gender, const torch::Tensor& matching, double lambda_gender = 1., double lambda_matching = 1.);

// Beyond the paper: costs of the residual U-Net.

/** J_G towards a target that is independent of the face's own label: softplus(margin - s f), s = 1 for target 1, else
-1. Unlike the cross entropy of Eq. 3 it goes on until the classifier is not only wrong, but sure. For a neutral target
it shall be undecided: S(1/2, 4 (f - m)) / 2, which is about |f - m|, so that small logits still have a gradient. For an
attribute that is not to be hidden the answer shall stay: S(f(X), f(X')) takes the place of its cost.
@param targets [N,A] of A attributes, 0, 1 or NEUTRAL_TARGET
@param logits f(X'), [N,A] of label 1
@param margin logit from which on nothing is gained
@param hidden [N,A], 1 for an attribute to be hidden, else 0; undefined: all are
@param original f(X), [N,A]; needed where hidden is given
@param middle m, logits [N,A] that count as undecided; undefined: 0
@param weights of the faces' costs, [N,A]; undefined: all 1 */
torch::Tensor targetLoss(const torch::Tensor& targets, const torch::Tensor& logits, double margin,
    const torch::Tensor& hidden = {}, const torch::Tensor& original = {}, const torch::Tensor& middle = {},
    const torch::Tensor& weights = {});

/** J_G of a classifier that learns on perturbed faces: it shall be undecided, S(1/2, f(X')), because it would learn to
invert any other answer.
@param logits, hidden, original as for targetLoss() */
torch::Tensor confusionLoss(
    const torch::Tensor& logits, const torch::Tensor& hidden = {}, const torch::Tensor& original = {});

/** J_M for descriptors of unit length: with d = 1 - cos(R(X'), R(X)), the mean of d and its root mean square, so that
those who lose most count most.
@param perturbed R(X'), [N,D]
@param original R(X), [N,D] */
torch::Tensor cosineLoss(const torch::Tensor& perturbed, const torch::Tensor& original);

/** J_M by order: R(X') may differ from R(X) as long as it stays nearer to another photograph of the same person than
other people are. For each pair of photographs of one person -t log(e^(g/t) / (e^(g/t) + sum of e^(s/t))), where g is
the cosine of R(X') of the one and R(X) of the other, and s that of R(X') and R(X) of every impostor pair in the batch;
the sum over the pairs, divided by N. Also known as InfoNCE.
@param perturbed R(X'), [N,D] of unit length
@param original R(X), [N,D] of unit length
@param persons [N,1], the same number for the same person; where nobody is there twice, the cost is 0
@param temperature t: impostor pairs that are nearer than the genuine pair by more than this count most */
torch::Tensor orderLoss(
    const torch::Tensor& perturbed, const torch::Tensor& original, const torch::Tensor& persons, double temperature);

/** Mean square of a change.
@param change X' - X, [N,1,H,W] */
torch::Tensor changePenalty(const torch::Tensor& change);

/** Mean square of the differences between neighbours in a change, along both axes: lines and noise cost more than
shades. */
torch::Tensor roughnessPenalty(const torch::Tensor& change);

/** Root mean square, over squares of 32 pixels, of the mean square change in each: a dark patch at one place costs more
than the same energy spread over the face. */
torch::Tensor patchPenalty(const torch::Tensor& change);

/** Mean square of the difference between a change and its mirror image: a face has two eyes and two cheeks. */
torch::Tensor asymmetryPenalty(const torch::Tensor& change);

//! Share of faces whose logits are on the wrong side for their labels: what is measured, not trained.
double errorRate(const torch::Tensor& labels, const torch::Tensor& logits);

}} // namespace sanprivacy::train

#endif // SANPRIVACY_TRAIN_LOSSES_HPP
