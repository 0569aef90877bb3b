// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#ifndef SANPRIVACY_TRAIN_ONNX_READER_GRAPH_HPP
#define SANPRIVACY_TRAIN_ONNX_READER_GRAPH_HPP

#include <memory>
#include <string>
#include <vector>

#include <torch/types.h>

namespace sanprivacy { namespace train {

/** @brief An ONNX file as a differentiable function.

The weights are constants (no gradient is kept for them) and the network is in evaluation mode, as section 3 of the
paper asks of the auxiliary networks during training; gradients reach the inputs. Copies share the weights; forward()
may run in several threads.

The batch is free, also where the file fixes it to one: a Reshape to a literal [1, ...] then takes the batch at hand.
Whether the rest of such a graph treats the images of a batch independently is tried once at load; where it does not,
images run one by one and the outputs are joined along their first axis.

Errors are cv::Exception: Error::StsObjectNotFound for a missing file, StsParseError for one that is damaged or no ONNX,
StsNotImplemented naming operator, node and file, StsBadArg for wrong inputs.
*/
class OnnxGraph
{
public:
    struct Input
    {
        std::string name;
        std::vector<int64_t> shape; //!< -1 where the file leaves the size open
    };

    explicit OnnxGraph(const std::string& filename);

    const std::string& filename() const;
    const std::vector<Input>& inputs() const;
    const std::vector<std::string>& outputs() const;

    /** @brief Converts the weights, those of copies too, say to torch::kBFloat16, and moves them to a device; inputs of
    forward() have to be of the same type and there, too. */
    void to(torch::ScalarType dtype, const torch::Device& device = torch::kCPU);
    torch::ScalarType dtype() const;

    /** @brief Evaluates the graph.
    @param inputs one tensor per entry of inputs(), in that order, all with one batch size.
    @param outputs names of the wanted outputs; empty: all of outputs(). Only what they need is computed. */
    std::vector<torch::Tensor> forward(
        const std::vector<torch::Tensor>& inputs, const std::vector<std::string>& outputs = {}) const;

private:
    struct Impl;
    std::shared_ptr<Impl> p;
};

}} // namespace sanprivacy::train

#endif // SANPRIVACY_TRAIN_ONNX_READER_GRAPH_HPP
