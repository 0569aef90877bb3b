// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#ifndef SANPRIVACY_APPS_MEDIA_ENCODING_HPP
#define SANPRIVACY_APPS_MEDIA_ENCODING_HPP

#include "media/video_reader.hpp"

#include <filesystem>
#include <string>
#include <vector>

namespace sanprivacy { namespace apps {

//! What a kind of video file can hold, by its ending.
struct FileKind
{
    std::string video = "libx264"; //!< the encoder, in ffmpeg's words
    //! Encoders for sound that cannot be copied, the best first
    std::vector<std::string> sound = { "aac", "libopus", "ac3", "mp2" };
    bool deep = true;           //!< more than 8 bits per color
    bool odd_size = false;      //!< any width and height, not even ones only
    bool color_tags = true;     //!< matrix, range, primaries and transfer of the colors
    bool interlaced = true;     //!< interlaced images
    bool constant_rate = false; //!< one time from frame to frame
    bool sound_alone = true;    //!< a file can be one of sound without images
};

//! @param deep whether the frames have more than 8 bits per color
FileKind fileKind(const std::filesystem::path& video, bool deep);

//! Whether the quality of such a file is a rate factor; not so of what is no video's name, as that of a folder.
bool hasRateFactor(const std::filesystem::path& video);

std::string endingOf(const std::filesystem::path& video); //!< .mp4 of CLIP.MP4

/** Adds a file to write to arguments of ffmpeg, with the container's name where ffmpeg does not know the ending. */
void addFile(std::vector<std::string>& arguments, const std::filesystem::path& file);

//! Arguments of ffmpeg, from BGR frames to the video stream of a file.
std::vector<std::string> encodingArguments(const FileKind& kind, const VideoFormat& format, const cv::Size& size,
    bool deep, int quality, const std::filesystem::path& target);

}} // namespace sanprivacy::apps

#endif // SANPRIVACY_APPS_MEDIA_ENCODING_HPP
