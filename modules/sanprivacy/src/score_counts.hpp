// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#ifndef OPENCV_SANPRIVACY_SCORE_COUNTS_HPP
#define OPENCV_SANPRIVACY_SCORE_COUNTS_HPP

#include <algorithm>
#include <cstddef>
#include <vector>

namespace cv { namespace sanprivacy {

//! Distinct rising thresholds, among which the place of a score is found in a few steps.
class Thresholds
{
public:
    Thresholds() : lowest(0), bins_per_unit(0) {}
    explicit Thresholds(const std::vector<float>& rising);

    size_t size() const { return values.size(); }
    float operator[](size_t i) const { return values[i]; }

    //! Number of thresholds below a score.
    size_t below(float score) const
    {
        if (values.empty())
            return 0;
        const size_t b = bin(score);
        const std::vector<float>::const_iterator begin = values.begin();
        return (size_t)(std::lower_bound(begin + (std::ptrdiff_t)first[b], begin + (std::ptrdiff_t)first[b + 1], score)
                        - begin);
    }

private:
    //! Never falls as the score rises: thresholds of lower bins are below the score, those of higher bins above it.
    size_t bin(float score) const
    {
        const double position = ((double)score - lowest) * bins_per_unit;
        const size_t last = first.size() - 2;
        return position <= 0 ? 0 : position >= (double)last ? last : (size_t)position;
    }

    std::vector<float> values;
    std::vector<size_t> first; //!< of each bin, and of one beyond the last: number of thresholds in lower bins
    double lowest, bins_per_unit;
};

//! How many scores lie between neighbouring thresholds, and how many at them: exact, whatever their number.
class ScoreCounts
{
public:
    ScoreCounts() : thresholds(0) {}
    explicit ScoreCounts(const Thresholds& thresholds); //!< which must outlive the counts

    void add(float score)
    {
        const size_t place = thresholds->below(score);
        if (place < thresholds->size() && (*thresholds)[place] == score)
            equal[place]++;
        else
        {
            between[place].count++;
            if (score < between[place].least)
                between[place].least = score;
        }
    }
    void add(const ScoreCounts& other);

    struct Interval
    {
        double count;
        float least; //!< of the scores counted
    };
    std::vector<Interval> between; //!< below the first threshold, between neighbours ..., above the last
    std::vector<double> equal;     //!< of each threshold

private:
    const Thresholds* thresholds;
};

}} // namespace cv::sanprivacy

#endif // OPENCV_SANPRIVACY_SCORE_COUNTS_HPP
