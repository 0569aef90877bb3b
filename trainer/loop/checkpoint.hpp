// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#ifndef SANPRIVACY_TRAIN_LOOP_CHECKPOINT_HPP
#define SANPRIVACY_TRAIN_LOOP_CHECKPOINT_HPP

#include <filesystem>
#include <string>

#include <torch/torch.h>

namespace sanprivacy { namespace train {

// Missing, truncated or foreign files raise cv::Exception, in all functions here.

//! File of the checkpoint in a training's folder.
std::filesystem::path checkpointFile(const std::filesystem::path& folder);

//! Kind of the network in a checkpoint file.
std::string checkpointKind(const std::filesystem::path& file);

//! Reads the network of a checkpoint; its kind must be the expected one.
void loadNetwork(const std::filesystem::path& file, const std::string& kind, torch::nn::Module& network);

//! Where a training stands, besides its tensors.
struct TrainingState
{
    uint64_t seed = 1;
    int64_t step = 0;
    double seconds = 0; //!< of training so far
};

//! The file appears whole or not at all.
void saveCheckpoint(const std::filesystem::path& file, const std::string& kind, const torch::nn::Module& network,
    const torch::optim::Optimizer& optimizer, const TrainingState& state);

//! Reads what saveCheckpoint() wrote; kind and seed have to be the same, the device need not be.
TrainingState resumeCheckpoint(const std::filesystem::path& file, const std::string& kind, torch::nn::Module& network,
    torch::optim::Optimizer& optimizer, uint64_t seed, const torch::Device& device = torch::kCPU);

}} // namespace sanprivacy::train

#endif // SANPRIVACY_TRAIN_LOOP_CHECKPOINT_HPP
