// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#include "precomp.hpp"
#include "tiling.hpp"

namespace cv { namespace sanprivacy {

namespace {

struct Strip
{
    int begin, length;
};

//! The tiles along one axis.
std::vector<Strip> stripsOf(int length, int side, int overlap)
{
    if (length <= side)
        return std::vector<Strip>(1, Strip { 0, length });
    const int count = cvCeil(double(length - overlap) / (side - overlap));
    const int each = cvCeil((length + double(count - 1) * overlap) / count);
    std::vector<Strip> strips;
    for (int i = 0; i < count; ++i)
        strips.push_back(Strip { int(int64(i) * (length - each) / (count - 1)), each });
    return strips;
}

} // namespace

std::vector<Rect> tilesOf(const Size& image, int side, int overlap)
{
    CV_CheckGT(side, overlap, "Tiles must be larger than what they share");
    std::vector<Rect> tiles;
    for (const Strip& row : stripsOf(image.height, side, overlap))
        for (const Strip& column : stripsOf(image.width, side, overlap))
            tiles.push_back(Rect(column.begin, row.begin, column.length, row.length));
    return tiles;
}

bool crossesInnerEdge(const Rect2f& box, const Rect& tile, const Size& image)
{
    return (tile.x > 0 && box.x < tile.x) || (tile.y > 0 && box.y < tile.y)
           || (tile.br().x < image.width && box.br().x > tile.br().x)
           || (tile.br().y < image.height && box.br().y > tile.br().y);
}

}} // namespace cv::sanprivacy
