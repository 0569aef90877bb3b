// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#include "media/file_writer.hpp"

#include "common/atomic_file.hpp"
#include "common/message.hpp"
#include "common/output_guard.hpp"
#include "common/tool_process.hpp"
#include "common/workers.hpp"
#include "media/file_reader.hpp"
#include "media/image_sequence.hpp"
#include "media/matroska.hpp"

#include <algorithm>
#include <cmath>
#include <future>
#include <set>
#include <stdexcept>

namespace fs = std::filesystem;

namespace sanprivacy { namespace apps {

namespace {

class FileWriter : public VideoWriter
{
public:
    FileWriter(const fs::path& target, const WriteOptions& options);
    ~FileWriter() override;

    void begin(const VideoFrame& first) override;
    void write(const VideoFrame& frame) override;
    void endAt(double time) override { end_ = time; }
    void finish() override;
    void keep() override;
    bool discard() override;
    std::string note() const override { return note_; }

private:
    void start(const VideoFrame& first);
    std::vector<std::string> soundArguments() const;
    void feed(const cv::Mat& pixels, double time);
    void showLastFrameToEnd();
    void rewrite(std::vector<std::string> arguments, const fs::path& file) const;
    void addSubtitlesAndChapters();
    void noteLosses(bool deep, bool transparent);
    void addNote(const std::string& note) { note_ += (note_.empty() ? "" : "; ") + note; }
    void complete();
    [[noreturn]] void explain(const std::runtime_error& error) const;

