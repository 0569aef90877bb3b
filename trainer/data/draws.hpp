// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#ifndef SANPRIVACY_TRAIN_DATA_DRAWS_HPP
#define SANPRIVACY_TRAIN_DATA_DRAWS_HPP

#include <vector>

#include <torch/torch.h>

namespace sanprivacy { namespace train {

//! Independent 64-bit seeds from a seed and a count (splitmix64).
uint64_t mixSeed(uint64_t seed, uint64_t count);

/** @brief The random numbers of one step, for those faces of its batch that one worker has.

They depend on the seed alone, not on how many workers share the batch: each worker draws for all faces and keeps its
own. So all workers have to draw the same things in the same order. */
class Draws
{
public:
    //! For all faces of a batch.
    explicit Draws(uint64_t seed, int64_t faces = 1) : Draws(seed, faces, 0, faces) {}
    //! For the faces begin..end-1 of a batch that lies on a device; what is drawn is the same for any device.
    Draws(uint64_t seed, int64_t faces, int64_t begin, int64_t end, const torch::Device& device = torch::kCPU);

    int64_t begin() const { return begin_; }        //!< index in the batch of the first of the faces
    int64_t faces() const { return end_ - begin_; } //!< their number n

    //! Of 0..1, [n,sizes...].
    torch::Tensor uniform(torch::IntArrayRef sizes);
    //! Of mean 0 and standard deviation 1, [n,sizes...].
    torch::Tensor normal(torch::IntArrayRef sizes);
    //! Whole numbers of least..end-1, [n,sizes...].
    torch::Tensor integers(int64_t least, int64_t end, torch::IntArrayRef sizes);

    //! One whole number of least..end-1 for all faces of the batch.
    int64_t integer(int64_t least, int64_t end);
    //! Different whole numbers of 0..size-1, count of them, for all faces of the batch.
    std::vector<int64_t> sample(int64_t count, int64_t size);

private:
    std::vector<int64_t> whole(torch::IntArrayRef sizes) const;
    torch::Tensor own(const torch::Tensor& drawn) const { return drawn.slice(0, begin_, end_).to(device_); }

    at::Generator generator_;
    int64_t faces_, begin_, end_;
    torch::Device device_;
};

}} // namespace sanprivacy::train

#endif // SANPRIVACY_TRAIN_DATA_DRAWS_HPP
