// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#include "precomp.hpp"
#include "best_pairs.hpp"

#include <algorithm>
#include <limits>

namespace cv { namespace sanprivacy {

BestPairs::BestPairs(size_t most_, double all, int one_of_)
    : one_of(one_of_), most(most_), lowest(-std::numeric_limits<float>::infinity())
{
    pairs.reserve((size_t)std::min(2. * (double)most, all));
}

void BestPairs::add(std::vector<ScoredPair>& some)
{
    std::lock_guard<std::mutex> lock(mutex);
    if (pairs.size() + some.size() > 2 * most)
        keepBest();
    pairs.insert(pairs.end(), some.begin(), some.end());
    some.clear();
}

void BestPairs::keepBest()
{
    if (pairs.size() <= most)
        return;
    std::nth_element(pairs.begin(), pairs.begin() + (most - 1), pairs.end());
    pairs.resize(most);
    lowest = pairs.back().score;
}

void BestPairs::finish()
{
    keepBest();
    pairs.shrink_to_fit();
    std::sort(pairs.begin(), pairs.end());
}

}} // namespace cv::sanprivacy