    fs::path target_, temporary_;
    WriteOptions options_;
    FileKind kind_;
    TrackPlan sound_, subtitles_;
    std::string note_;
    cv::Size size_, written_size_; // of the frames, and with what fills them up
    int type_ = 0;
    double begin_ = 0, last_ = -1; // time of the first frame, and of the last written one from there; seconds
    double end_ = 0;               // when the last one ceases to be shown, in the time of the frames; 0: not known
    cv::Mat last_pixels_;          // of the last frame, where one may be written twice
    std::unique_ptr<ToolProcess> ffmpeg_;
    std::future<void> started_; // by begin()
};

//! A file without metadata but what its streams are told to have.
void addPlainOutput(std::vector<std::string>& arguments, const fs::path& file)
{
    arguments.insert(arguments.end(), { "-map_metadata:g", "-1", "-map_chapters", "-1", "-fflags", "+bitexact" });
    addFile(arguments, file);
}

FileWriter::FileWriter(const fs::path& target, const WriteOptions& options)
    : target_(fs::absolute(target)), options_(options)
{
    if (!ToolProcess::available("ffmpeg"))
        throw std::runtime_error("the tool ffmpeg, which writes videos, is not installed (apt install ffmpeg)");
    if (target_.extension().empty())
        throw WrongEnding("'" + target.string() + "' has no ending that tells the kind of video, such as .mp4");
    std::error_code ignored;
    if (fs::exists(target_, ignored) && !fs::is_regular_file(target_, ignored))
        throw std::runtime_error("cannot write '" + target.string() + "': not a regular file");
    if (ImagePattern::matches(options_.source_file))
        options_.source_file = mostPrivate(ImagePattern(options_.source_file).files()).string();
    KeptTracks& kept = options_.kept;
    if (!kept.video.empty())
        kept.video = toolName(kept.video);
}

FileWriter::~FileWriter()
{
    discard();
}

bool FileWriter::discard()
{
    if (started_.valid())
        started_.wait();
    ffmpeg_.reset();
    std::error_code ignored;
    if (!temporary_.empty())
        fs::remove(temporary_, ignored);
    temporary_.clear();
    return true;
}

void FileWriter::begin(const VideoFrame& first)
{
    if (!ffmpeg_)
        started_ = std::async(std::launch::async, [this, first] { start(first); });
}

void FileWriter::write(const VideoFrame& frame)
{
    if (started_.valid())
        started_.get();
    else if (!ffmpeg_)
        start(frame);
    const bool filled_up = frame.pixels.size() == written_size_; // as in a video that is resumed
    if ((frame.pixels.size() != size_ && !filled_up) || frame.pixels.type() != type_)
        throw std::runtime_error("the size of the frames changes; a video has one size");
    cv::Mat pixels = frame.pixels;
    if (!filled_up)
        cv::copyMakeBorder(pixels, pixels, 0, written_size_.height - size_.height, 0, written_size_.width - size_.width,
            cv::BORDER_REPLICATE);
    else if (!pixels.isContinuous())
        pixels = pixels.clone();
    last_ = frame.time - begin_;
    if (kind_.constant_rate)
        last_pixels_ = pixels;
    feed(pixels, last_);
}

//! @param time from the first frame
void FileWriter::feed(const cv::Mat& pixels, double time)
{
    const size_t bytes = pixels.total() * pixels.elemSize();
    const std::string head = MatroskaStream::frameHeader(time, bytes);
    try
    {
        ffmpeg_->feed(head.data(), head.size());
        ffmpeg_->feed(pixels.data, bytes);
    }
    catch (const std::runtime_error& error)
    {
        explain(error);
    }
}

void FileWriter::finish()
{
    const double step = 1 / options_.format.rate;
    for (int k = 3; k > 0 && !last_pixels_.empty();
         --k) // ffmpeg repeats the last frame as it did one of the last three
        if (end_ - begin_ - k * step > last_ + step / 2)
            feed(last_pixels_, end_ - begin_ - k * step);
    complete();
    showLastFrameToEnd();
    addSubtitlesAndChapters();
    fs::permissions(temporary_, permissionsFor(target_, options_.source_file));
    fs::rename(temporary_, target_);
    temporary_.clear();
}

/** A frame is shown until the next one. How long the last one is, as that of slides, is the duration of its packet,
which encoders do not know; in MP4 the packet that comes last counts, too. */
void FileWriter::showLastFrameToEnd()
{
    static const std::set<std::string> endings = { ".mkv", ".webm", ".mp4", ".m4v", ".mov", ".qt", ".3gp" };
    const double least = .1, rounding = .002; // seconds
    const std::string ending = endingOf(target_);
    const bool gif = ending == ".gif";
    const double shown = end_ - begin_ - last_;
    if (shown <= 0 || std::max(shown, 1 / options_.format.rate) < least || !(gif || endings.count(ending) > 0))
        return;
    const MediaInfo written = readMediaInfo(temporary_.string());
    const double last = written.video_begin + last_, end = written.video_begin + end_ - begin_;
    if (std::abs(end - written.shown_until) < least)
        return;
    if (gif) // in hundredths of a second
        return rewrite({ "-final_delay", std::to_string(std::lround(100 * (end - last))) }, temporary_);
    rewrite({ "-bsf:v", cv::format("setts=pts=PTS:dts=DTS:duration="
                                   "if(gte(PTS*TB\\,%.6f)+eq(NEXT_DTS\\,NOPTS)\\,%.6f/TB-PTS\\,DURATION)",
                            last - rounding, end) },
        temporary_);
}

//! Copies the unfinished video to a file, with some arguments of ffmpeg.
void FileWriter::rewrite(std::vector<std::string> arguments, const fs::path& file) const
{
    const fs::path copy = hiddenName(target_, REWRITTEN);
    arguments.insert(arguments.begin(), { "-i", unfinishedVideo(target_).string(), "-map", "0", "-c", "copy" });
    addPlainOutput(arguments, copy);
    try
    {
        makePrivateFile(copy);
        ToolProcess(ffmpegCommand(arguments), ToolProcess::FEED).finish();
        if (file == target_)
            fs::permissions(copy, permissionsFor(target_, options_.source_file));
        fs::rename(copy, file);
    }
    catch (...)
    {
        std::error_code ignored;
        fs::remove(copy, ignored);
        throw;
    }
}

//! A video whose subtitles cannot be read is whole without them.
void FileWriter::addSubtitlesAndChapters()
{
    const KeptTracks& kept = options_.kept;
    if (subtitles_.tracks.empty() && (kept.chapters == 0 || !takesChapters(target_)))
        return;
    try
    {
        const double written_begin = readMediaInfo(temporary_.string()).video_begin;
        addText(target_, temporary_, kept, subtitles_, written_begin - begin_);
    }
    catch (const std::runtime_error& error)
    {
        const std::string reason = error.what();
        addNote("left out: subtitles and chapters: " + reason.substr(0, reason.find('\n')));
    }
}

void FileWriter::keep()
{
    complete();
    if (ffmpeg_->stopped() && packetCount(temporary_.string(), 0) == 0)
        throw std::runtime_error("interrupted while the sound was waited for; nothing written");
    temporary_.clear();                                       // stays, whatever happens here
    rewrite({ "-t", std::to_string(last_ + 1e-3) }, target_); // the sound was there to its end
}

void FileWriter::complete()
{
    if (last_ < 0)
        throw std::runtime_error("no frame to write");
    try
    {
        const WrittenSound sound = finishWriting(*ffmpeg_);
        if (!sound.decoded && sound_.encoded)
            addNote("parts of the sound are damaged and left out");
        if (!sound.whole && isUrl(options_.kept.video))
            addNote("the sound ends early: its source broke off");
    }
    catch (const std::runtime_error& error)
    {
        explain(error);
    }
    if (ffmpeg_->stopped())
        addNote("the sound may end early: interrupted while it was read");
}

//! Raises the error of ffmpeg that is being handled; where the file's ending is its reason, with what to do.
void FileWriter::explain(const std::runtime_error& error) const
{
    const std::string text = error.what();
    static const char* const signs[] = { "output format for '", "not supported by the bitstream filter",
        "supported in container", "muxer supports only", "muxer only supports", "does not contain any stream" };
    if (std::none_of(std::begin(signs), std::end(signs), // ffmpeg 5 and 7 say it differently
            [&](const char* sign) { return text.find(sign) != std::string::npos; }))
        throw;
    throw WrongEnding::unknownTo(target_);
}

std::vector<std::string> FileWriter::soundArguments() const
{
    const KeptTracks& sound = options_.kept;
    std::vector<std::string> arguments;
    if (sound_.tracks.empty())
        return arguments;
    if (sound.begin > 0)
        arguments.insert(arguments.end(), { "-ss", std::to_string(sound.begin) });
    if (sound.end >= 0)
        arguments.insert(arguments.end(), { "-t", std::to_string(sound.end - sound.begin) });
    addSource(arguments, sound.video);
    arguments.insert(arguments.end(), { "-map", "0:v" });
    addMap(arguments, 1, sound, 'a', sound_.tracks);
    arguments.insert(arguments.end(), sound_.encoding.begin(), sound_.encoding.end());
    return arguments;
}

void FileWriter::noteLosses(bool deep, bool transparent)
{
    const VideoFormat& format = options_.format;
    if (written_size_ != size_)
        addNote(cv::format("%dx%d is filled up to %dx%d, as the encoding needs even sizes", size_.width, size_.height,
            written_size_.width, written_size_.height));
    if (format.color.highDynamicRange() && !(deep && kind_.color_tags))
        addNote("colors of high dynamic range look pale: such a file cannot hold them");
    else if (options_.source.deep && !deep)
        addNote("the colors keep 8 bits each: such a file cannot hold more");
    if (options_.source.dynamic_hdr)
        addNote("left out: Dolby Vision and mastering metadata");
    if (options_.source.views.area() > 1)
        addNote("left out: the mark that each image holds two views (stereo)");
    if (options_.source.spherical)
        addNote("left out: the mark of a spherical video (360 degrees)");
    if (options_.source.transparent || transparent)
        addNote("left out: transparency");
    if (options_.source.closed_captions)
        addNote("left out: closed captions");
    if (kind_.video == "gif" && format.rate > 50.5)
        addNote("left out: images that follow another one within 0.02 s");
    if (!format.field_order.empty() && !kind_.interlaced)
        addNote("interlaced images are written as whole ones");
    std::string others;
    for (const auto& other : options_.source.others)
        others += (others.empty() ? "" : ", ") + count(other.second, other.first);
    if (!others.empty())
        addNote("left out: " + others);
    if (options_.source.image_subtitles > 0 && !subtitles_.tracks.empty())
        addNote("subtitles that are images are kept without a search for faces in them");
    if (options_.kept.chapters > 0 && !takesChapters(target_))
        addNote("left out: " + count(options_.kept.chapters, "chapter") + " that cannot be kept in such a file");
    for (const TrackPlan* plan : { &sound_, &subtitles_ })
        if (!plan->note.empty())
            addNote(plan->note);
}

void FileWriter::start(const VideoFrame& first)
{
    sound_ = planSound(options_.kept, fileKind(target_, false), target_);
    subtitles_ = planSubtitles(options_.kept, target_);
    if (interrupted() && isUrl(options_.kept.video)) // it was not waited for, so that nothing is known of its tracks
        throw std::runtime_error("interrupted before the first frame; nothing written");
    temporary_ = unfinishedVideo(target_);
    size_ = written_size_ = first.pixels.size();
    type_ = first.pixels.type();
    begin_ = first.time;
    const bool deep = first.pixels.depth() == CV_16U;
    kind_ = fileKind(target_, deep);
    if (!kind_.odd_size)
        written_size_ = cv::Size((size_.width + 1) / 2 * 2, (size_.height + 1) / 2 * 2);
    noteLosses(deep, !first.alpha.empty());
    std::vector<std::string> arguments = { "-f", "matroska", "-i", "pipe:0" };
    const std::vector<std::string> sound = soundArguments();
    if (!sound.empty())
        arguments.insert(arguments.begin(), { "-itsoffset", std::to_string(begin_ - options_.kept.begin) });
    arguments.insert(arguments.end(), sound.begin(), sound.end());
    const std::vector<std::string> encoding =
        encodingArguments(kind_, options_.format, size_, deep, options_.quality, target_);
    arguments.insert(arguments.end(), encoding.begin(), encoding.end());
    arguments.insert(arguments.end(), { "-map_metadata:s", "-1" });
    addPlainOutput(arguments, temporary_);
    if (!sound.empty())
    {
        const std::vector<std::string> times_of_file = timesOfFile(options_.kept.first, 1);
        arguments.insert(arguments.end(), times_of_file.begin(), times_of_file.end());
    }
    makePrivateFile(temporary_); // until it is whole
    const bool skips_errors = !sound.empty() && skipsErrors(options_.kept.video, sound_.encoded);
    ffmpeg_.reset(new ToolProcess(ffmpegCommand(arguments, skips_errors), ToolProcess::FEED,
        sound.empty() ? ToolProcess::TO_ITS_END : patienceWith(options_.kept.video)));
    const std::string header = MatroskaStream::header(written_size_, type_, options_.format.pixel_shape);
    ffmpeg_->feed(header.data(), header.size());
}

} // namespace

std::unique_ptr<VideoWriter> createFileWriter(const fs::path& target, const WriteOptions& options)
{
    return std::unique_ptr<VideoWriter>(new FileWriter(target, options));
}

}} // namespace sanprivacy::apps
