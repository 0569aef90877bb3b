// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#ifndef SANPRIVACY_TRAIN_COMMANDS_RESIDUAL_TRAINING_HPP
#define SANPRIVACY_TRAIN_COMMANDS_RESIDUAL_TRAINING_HPP

#include <filesystem>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "data/dataset.hpp"
#include "loop/figure_sums.hpp"
#include "loop/loop.hpp"
#include "networks/attackers.hpp"
#include "networks/auxiliary.hpp"
#include "networks/linear_probe.hpp"
#include "networks/prototypes.hpp"

namespace sanprivacy { namespace train {

//! What the command residual is given.
struct ResidualOptions
{
    DatasetOptions dataset;
    LoopOptions loop;
    std::vector<std::filesystem::path> prototypes; // one per attribute
    std::filesystem::path attackers, initial, models;
    std::vector<std::string> classifiers, matchers, monitored;
    double margin = 3, oppositeShare = .5, neutralShare = .2, neutralOvershoot = 0, evening = 0, largestChange = .15,
           featureShare = 0, weightOfLabel1 = 1;
    int64_t pairs = 0;
    double lambdaMatching = 2.5, lambdaOrder = 0, lambdaChange = 50, lambdaRoughness = 500, lambdaPatches = 50,
           lambdaAsymmetry = 50;
    int64_t sampledAttackers = 3, adaptiveAttackers = 2, updatedAttackers = 1, sampledClassifiers = 2;
};

/** @brief Training of the residual U-Net: the costs of a step, and what is measured on held-out faces.

Thread safety: losses() may be called from several threads at a time. */
class ResidualTraining
{
public:
    explicit ResidualTraining(const ResidualOptions& options);

    //! Makes classifiers of each matcher and of the features of attackers, too: linear probes, fitted to the first of
    //! the batches.
    void fitProbes(const FaceBatches& batches, size_t available);

    /** The generator is not told the face's labels y; adaptive attackers learn as if the targets were independent of
    them. One sum for all: the attackers' weights get the gradient of their own cost only, the generator's that of the
    rest. */
    Losses losses(const Batch& batch, Draws& draws) const;

    /** On held-out faces with all attributes hidden: the error of the attackers (mean of the adaptive and of the fixed
    ones), of each public classifier and of each linear probe on X'_OP and on X'_NT against the true labels, 1 - cosine
    of each matcher between X and X'_OP, and the peak signal-to-noise ratio, dB. */
    Figures measure(const Faces& faces) const;

    const std::shared_ptr<GeneratorAndAttackers>& networks() const { return networks_; }

    //! Whether batches need the faces' surroundings, too: some classifier sees more than the crop.
    bool needsSurroundings() const;

private:
    struct StepFaces;

    void loadWeights();

    torch::Tensor change(
        const torch::Tensor& faces, const torch::Tensor& targets, const torch::Tensor& hidden = {}) const;
    torch::Tensor genderLossOf(const StepFaces& faces, const torch::Tensor& changed, const torch::Tensor& original,
        bool adaptive = false) const;
    torch::Tensor attackerLosses(const StepFaces& faces, Draws& draws, std::vector<torch::Tensor>& gender) const;
    void classifierLosses(const StepFaces& faces, Draws& draws, std::vector<torch::Tensor>& gender) const;
    std::pair<torch::Tensor, torch::Tensor> matcherLosses(
        const StepFaces& faces, Draws& draws, std::vector<torch::Tensor>& gender) const;
    torch::Tensor adaptiveAttackersLoss(
        const StepFaces& faces, const torch::Tensor& labels, const torch::Tensor& weights, Draws& draws) const;
    void measureAttackers(
        const torch::Tensor& shown, const torch::Tensor& labels, const std::string& suffix, FigureSums& sums) const;
    void measureClassifiers(const Batch& batch, const torch::Tensor& shown, const torch::Tensor& change,
        const std::string& suffix, FigureSums& sums) const;
    void measureMatchers(const Batch& batch, const torch::Tensor& shown, const std::string& suffix, bool distances,
        FigureSums& sums) const;

    const ResidualOptions& options_;
    const torch::ScalarType precision_;
    const torch::Device device_;
    const Prototypes prototypes_;
    const std::vector<Auxiliary> classifiers_, monitored_, matchers_;
    const std::shared_ptr<GeneratorAndAttackers> networks_;
    std::vector<LinearProbe> probes_;                   // of the matchers
    std::vector<std::vector<LinearProbe>> stageProbes_; // of each attacker's features between its first and last stage
    std::vector<double> impostorDistances_;             // mean 1 - cosine of impostor pairs, of each matcher
    torch::Tensor fading_;
};

}} // namespace sanprivacy::train

#endif // SANPRIVACY_TRAIN_COMMANDS_RESIDUAL_TRAINING_HPP
