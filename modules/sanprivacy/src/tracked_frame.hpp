// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#ifndef OPENCV_SANPRIVACY_TRACKED_FRAME_HPP
#define OPENCV_SANPRIVACY_TRACKED_FRAME_HPP

#include "gray_pyramid.hpp"
#include "observation.hpp"

#include "opencv2/sanprivacy/stream_anonymizer.hpp"

namespace cv { namespace sanprivacy {

//! A frame with what is known of its faces.
struct TrackedFrame
{
    Mat image;
    Mat thumbnail;         //!< to recognise a new scene
    Ptr<GrayPyramid> gray; //!< that faces are followed in, where it is needed
    double time;           //!< seconds
    bool cut;              //!< a new scene begins here
    bool released;         //!< nothing can be changed any more
    std::vector<Observation> observations;
    StreamRecord record; //!< number, detection and error

    TrackedFrame() : time(0), cut(false), released(false) {}

    //! A copy of an image.
    TrackedFrame(const Mat& source, double seconds);

    //! Whether both have one size and type.
    bool isComparable(const TrackedFrame& other) const;

    //! Whether it looks so different from the last frame that it belongs to another scene.
    bool beginsScene(const TrackedFrame& last) const;

    const GrayPyramid& grayPyramid(); //!< made at its first use
};

}} // namespace cv::sanprivacy

#endif // OPENCV_SANPRIVACY_TRACKED_FRAME_HPP
