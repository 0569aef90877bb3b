// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#ifndef OPENCV_SANPRIVACY_FRAME_CHANGE_HPP
#define OPENCV_SANPRIVACY_FRAME_CHANGE_HPP

#include "face_geometry.hpp"

namespace cv { namespace sanprivacy {

//! A head that is followed.
struct MovingHead
{
    HeadShape shape;
    Point2c move; //!< of its centre from the last frame to this one, pixels
};

/** @brief Tells when something appears beside the faces that are known, more than usually changes from frame to frame.
*/
class FrameChange
{
public:
    FrameChange() : usual_(NOT_KNOWN) {}

    /** @brief Takes the next frame.
    @param image 8-bit, gray or BGR.
    @param heads what changes there says nothing, nor does what moves as one of them, such as hair, shoulders, or all of
    the frame with the camera.
    @param where receives a box around what changed, pixels of the image.
    @return whether something appeared. */
    bool appears(const Mat& image, const std::vector<MovingHead>& heads, Rect2d& where);

private:
    enum
    {
        NOT_KNOWN = -1
    };

    Mat last_;
    double usual_; // number of cells that change
};

}} // namespace cv::sanprivacy

#endif // OPENCV_SANPRIVACY_FRAME_CHANGE_HPP
