// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#include "precomp.hpp"
#include "skin_marks.hpp"

#include <cmath>

namespace cv { namespace sanprivacy {

namespace {

const double LARGEST_RATIO = .35; // of the energy of a change to that of the face
const double SMOOTH = .014;       // standard deviation of skin that counts as smooth, of white
const Size CELLS(56, 56);         // of a crop, in which energies are measured
const int CELLS_AROUND = 5;       // side of the square over which they are averaged, in cells

void mean(const Mat& src, Mat& dst, int side)
{
    blur(src, dst, Size(side, side), Point(-1, -1), BORDER_REFLECT);
}

//! F(A) and what it leaves, A - F(A).
void split(const Mat& image, Mat& fine, Mat& coarse)
{
    mean(image, coarse, 2 * cvRound(image.cols / 32.) + 1);
    subtract(image, coarse, fine);
}

//! E(A), for each cell. `square` gets F(A)^2.
void energyOf(const Mat& fine, double white, Mat& square, Mat& energy)
{
    multiply(fine, fine, square, 1 / (white * white));
    resize(square, energy, CELLS, 0, 0, INTER_AREA);
    mean(energy, energy, CELLS_AROUND);
}

} // namespace

void weakenMarks(const Mat& face, double white, Mat& change)
{
    CV_Assert(face.channels() == 1 && change.type() == CV_32FC1 && face.size() == change.size());
    Mat texture, coarse, square, available, energy;
    face.convertTo(texture, CV_32F);
    split(texture, texture, coarse);
    energyOf(texture, white, square, available);

    split(change, change, coarse);
    energyOf(change, white, square, energy);
    Mat gain(CELLS, CV_32F);
    for (int y = 0; y < CELLS.height; ++y)
        for (int x = 0; x < CELLS.width; ++x)
        {
            const float largest = float(LARGEST_RATIO) * (available.at<float>(y, x) + float(SMOOTH * SMOOTH));
            gain.at<float>(y, x) = std::sqrt(largest / std::max(energy.at<float>(y, x), largest));
        }
    mean(gain, gain, CELLS_AROUND);
    resize(gain, square, change.size(), 0, 0, INTER_LINEAR);
    multiply(change, square, change);
    add(change, coarse, change);
}

}} // namespace cv::sanprivacy
