// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#ifndef OPENCV_SANPRIVACY_TILING_HPP
#define OPENCV_SANPRIVACY_TILING_HPP

#include "opencv2/core.hpp"

namespace cv { namespace sanprivacy {

/** @brief Equal tiles that cover an image, row by row.
@param image size in pixels.
@param side the most that a tile measures, pixels.
@param overlap the least that neighbors share, pixels, less than side: what is no larger lies in one tile as a whole. */
std::vector<Rect> tilesOf(const Size& image, int side, int overlap);

//! Whether a box in an image crosses an edge of the tile that is not one of the image.
bool crossesInnerEdge(const Rect2f& box, const Rect& tile, const Size& image);

}} // namespace cv::sanprivacy

#endif // OPENCV_SANPRIVACY_TILING_HPP
