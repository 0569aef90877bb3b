// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#ifndef SANPRIVACY_APPS_COMMANDS_VIDEO_SQUARE_PIXELS_HPP
#define SANPRIVACY_APPS_COMMANDS_VIDEO_SQUARE_PIXELS_HPP

#include <opencv2/core.hpp>
#include <opencv2/sanprivacy.hpp>

namespace sanprivacy { namespace apps {

/** Frames whose pixels are not square, with the shape in which a player shows them: a face that is stored at half its
width is not found, or covered in part only. */
class SquarePixels
{
public:
    //! @param pixel_shape VideoFormat::shown_pixel_shape. @param max_pixels that a frame may have: it is shrunk to them
    SquarePixels(const cv::Size& pixel_shape, size_t max_pixels);

    //! The frame as it is shown; the same data where the pixels are nearly square.
    cv::Mat shown(const cv::Mat& stored) const;

    /** The frame as it is stored, after it was changed as it is shown: what was not changed is as it was.
    @param shown of the stored one, not changed */
    static cv::Mat stored(const cv::Mat& changed, const cv::Mat& shown, const cv::Mat& stored);

    //! Takes places in the frame as it is shown to those in the stored one.
    static void toStored(cv::sanprivacy::StreamRecord& record, const cv::Size& shown, const cv::Size& stored);

private:
    cv::Size2d stretch_;
    size_t max_pixels_;
};

}} // namespace sanprivacy::apps

#endif // SANPRIVACY_APPS_COMMANDS_VIDEO_SQUARE_PIXELS_HPP
