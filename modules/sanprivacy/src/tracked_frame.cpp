// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#include "precomp.hpp"
#include "color_conversion.hpp"
#include "tracked_frame.hpp"

namespace cv { namespace sanprivacy {

namespace {

const Size THUMBNAIL(48, 27);
const double NEW_SCENE = 40; // mean absolute difference of thumbnails, gray levels

Mat thumbnailOf(const Mat& image)
{
    Mat small;
    resize(image, small, THUMBNAIL, 0, 0, INTER_LINEAR);
    return toGray(small);
}

} // namespace

TrackedFrame::TrackedFrame(const Mat& source, double seconds)
    : image(source.clone()), thumbnail(thumbnailOf(source)), time(seconds), cut(false), released(false)
{
}

bool TrackedFrame::isComparable(const TrackedFrame& other) const
{
    return image.size() == other.image.size() && image.type() == other.image.type();
}

bool TrackedFrame::beginsScene(const TrackedFrame& last) const
{
    return !isComparable(last) || norm(last.thumbnail, thumbnail, NORM_L1) > NEW_SCENE * THUMBNAIL.area();
}

const GrayPyramid& TrackedFrame::grayPyramid()
{
    if (!gray)
        gray = makePtr<GrayPyramid>(image);
    return *gray;
}

}} // namespace cv::sanprivacy
