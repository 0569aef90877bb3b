// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#ifndef SANPRIVACY_APPS_MEDIA_KEPT_TRACKS_HPP
#define SANPRIVACY_APPS_MEDIA_KEPT_TRACKS_HPP

#include "common/tool_process.hpp"
#include "media/encoding.hpp"

#include <map>

namespace sanprivacy { namespace apps {

//! What of a file goes with its frames.
struct KeptTracks
{
    std::string video;                    //!< file or URL it is taken from; empty: none
    std::vector<int> sound, subtitles;    //!< numbers of these streams
    std::map<int, std::string> languages; //!< of these, where they are told
    size_t chapters = 0;
    int first = -1;          //!< MediaInfo::first of the file
    bool edit_lists = false; //!< MediaInfo::edit_lists
    double begin = 0;        //!< seconds
    double end = -1;         //!< negative: to the video's end
};

//! How a target keeps some tracks.
struct TrackPlan
{
    std::vector<int> tracks;           //!< those that are kept
    std::vector<std::string> encoding; //!< arguments of ffmpeg for a file with these tracks in this order
    bool encoded = false;              //!< some are not copied
    std::string note;                  //!< what cannot be kept as it is, for the user; or empty

    void addNote(const std::string& more) { note += (note.empty() ? "" : "; ") + more; }
};

/** Copies what the target's kind of file takes, and encodes the rest. What it takes is found out by trying, with the
tool's own knowledge of containers. An image inside of a track, such as a cover, is never copied. */
TrackPlan planSound(const KeptTracks& kept, const FileKind& kind, const std::filesystem::path& target);

//! As planSound(). Subtitles that are images, as a DVD has them, are kept only where they can be copied.
TrackPlan planSubtitles(const KeptTracks& kept, const std::filesystem::path& target);

bool takesChapters(const std::filesystem::path& target);

/** Adds subtitles and chapters to a finished video. They are few and far between: beside a slow stream of frames ffmpeg
would read the whole source for the next one.
@param video unfinished video of the target
@param shift seconds from a time of the source to that of the video */
void addText(const std::filesystem::path& target, const std::filesystem::path& video, const KeptTracks& kept,
    const TrackPlan& subtitles, double shift);

//! Arguments of ffmpeg for a source of tracks. A packet that is not whole, as the last of a recording, is left out.
void addSource(std::vector<std::string>& arguments, const std::string& source);

/** Adds arguments of ffmpeg that take tracks of an input by their place among those of their kind: an address may
answer with another video each time, where one of these numbers may be that of images, which nobody would protect.
@param kind 'a' or 's', of ffmpeg */
void addMap(
    std::vector<std::string>& arguments, int input, const KeptTracks& kept, char kind, const std::vector<int>& tracks);

//! Whether an ffmpeg is to go on where its source has errors: an address may break off, and sound be damaged.
bool skipsErrors(const std::string& source, bool encodes_sound);

//! What became of the sound that an ffmpeg has written.
struct WrittenSound
{
    bool decoded, whole; //!< everything that was to be encoded anew; read to its end, as far as that is known
};

/** Waits for the end of an ffmpeg that writes a file. Raises std::runtime_error where it failed, or could not write:
one that skips errors does not always return that. */
WrittenSound finishWriting(ToolProcess& ffmpeg);

/** ffmpeg with what it needs to give up at once where it cannot write, as on a full disk.
@param skips_errors whether it goes on where a packet cannot be decoded, and succeeds */
std::vector<std::string> ffmpegCommand(const std::vector<std::string>& arguments, bool skips_errors = false);

}} // namespace sanprivacy::apps

#endif // SANPRIVACY_APPS_MEDIA_KEPT_TRACKS_HPP
