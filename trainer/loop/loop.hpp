// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#ifndef SANPRIVACY_TRAIN_LOOP_LOOP_HPP
#define SANPRIVACY_TRAIN_LOOP_LOOP_HPP

#include <filesystem>
#include <functional>
#include <string>

#include <torch/torch.h>

#include "loop/parallel_gradients.hpp"
#include "loop/training_curve.hpp"

namespace CLI {
class App;
}

namespace sanprivacy { namespace train {

//! What is trained, on what, towards what.
struct Task
{
    std::string kind; //!< names the network in its checkpoint
    std::shared_ptr<torch::nn::Module> network;
    int64_t facesPerEpoch = 0;
    std::function<Batch(int64_t step)> batch; //!< depends on nothing but the step; called ahead from another thread
    LossFunction losses;
    //! Called before each evaluation and each save, for what the network needs in evaluation mode; may be empty.
    std::function<void()> prepareEvaluation;
    //! On held-out faces, after each epoch (twenty of them) and at the end; may be empty.
    std::function<Figures()> evaluate;
};

struct LoopOptions
{
    std::filesystem::path folder; //!< of checkpoint.pt, loss.csv and held-out.csv
    uint64_t seed = 1;
    int64_t batch = 32;         //!< faces per step
    double learningRate = 1e-3; //!< of Adam, at the start
    bool decay = false;         //!< cosine to zero over the planned steps; otherwise constant
    int64_t steps = 0;          //!< stop after as many; 0: see epochs
    double epochs = 5;          //!< where steps is 0
    double minutes = 0;         //!< of this call, 0: no limit
    double checkpointMinutes = 3;
    int64_t workers = 0; //!< threads that share a batch, 0: one per core
    std::string deviceName = "cpu";
    bool bf16 = false;
    bool resume = false;

    void addTo(CLI::App& command);
    torch::ScalarType precision() const { return bf16 ? torch::kBFloat16 : torch::kFloat; } //!< of images, activations
    //! Where networks and batches are. Raises an error where there is no such device.
    torch::Device device() const;
    int64_t plannedSteps(int64_t facesPerEpoch) const;

    /** Makes the folder. Raises an error where the device is missing, the folder cannot be written or another training
    has it, or a checkpoint is there and `resume` is not set. For commands to call before they load anything: a mistake
    is told in the first second. */
    void prepareFolder() const;
};

/** @brief Trains: data parallel over threads (on a GPU: one), with Adam, checkpoints, loss curves and progress.

Each step's randomness comes from (seed, step) alone, so that a resumed training goes on bit for bit as if it had never
stopped. SIGINT saves a checkpoint and stops. A loss that is not finite raises cv::Exception; the last checkpoint stays.
@return false if it was interrupted. */
bool runLoop(const Task& task, const LoopOptions& options);

}} // namespace sanprivacy::train

#endif // SANPRIVACY_TRAIN_LOOP_LOOP_HPP
