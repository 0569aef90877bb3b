// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#include "commands/commands.hpp"

#include <CLI/CLI.hpp>

#include "data/dataset.hpp"
#include "loop/loop.hpp"
#include "losses.hpp"
#include "networks/landmark_network.hpp"
#include "networks/layers.hpp"

namespace sanprivacy { namespace train {

namespace {

struct Options
{
    DatasetOptions dataset;
    LoopOptions loop;
};

//! Distance of each point from where it should be, as a share of the inter-ocular distance, [N,5].
torch::Tensor landmarkErrors(const torch::Tensor& output, const torch::Tensor& points, const torch::Tensor& eyeDistance)
{
    const torch::Tensor difference = (output.slice(1, 0, 10) - points).view({ -1, 5, 2 });
    const double smooth = 1e-8; // keeps the root differentiable at zero
    return (difference.square().sum(2) + smooth).sqrt() / eyeDistance;
}

torch::Tensor faceLogit(const torch::Tensor& output)
{
    return output.slice(1, 10);
}

//! For evaluation mode, from the first squares of the training.
void gatherStatistics(LandmarkNetwork& network, const SquareBatches& batches)
{
    const int64_t count = 8;
    std::vector<torch::Tensor> images;
    for (int64_t step = 0; step < count; ++step)
        images.push_back(batches(step)[0].to(deviceOf(network)));
    network.gatherStatistics(images);
}

/** On held-out faces: mean error of a detector's proposals, of squares as the refined ones are (side 2.8, upright,
centered, up to a tenth), share of faces accepted and share of squares without a face accepted, at probability .5. */
Figures measure(LandmarkNetwork& network, const Faces& faces)
{
    const size_t atATime = 128;
    double proposed = 0, refined = 0, accepted = 0, mistaken = 0;
    for (size_t begin = 0; begin < faces.size(); begin += atATime)
    {
        const size_t end = std::min(begin + atATime, faces.size());
        const auto propose = [&](double displacement)
        { return onDevice(proposedSquares(faces, begin, end, displacement), deviceOf(network)); };
        const Batch far = propose(1), near = propose(.1);
        const torch::Tensor output = network.forward(far[0]);
        proposed += landmarkErrors(output, far[1], far[2]).mean(1).sum().item<double>();
        refined += landmarkErrors(network.forward(near[0]), near[1], near[2]).mean(1).sum().item<double>();
        accepted += (faceLogit(output) > 0).sum().item<double>();
        mistaken +=
            (faceLogit(network.forward(faceless(faces, begin, end).to(deviceOf(network)))) > 0).sum().item<double>();
    }
    const double n = double(faces.size());
    return { { "error_proposed", proposed / n }, { "error_refined", refined / n }, { "faces_accepted", accepted / n },
        { "others_accepted", mistaken / n } };
}

ExitCode run(const Options& options)
{
    options.loop.prepareFolder();
    const Dataset dataset = loadDataset(options.dataset, SURROUNDINGS);
    const LoopOptions& loop = options.loop;
    torch::manual_seed(loop.seed);
    const auto network = std::make_shared<LandmarkNetwork>();
    const SquareBatches batches(dataset.train, loop.batch, loop.seed);

    Task task;
    task.kind = LANDMARKS_KIND;
    task.network = network;
    task.facesPerEpoch = int64_t(dataset.train.size());
    task.batch = [&](int64_t step) { return batches(step); };
    task.losses = [&](const Batch& batch, Draws&) -> Losses
    {
        const torch::Tensor output = network->forward(batch[0].to(loop.precision())).to(torch::kFloat);
        const torch::Tensor& isFace = batch[3];
        const torch::Tensor error =
            (landmarkErrors(output, batch[1], batch[2]).mean(1, true) * isFace).sum() / isFace.sum().clamp_min(1);
        const torch::Tensor uncertainty = crossEntropy(isFace, faceLogit(output));
        const double landmarkWeight = 4; // both parts are then of one size when training ends
        return { { "loss", landmarkWeight * error + uncertainty }, { "error", error }, { "S", uncertainty } };
    };
    task.prepareEvaluation = [&] { gatherStatistics(*network, batches); };
    if (dataset.heldOut.size() > 0)
        task.evaluate = [&] { return measure(*network, dataset.heldOut); };
    return runLoop(task, loop) ? SUCCEEDED : INTERRUPTED;
}

} // namespace

Command addLandmarks(CLI::App& app)
{
    const auto options = std::make_shared<Options>();
    options->dataset.needLabels = false;
    options->dataset.minCoverage = 0; // tight images show less around the face, which is worth learning too
    options->loop.batch = 256;
    options->loop.epochs = 60;
    options->loop.decay = true;
    CLI::App* const command = app.add_subcommand("landmarks", "Trains the five-landmark network of the face detector.");
    options->dataset.addTo(*command);
    options->loop.addTo(*command);
    return { command, [options] { return run(*options); } };
}

}} // namespace sanprivacy::train
