// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#include "media/video_writer.hpp"

#include "common/atomic_file.hpp"
#include "common/image_io.hpp"
#include "media/file_writer.hpp"
#include "media/image_sequence.hpp"

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <set>
#include <stdexcept>

namespace fs = std::filesystem;

namespace sanprivacy { namespace apps {

namespace {

class ImageSequence : public VideoWriter
{
public:
    ImageSequence(const std::string& pattern, const WriteOptions& options)
        : pattern_(pattern), source_(options.source_file), transparency_lost_(options.source.transparent)
    {
    }

    void write(const VideoFrame& frame) override
    {
        const int quality = 95; // of JPEG and WebP: no visible loss
        const fs::path file = pattern_.file(frame.number);
        const bool from_images = ImagePattern::matches(source_.string());
        writeImage(file, { frame.pixels, frame.alpha }, quality,
            from_images ? ImagePattern(source_.string()).file(frame.number) : source_);
        written_.push_back(file);
    }

    void finish() override {}
    std::string note() const override { return transparency_lost_ ? "left out: transparency" : std::string(); }

    bool discard() override
    {
        std::error_code ignored;
        for (const fs::path& file : written_)
            fs::remove(file, ignored);
        return true;
    }

private:
    ImagePattern pattern_;
    fs::path source_;        // a video, or the pattern of images
    bool transparency_lost_; // of a video
    std::vector<fs::path> written_;
};

class RawFrames : public VideoWriter
{
public:
    void write(const VideoFrame& frame) override
    {
        const cv::Mat pixels = frame.pixels.isContinuous() ? frame.pixels : frame.pixels.clone();
        const size_t size = pixels.total() * pixels.elemSize();
        if (std::fwrite(pixels.data, 1, size, stdout) != size || std::fflush(stdout) != 0)
            throw std::runtime_error(std::string("cannot write to standard output: ") + std::strerror(errno));
    }

    void finish() override {}
    bool discard() override { return false; }
};

} // namespace

WrongEnding WrongEnding::unknownTo(const fs::path& target)
{
    return WrongEnding("ffmpeg writes no videos with the ending " + target.extension().string()
                       + "; name another output for this one, such as " + target.stem().string() + ".mp4");
}

bool holdsDepth(const std::string& target)
{
    static const std::set<std::string> images = { ".png", ".tif", ".tiff" };
    if (target == "-")
        return false;
    return ImagePattern::matches(target) ? images.count(endingOf(target)) > 0 : fileKind(target, true).deep;
}

fs::path unfinishedVideo(const fs::path& target)
{
    return unfinishedName(target);
}

fs::path hiddenName(const fs::path& target, char sign)
{
    const fs::path unfinished = unfinishedName(target);
    std::string name = unfinished.filename().string();
    name[name.find('-')] = sign;
    return unfinished.parent_path() / name;
}

std::unique_ptr<VideoWriter> createVideoWriter(const std::string& target, const WriteOptions& options)
{
    if (target == "-")
        return std::unique_ptr<VideoWriter>(new RawFrames);
    if (ImagePattern::matches(target))
        return std::unique_ptr<VideoWriter>(new ImageSequence(target, options));
    if (hasImageName(target))
        throw std::runtime_error("'" + target + "' is one image; expected a video (.mp4), or numbered images (%d"
                                 + fs::path(target).extension().string() + ")");
    return createFileWriter(target, options);
}

}} // namespace sanprivacy::apps
