// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#ifndef SANPRIVACY_APPS_MEDIA_MATROSKA_HPP
#define SANPRIVACY_APPS_MEDIA_MATROSKA_HPP

#include <string>

#include <opencv2/core.hpp>

namespace sanprivacy { namespace apps {

/** Raw BGR frames as a Matroska stream: the one simple container whose raw frames carry time stamps and that needs no
way back. Element numbers are those of the Matroska specification (RFC 9559). */
class MatroskaStream
{
public:
    static constexpr int TICKS_PER_SECOND = 100000; //!< of the time stamps

    //! What comes before all frames. @param type CV_8UC3 or CV_16UC3. @param pixel_shape width and height of a pixel,
    //! in any unit
    static std::string header(const cv::Size& size, int type, const cv::Size& pixel_shape);

    //! What comes before the pixels of a frame. @param time seconds
    static std::string frameHeader(double time, size_t bytes);
};

}} // namespace sanprivacy::apps

#endif // SANPRIVACY_APPS_MEDIA_MATROSKA_HPP
