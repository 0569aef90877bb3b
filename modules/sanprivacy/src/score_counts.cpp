// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#include "precomp.hpp"
#include "score_counts.hpp"

#include <algorithm>
#include <limits>

namespace cv { namespace sanprivacy {

namespace {

const size_t LEAST_BINS = 1 << 10, MOST_BINS = 1 << 18; // the latter 2 MiB, about what a core's cache holds

} // namespace

Thresholds::Thresholds(const std::vector<float>& rising) : values(rising), lowest(0), bins_per_unit(0)
{
    if (values.empty())
        return;
    const size_t bins = std::min(std::max(2 * values.size(), LEAST_BINS), MOST_BINS);
    lowest = values.front();
    const double range = (double)values.back() - lowest;
    bins_per_unit = range > 0 ? (double)(bins - 1) / range : 1;
    first.assign(bins + 1, values.size());
    for (size_t i = values.size(); i-- > 0;)
        first[bin(values[i])] = i;
    for (size_t b = bins; b-- > 0;)
        first[b] = std::min(first[b], first[b + 1]);
}

ScoreCounts::ScoreCounts(const Thresholds& thresholds_)
    : between(thresholds_.size() + 1, Interval { 0, std::numeric_limits<float>::infinity() }),
      equal(thresholds_.size(), 0), thresholds(&thresholds_)
{
}

void ScoreCounts::add(const ScoreCounts& other)
{
    for (size_t i = 0; i < equal.size(); ++i)
        equal[i] += other.equal[i];
    for (size_t i = 0; i < between.size(); ++i)
    {
        between[i].count += other.between[i].count;
        between[i].least = std::min(between[i].least, other.between[i].least);
    }
}

}} // namespace cv::sanprivacy
