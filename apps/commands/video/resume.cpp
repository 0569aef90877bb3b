// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#include "commands/video/resume.hpp"

#include "media/media_info.hpp"
#include "media/video_writer.hpp"

#include <fstream>
#include <stdexcept>

namespace fs = std::filesystem;

namespace sanprivacy { namespace apps {

namespace {

const std::string FACE_FOUND = "A face was found.";

size_t framesOf(const fs::path& video)
{
    const int only_images = 0; // come first in our files
    return fs::exists(video) ? packetCount(fs::absolute(video).string(), only_images) : 0;
}

} // namespace

UnfinishedRun::UnfinishedRun(const fs::path& target, bool resume) : target_(target)
{
    takeLock();
    const fs::path unfinished = unfinishedVideo(target), earlier = video();
    for (char sign : { REWRITTEN, TRACKS }) // of a run that was killed
        fs::remove(hiddenName(target, sign));
    if (!resume)
    {
        const bool unfinished_there = fs::remove(unfinished), earlier_there = fs::remove(earlier);
        if (unfinished_there || earlier_there) // then the video is not whole
            fs::remove(target);
        fs::resize_file(lockFile(), 0);
        return;
    }
    size_t frames = framesOf(earlier);
    const size_t newer = framesOf(unfinished);
    if (fs::exists(unfinished) && newer >= frames)
    {
        fs::rename(unfinished, earlier);
        frames = newer;
    }
    const FileKind kind = fileKind(target, false);
    frames_ = kind.constant_rate || kind.video == "gif"
                  ? 0
                  : frames; // whose frames are not those of the source, where the rate is uneven or high
    std::string text;
    std::getline(std::ifstream(lockFile()), text);
    face_found_ = text == FACE_FOUND;
}

//! A run that ends takes the lock's file away, perhaps after it was opened here and before it was locked.
void UnfinishedRun::takeLock()
{
    do
        try
        {
            lock_.reset();
            lock_.reset(new FileLock(lockFile()));
        }
        catch (const std::runtime_error&)
        {
            if (!fs::exists(lockFile()))
                throw;
            throw std::runtime_error("'" + target_.string() + "' is being written by another run");
        }
    while (!fs::exists(lockFile()));
}

UnfinishedRun::~UnfinishedRun()
{
    std::error_code ignored;
    if (!isThere(target_))
        fs::remove(lockFile(), ignored);
}

bool UnfinishedRun::isThere(const fs::path& target)
{
    return fs::exists(unfinishedVideo(target)) || fs::exists(hiddenName(target, EARLIER));
}

fs::path UnfinishedRun::video() const
{
    return hiddenName(target_, EARLIER);
}

fs::path UnfinishedRun::lockFile() const
{
    return hiddenName(target_, LOCK);
}

void UnfinishedRun::noteFace()
{
    if (!face_found_)
        std::ofstream(lockFile()) << FACE_FOUND << std::endl;
    face_found_ = true;
}

void UnfinishedRun::removeVideo()
{
    fs::remove(video());
}

}} // namespace sanprivacy::apps
