// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#ifndef SANPRIVACY_APPS_COMMANDS_VIDEO_LOG_HPP
#define SANPRIVACY_APPS_COMMANDS_VIDEO_LOG_HPP

#include <filesystem>
#include <fstream>
#include <string>

#include <opencv2/sanprivacy.hpp>

namespace sanprivacy { namespace apps {

//! The file of --log: a line of JSON per frame.
class FrameLog
{
public:
    //! @param file empty: no log. @param resume goes on with what is there. @param source see permissionsFor().
    //! Raises std::runtime_error where it cannot be written.
    FrameLog(const std::string& file, bool resume, const std::filesystem::path& source = std::filesystem::path());

    //! Frames of a video that an earlier run has logged; -1: there is no line of it.
    std::int64_t framesOf(const std::string& video) const;

    //! Takes out what was logged of a video from a frame on: it will be processed once more.
    void cut(const std::string& video, std::int64_t frame);

    void write(const std::string& video, const cv::sanprivacy::StreamRecord& record, double time);

private:
    void open();

    std::string file_;
    std::ofstream stream_;
};

}} // namespace sanprivacy::apps

#endif // SANPRIVACY_APPS_COMMANDS_VIDEO_LOG_HPP
