// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#include "precomp.hpp"
#include "bootstrap.hpp"
#include "value_arguments.hpp"

#include "opencv2/sanprivacy/evaluation.hpp"

#include <algorithm>
#include <map>
#include <numeric>

namespace cv { namespace sanprivacy {

int countIdentities(std::vector<int>& identities)
{
    std::map<int, int> index;
    for (int identity : identities)
        index[identity] = 0;
    int count = 0;
    for (auto& entry : index)
        entry.second = count++;
    for (int& identity : identities)
        identity = index[identity];
    return count;
}

void drawIdentities(RNG& rng, int count, std::vector<int>& draws)
{
    draws.assign(count, 0);
    for (int i = 0; i < count; ++i)
        draws[rng.uniform(0, count)]++;
}

void bootstrapMean(InputArray _values, InputArray _identities, OutputArray _means, int replicates, int seed)
{
    CV_TRACE_FUNCTION();
    const std::vector<double> values = readValues(_values, "Values");
    std::vector<int> identities = readIntegers(_identities, values.size(), "identities");
    CV_CheckGT(values.size(), (size_t)0, "A mean needs at least one value");
    CV_CheckGT(replicates, 0, "A bootstrap needs at least one replicate");
    const int count = countIdentities(identities);
    std::vector<double> sums(count), faces(count);
    for (size_t i = 0; i < values.size(); ++i)
    {
        sums[identities[i]] += values[i];
        faces[identities[i]]++;
    }
    Mat1d means(replicates, 1);
    RNG rng((uint64)seed);
    std::vector<int> draws;
    for (int r = 0; r < replicates; ++r)
    {
        drawIdentities(rng, count, draws);
        means(r) = std::inner_product(draws.begin(), draws.end(), sums.begin(), 0.)
                   / std::inner_product(draws.begin(), draws.end(), faces.begin(), 0.);
    }
    if (!checkRange(means))
        CV_Error(Error::StsOutOfRange, "The values are too large for their mean");
    means.copyTo(_means);
}

void confidenceInterval(InputArray _samples, double& lower, double& upper, double level)
{
    std::vector<double> samples = readValues(_samples, "Samples");
    CV_CheckGT(samples.size(), (size_t)0, "An interval needs at least one replicate");
    CV_Check(level, level > 0 && level < 1, "A level lies between 0 and 1");
    std::sort(samples.begin(), samples.end());
    auto quantile = [&](double q)
    {
        const double position = q * (double)(samples.size() - 1);
        const size_t below = (size_t)position;
        const size_t above = std::min(below + 1, samples.size() - 1);
        return samples[below] + (position - (double)below) * (samples[above] - samples[below]);
    };
    lower = quantile((1 - level) / 2);
    upper = quantile((1 + level) / 2);
}

}} // namespace cv::sanprivacy
