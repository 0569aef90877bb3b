// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#ifndef OPENCV_SANPRIVACY_MATCH_SCORES_HPP
#define OPENCV_SANPRIVACY_MATCH_SCORES_HPP

#include "opencv2/core.hpp"

#include <vector>

namespace cv { namespace sanprivacy {

//! Match scores of descriptors with one another, a block of pairs at a time; any number of threads may ask.
class MatchScores
{
public:
    /** Errors as in MatchEvaluation::create().
    @param originals, perturbed, distance as there
    @param order of the rows: the first one here is row order[0] there */
    MatchScores(InputArray originals, InputArray perturbed, const std::vector<int>& order, int distance);

    //! The scores of some originals (rows) with some probes, and the memory that they take.
    struct Block
    {
        Mat1d products;
        Mat1f scores;
    };
    void compute(const Range& originals, const Range& probes, Block& block) const;

    int rows() const { return references.rows; }

private:
    Mat1d readDescriptors(InputArray _descriptors, const std::vector<int>& order) const;

    int distance;
    Mat1d references, probes;
    std::vector<double> reference_squares, probe_squares; //!< of the lengths of the rows, for Euclidean distances
};

}} // namespace cv::sanprivacy

#endif // OPENCV_SANPRIVACY_MATCH_SCORES_HPP
