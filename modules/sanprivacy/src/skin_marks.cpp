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

//! An odd number of pixels of a crop: share of its side.
int windowOf(const Mat& crop, double share)
{
    return 2 * cvRound(share * crop.cols / 2) + 1;
}

void mean(const Mat& src, Mat& dst, int side)
{
    blur(src, dst, Size(side, side), Point(-1, -1), BORDER_REFLECT);
}

} // namespace

void weakenMarks(const Mat& face, double white, Mat& change)
{
    CV_Assert(face.channels() == 1 && change.type() == CV_32FC1 && face.size() == change.size());
    const int fine = windowOf(change, 1. / 16), around = windowOf(change, 1. / 14);
    Mat texture, coarse, energy, available;
    face.convertTo(texture, CV_32F, 1 / white);
    mean(texture, coarse, fine);
    subtract(texture, coarse, texture);
    mean(texture.mul(texture), available, around);

    mean(change, coarse, fine);
    subtract(change, coarse, change);
    multiply(change, change, energy, 1 / (white * white));
    mean(energy, energy, around);
    for (int y = 0; y < energy.rows; ++y)
    {
        float* const e = energy.ptr<float>(y);
        const float* const a = available.ptr<float>(y);
        for (int x = 0; x < energy.cols; ++x)
        {
            const float largest = float(LARGEST_RATIO) * (a[x] + float(SMOOTH * SMOOTH));
            e[x] = e[x] > largest ? std::sqrt(largest / e[x]) : 1.f;
        }
    }
    mean(energy, energy, around);
    multiply(change, energy, change);
    add(change, coarse, change);
}

}} // namespace cv::sanprivacy
