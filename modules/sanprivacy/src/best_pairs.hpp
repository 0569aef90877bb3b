// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#ifndef OPENCV_SANPRIVACY_BEST_PAIRS_HPP
#define OPENCV_SANPRIVACY_BEST_PAIRS_HPP

#include "opencv2/core.hpp"

#include <atomic>
#include <mutex>
#include <vector>

namespace cv { namespace sanprivacy {

//! A match score of two people's faces.
struct ScoredPair
{
    float score;
    int a, b; //!< people

    //! The best first: a total order, so that results do not depend on threads.
    bool operator<(const ScoredPair& other) const
    {
        return score != other.score ? score > other.score : a != other.a ? a < other.a : b < other.b;
    }
};

/** The best of many pairs, or of a sample of them; threads add to it together.

A sample holds the pairs that a hash of their faces' numbers chooses: the same ones in every run. */
class BestPairs
{
public:
    /** @param most pairs to keep
    @param all number of pairs that there are at the most
    @param one_of a pair of so many is in the sample, a power of two; 1: every pair */
    BestPairs(size_t most, double all, int one_of);

    //! Nothing below it is kept any more; rises.
    float cut() const { return lowest.load(std::memory_order_relaxed); }

    //! Whether a pair is in the sample. @param a, b numbers of its faces
    bool samples(int a, int b) const
    {
        uint64 hash = (uint64)a * 0x9E3779B97F4A7C15ULL + (uint64)b * 0xC2B2AE3D27D4EB4FULL;
        hash ^= hash >> 32;
        hash *= 0xD6E8FEB86659FD93ULL;
        return ((hash >> 32) & (uint64)(one_of - 1)) == 0;
    }

    //! Takes pairs of the sample, and leaves the list empty.
    void add(std::vector<ScoredPair>& some);

    //! Sorts what was kept. Nothing is added afterwards.
    void finish();

    std::vector<ScoredPair> pairs; //!< after finish(): the best first
    const int one_of;

private:
    void keepBest();

    const size_t most;
    std::atomic<float> lowest;
    std::mutex mutex;
};

}} // namespace cv::sanprivacy

#endif // OPENCV_SANPRIVACY_BEST_PAIRS_HPP
