// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#ifndef SANPRIVACY_APPS_COMMANDS_VIDEO_RESUME_HPP
#define SANPRIVACY_APPS_COMMANDS_VIDEO_RESUME_HPP

#include <filesystem>
#include <memory>

#include "common/atomic_file.hpp"

namespace sanprivacy { namespace apps {

/** The hidden files beside a target from which an interrupted run is resumed: its unfinished video, that video while
its frames are taken over into a new one, and a lock, in which is noted whether a face was found. */
class UnfinishedRun
{
public:
    /** Takes the lock, and puts what an earlier run left out of the way of the new one; where nothing is to be resumed,
    it goes. Raises std::runtime_error where another run has the lock. */
    UnfinishedRun(const std::filesystem::path& target, bool resume);
    UnfinishedRun(const UnfinishedRun&) = delete;
    UnfinishedRun& operator=(const UnfinishedRun&) = delete;
    ~UnfinishedRun(); //!< takes the lock's file away, unless there is something to resume

    static bool isThere(const std::filesystem::path& target); //!< whether there is something to resume

    std::filesystem::path video() const;      //!< of the earlier run
    size_t frames() const { return frames_; } //!< in that video
    bool faceFound() const { return face_found_; }

    void noteFace();    //!< a face was found in the video
    void removeVideo(); //!< its frames have been taken over

private:
    void takeLock();
    std::filesystem::path lockFile() const;

    std::filesystem::path target_;
    std::unique_ptr<FileLock> lock_;
    size_t frames_ = 0;
    bool face_found_ = false;
};

}} // namespace sanprivacy::apps

#endif // SANPRIVACY_APPS_COMMANDS_VIDEO_RESUME_HPP
