// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#include "precomp.hpp"
#include "match_scores.hpp"
#include "matrix_argument.hpp"

#include "opencv2/sanprivacy/networks.hpp"

#include <cmath>

namespace cv { namespace sanprivacy {

namespace {

const double LONGEST = 1e38; // descriptor, so that their scores are finite floats

std::vector<double> squaresOf(const Mat1d& rows)
{
    std::vector<double> squares;
    for (int i = 0; i < rows.rows; ++i)
        squares.push_back(rows.row(i).dot(rows.row(i)));
    return squares;
}

} // namespace

MatchScores::MatchScores(InputArray _originals, InputArray _perturbed, const std::vector<int>& order, int distance_)
    : distance(distance_)
{
    references = readDescriptors(_originals, order);
    probes = _perturbed.empty() ? references : readDescriptors(_perturbed, order);
    if (distance == DISTANCE_EUCLIDEAN)
    {
        reference_squares = squaresOf(references);
        probe_squares = squaresOf(probes);
    }
}

Mat1d MatchScores::readDescriptors(InputArray _descriptors, const std::vector<int>& order) const
{
    const Mat descriptors = matrixArgument(_descriptors, "Descriptors");
    CV_Check(descriptors.type(), descriptors.type() == CV_32FC1 || descriptors.type() == CV_64FC1,
        "Expected descriptors of floats, one row each");
    if (!checkRange(descriptors))
        CV_Error(Error::StsBadArg, "Descriptors hold a value that is not finite");
    Mat1d sorted((int)order.size(), descriptors.cols);
    for (int i = 0; i < sorted.rows; ++i)
    {
        Mat row = sorted.row(i);
        descriptors.row(order[i]).convertTo(row, CV_64F);
        const double length = norm(row);
        if (!(length < LONGEST))
            CV_Error(Error::StsBadArg,
                format("Descriptor %d has a length of %g, less than %g is expected", order[i], length, LONGEST));
        if (distance == DISTANCE_COSINE)
        {
            if (length == 0)
                CV_Error(Error::StsBadArg, format("Descriptor %d is zero and has no direction", order[i]));
            row /= length;
        }
    }
    return sorted;
}

//! In double and rounded afterwards, so that equal pairs tie.
void MatchScores::compute(const Range& rows, const Range& columns, Block& block) const
{
    gemm(references.rowRange(rows), probes.rowRange(columns), 1, noArray(), 0, block.products, GEMM_2_T);
    if (distance == DISTANCE_EUCLIDEAN)
        for (int i = 0; i < rows.size(); ++i)
        {
            double* products = block.products[i];
            const double square = reference_squares[rows.start + i];
            const double* other = &probe_squares[columns.start];
            for (int j = 0; j < columns.size(); ++j)
                products[j] = -std::sqrt(std::max(0., square + other[j] - 2 * products[j]));
        }
    block.products.convertTo(block.scores, CV_32F);
}

}} // namespace cv::sanprivacy
