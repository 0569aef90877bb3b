// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#ifndef SANPRIVACY_APPS_MEDIA_VIDEO_WRITER_HPP
#define SANPRIVACY_APPS_MEDIA_VIDEO_WRITER_HPP

#include "media/kept_tracks.hpp"
#include "media/video_reader.hpp"

#include <filesystem>
#include <memory>
#include <stdexcept>
#include <string>

namespace sanprivacy { namespace apps {

//! Writes protected frames. No video is there under the final name before finish() or keep().
class VideoWriter
{
public:
    virtual ~VideoWriter() {}
    /** Starts the encoder early, while the first frame is still to be protected: it takes a while. write() waits, and
    raises what went wrong. @param first the same frame as it was read */
    virtual void begin(const VideoFrame& /*first*/) {}
    virtual void write(const VideoFrame& frame) = 0;
    //! Before finish(): when the last frame ceases to be shown, in the time of the frames. 0: nobody knows.
    virtual void endAt(double /*time*/) {}
    virtual void finish() = 0;

    //! As finish(), for a video that is to be resumed: unfinishedVideo() stays beside it.
    virtual void keep() { finish(); }

    //! Instead of finish(): nothing of what was written stays. @return false where that cannot be
    virtual bool discard() = 0;

    //! What of the source cannot be kept, for the user; or empty. Known when the first frame is written.
    virtual std::string note() const { return std::string(); }
};

//! A video cannot be written because of the ending of its name.
struct WrongEnding : std::runtime_error
{
    using std::runtime_error::runtime_error;
    //! Of a kind of file that ffmpeg does not write. @param target names it
    static WrongEnding unknownTo(const std::filesystem::path& target);
};

//! What a target takes over from its source.
struct WriteOptions
{
    VideoFormat format;
    MediaInfo source;        //!< of a file
    std::string source_file; //!< its name: what others may not read there they may not read in the target
    KeptTracks kept;
    int quality = 18; //!< rate factor of H.264
};

/** A writer for a video file (by the ffmpeg tool), a sequence of images (name with %d) or raw frames to standard output
("-").

A video keeps the frames' time stamps, color tags and field order, and the source's sound, subtitles and chapters; it
gets no other metadata. An .avi has one rate.
Without the ffmpeg tool a video raises std::runtime_error. A kind of file that ffmpeg does not write, as those of
recorders, raises WrongEnding, at the latest in finish(). */
std::unique_ptr<VideoWriter> createVideoWriter(const std::string& target, const WriteOptions& options);

//! Whether a target can hold more than 8 bits per color.
bool holdsDepth(const std::string& target);

/** The hidden file that a video is written to until it is whole. A run that is killed leaves it there; on errors it
goes. */
std::filesystem::path unfinishedVideo(const std::filesystem::path& target);

//! Signs of further hidden names of a video: what an earlier run left, what is written anew, single tracks, the lock.
const char EARLIER = '_', REWRITTEN = '+', TRACKS = '=', LOCK = '~';

//! A further hidden name of a video: that of its unfinishedVideo(), with another sign before the name.
std::filesystem::path hiddenName(const std::filesystem::path& target, char sign);

}} // namespace sanprivacy::apps

#endif // SANPRIVACY_APPS_MEDIA_VIDEO_WRITER_HPP
