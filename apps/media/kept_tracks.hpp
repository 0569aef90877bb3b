// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#ifndef SANPRIVACY_APPS_MEDIA_KEPT_TRACKS_HPP
#define SANPRIVACY_APPS_MEDIA_KEPT_TRACKS_HPP

#include "media/encoding.hpp"

namespace sanprivacy { namespace apps {

//! The sound that goes with the frames.
struct Sound
{
    std::string video;       //!< file or URL it is taken from; empty: none
    std::vector<int> tracks; //!< numbers of its sound streams
    double begin = 0;        //!< seconds
    double end = -1;         //!< negative: to the video's end
};

//! How a target keeps the sound.
struct SoundPlan
{
    std::vector<std::string> arguments; //!< of ffmpeg, where the sound is its second input
    std::string note;                   //!< what cannot be kept as it is, for the user; or empty
};

/** Copies what the target's kind of file takes, and encodes the rest. What it takes is found out by trying, with the
tool's own knowledge of containers. */
SoundPlan planSound(const Sound& sound, const FileKind& kind, const std::filesystem::path& target);

//! ffmpeg with what it needs to give up at once where it cannot write, as on a full disk.
std::vector<std::string> ffmpegCommand(std::vector<std::string> arguments);

}} // namespace sanprivacy::apps

#endif // SANPRIVACY_APPS_MEDIA_KEPT_TRACKS_HPP
