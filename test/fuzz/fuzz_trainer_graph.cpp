// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

// A damaged network is refused by the trainer with cv::Exception, when it is loaded or at its first call; otherwise it
// has an output for each name, and so has a batch of two where the file leaves the batch open. A tensor of more than
// 16 MiB is refused by the allocator here, so that much memory and long computing are no finding.

#include "fuzzed_file.hpp"
#include "onnx_reader/graph.hpp"

#include <c10/core/CPUAllocator.h>
#include <opencv2/core.hpp>
#include <torch/torch.h>
#include <torch/version.h>

using namespace sanprivacy;

namespace {

c10::DataPtr allocated(size_t bytes)
{
    TORCH_CHECK(bytes <= size_t(16) << 20, "more memory than this test allows");
    void* const data = std::malloc(bytes + 64); // some kernels read whole vectors
    return { data, data, &std::free, c10::Device(c10::DeviceType::CPU) };
}

class SmallAllocator : public c10::Allocator
{
public:
#if TORCH_VERSION_MAJOR > 2 || (TORCH_VERSION_MAJOR == 2 && TORCH_VERSION_MINOR >= 3)
    c10::DataPtr allocate(size_t bytes) override
    {
        return allocated(bytes);
    }
    void copy_data(void* to, const void* from, size_t bytes) const override
    {
        default_copy_data(to, from, bytes);
    }
#else
    c10::DataPtr allocate(size_t bytes) const override
    {
        return allocated(bytes);
    }
#endif
    c10::DeleterFnPtr raw_deleter() const override
    {
        return &std::free;
    }
};

} // namespace

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size)
{
    static SmallAllocator allocator;
    static const bool prepared = []
    {
        c10::SetCPUAllocator(&allocator, /*priority=*/100);
        torch::set_num_threads(1);
        return true;
    }();
    test::require(prepared);
    static const test::FuzzedFile file("network.onnx");
    file.write(data, size);
    torch::NoGradGuard noGrad;
    try
    {
        const train::OnnxGraph graph(file.path());
        for (int64_t batch : { 1, 2 })
        {
            std::vector<torch::Tensor> inputs;
            for (const auto& input : graph.inputs())
            {
                std::vector<int64_t> shape = input.shape;
                for (size_t k = 0; k < shape.size(); ++k)
                    shape[k] = k == 0 ? batch : shape[k] < 0 ? 4 : shape[k];
                inputs.push_back(torch::full(shape, .5));
            }
            for (const torch::Tensor& output : graph.forward(inputs))
                test::require(output.defined());
        }
    }
    catch (const cv::Exception&)
    {
        // refused, as it should be
    }
    catch (const c10::Error& e)
    {
        test::require(std::string(e.what_without_backtrace()).find("than this test allows") != std::string::npos);
    }
    return 0;
}
