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

/** @brief Notices when something appears beside the faces that are known: more changes than usually does from frame to
frame, in the whole or where all was quiet. */
class FrameChange
{
public:
    FrameChange() : usual_(0), usual_in_quiet_(0) {}

    /** @brief Takes the next frame.
    @param image 8-bit, gray or BGR.
    @param heads what changes there does not count, nor does what moves as one of them, such as hair, shoulders, or all
    of the frame with the camera.
    @param where receives a box around what changed, pixels of the image.
    @return whether something appeared. */
    bool appears(const Mat& image, const std::vector<MovingHead>& heads, Rect2d& where);

private:
    Mat changedInQuiet(const Mat& changed);

    Mat last_;
    Mat active_;                    // for how many frames each cell is no quiet place yet
    double usual_, usual_in_quiet_; // number of cells that change, in all and in quiet places
};

}} // namespace cv::sanprivacy

#endif // OPENCV_SANPRIVACY_FRAME_CHANGE_HPP
