// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#ifndef OPENCV_SANPRIVACY_GRAY_PYRAMID_HPP
#define OPENCV_SANPRIVACY_GRAY_PYRAMID_HPP

#include "similarity.hpp"

namespace cv { namespace sanprivacy {

//! A gray image and its halves: a part of any size is cut out at the cost of the pixels that come out.
class GrayPyramid
{
public:
    //! @param image 8-bit, gray or BGR; a gray one is not copied.
    explicit GrayPyramid(const Mat& image);

    Size size() const { return levels[0].size(); }

    //! dst = the image under the similarity, its border repeated. @param dst allocated, CV_8U.
    void warp(Mat& dst, const Similarity& transform) const;

private:
    std::vector<Mat> levels;
};

}} // namespace cv::sanprivacy

#endif // OPENCV_SANPRIVACY_GRAY_PYRAMID_HPP
