// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#include "commands/video/pipeline.hpp"

#include "commands/video/frame_pixels.hpp"
#include "common/image_io.hpp"
#include "common/message.hpp"
#include "common/workers.hpp"
#include "media/image_sequence.hpp"
#include "options/transparency.hpp"

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <stdexcept>
#include <thread>

#include <opencv2/highgui.hpp>

namespace fs = std::filesystem;
using namespace cv::sanprivacy;

namespace sanprivacy { namespace apps {

namespace {

const size_t QUEUE = 10; // frames between two steps of the pipeline: more than from one detection to the next
const size_t LEAST_QUEUE = 3, QUEUE_BYTES = size_t(256) << 20; // ... of large frames
const double LARGEST_TOLERANCE = .04;                          // seconds; a mean rate may be that of slides
const size_t LIVE_QUEUE = 2;                                   // ... of a camera: older ones are dropped
// Frames that are followed again where a video is resumed, at least, and hold times: faces followed or held there stay
// covered.
const size_t LEAST_SECOND_LOOK = 60, SECOND_LOOK_HOLDS = 6;

size_t queueLength(const VideoReader& reader, bool deep)
{
    const size_t bytes = size_t(reader.info().size.area()) * (deep ? 6 : 3);
    return reader.live() ? LIVE_QUEUE
           : bytes == 0  ? QUEUE
                         : std::min(QUEUE, std::max(LEAST_QUEUE, QUEUE_BYTES / bytes));
}

} // namespace

Pipeline::Pipeline(
    const Job& job, const VideoOptions& options, const Protection& protection, FrameLog& log, OpenedVideo opened)
    : job_(job), options_(options), log_(log), logged_source_(withoutPasswords(job.source)),
      reader_(opened.valid() ? opened.get() : openSource()), sequence_(ImagePattern::matches(job.source)),
      resumable_(!reader_->live() && job.source != "-" && job.target != "-" && !ImagePattern::matches(job.target)),
      tolerance_(std::min(LARGEST_TOLERANCE, .25 / reader_->format().rate)),
      square_pixels_(options.pixel_aspect.empty() ? reader_->format().shown_pixel_shape : options.pixel_aspect,
          options.max_pixels),
      params_(protection.params(reader_->live(), reader_->format().rate)), anonymizer_(protection.create(params_)),
      unfinished_(job.target == "-" || ImagePattern::matches(job.target)
                      ? nullptr
                      : new UnfinishedRun(job.target, options.resume && resumable_)),
      writer_(openTarget()),
      progress_(fs::path(job.source).filename().string(), reader_->live() ? 0 : reader_->frames()),
      labels_(options, protection.perturber()), decoded_(queueLength(*reader_, false)),
      pushed_(queueLength(*reader_, holdsDepth(job.target))), finished_(queueLength(*reader_, holdsDepth(job.target)))
{
}

std::unique_ptr<VideoReader> Pipeline::openSource()
{
    ReadOptions read = readOptions(job_, options_);
    read.prepare = [this](Image& image) { prepare(image); };
    return openVideo(job_.source, read);
}

std::unique_ptr<VideoWriter> Pipeline::openTarget() const
{
    WriteOptions write;
    write.format = reader_->format();
    write.source = reader_->info();
    write.source_file = localName(job_.source);
    write.quality = options_.quality;
    const MediaInfo& source = write.source;
    if (source.video >= 0)
        write.kept = { job_.source, source.sound, source.subtitles, source.languages, source.chapters, source.first,
            source.edit_lists, options_.from, options_.to };
    return createVideoWriter(job_.target, write);
}

//! The next frame from --from to --to.
bool Pipeline::advance(VideoFrame& frame)
{
    while (!interrupted() && reader_->read(frame) && (options_.to < 0 || frame.time < options_.to - tolerance_))
        if (frame.time >= options_.from - tolerance_)
            return true;
    return false;
}

size_t Pipeline::framesIn(double seconds) const
{
    return size_t(std::ceil(seconds * reader_->format().rate - tolerance_));
}

//! Those of an interrupted run that it had looked ahead of, and logged.
size_t Pipeline::framesToTakeOver() const
{
    if (!resumable_ || !options_.resume)
        return 0;
    const size_t there = unfinished_->frames();
    const size_t sure = there - std::min(there, framesIn(params_.look_ahead));
    const std::int64_t logged = options_.log.empty() ? -1 : log_.framesOf(logged_source_);
    return logged < 0 ? sure : std::min(sure, size_t(logged));
}

void Pipeline::resume()
{
    const size_t frames = framesToTakeOver();
    if (frames > 0)
        takeOver(frames);
    taken_over_ = !interrupted();
    if (options_.resume && taken_over_) // else the earlier video stays, and its lines
        log_.cut(logged_source_, std::int64_t(read_));
    face_found_ = unfinished_ && unfinished_->faceFound();
    skew_ = std::int64_t(read_) - looked_again_;
}

//! What an earlier run has protected goes into the new video; its last frames are searched once more, without a second
//! result.
void Pipeline::takeOver(size_t frames)
{
    const size_t second_look =
        std::max(LEAST_SECOND_LOOK, framesIn(SECOND_LOOK_HOLDS * params_.hold + params_.detect_interval));
    ReadOptions read = readOptions(job_, options_);
    read.from = 0;
    const std::unique_ptr<VideoReader> earlier = openVideo(unfinished_->video().string(), read);
    VideoFrame frame, ready;
    for (; read_ < frames && earlier->read(ready) && advance(frame); ++read_)
    {
        ready.time = frame.time;
        writer_->write(ready);
        progress_.step();
        if (read_ + second_look < frames)
            continue;
        Moment moment;
        push(frame, moment);
        ++looked_again_;
        StreamRecord record;
        while (anonymizer_->pop(frame.pixels, record))
            continue;
    }
}

//! An image of a sequence.
void Pipeline::prepare(Image& image)
{
    if (image.alpha.empty())
        return;
    if (!transparency_detector_)
        transparency_detector_ = options_.networks.createDetector();
    smallest_face_in_transparency_ =
        std::max(smallest_face_in_transparency_, protectTransparency(image, *transparency_detector_));
    if (options_.networks.surroundings_blur > 0)
        fillTransparent(image);
}

void Pipeline::push(VideoFrame& frame, Moment& moment)
{
    moment = Moment();
    moment.time = frame.time;
    moment.number = frame.number;
    moment.size = frame.pixels.size();
    moment.alpha = frame.alpha;
    moment.gain = frame.gain;
    if (frame.pixels.depth() == CV_16U)
    {
        moment.deep = frame.pixels;
        moment.deep.convertTo(frame.pixels, CV_8U, 1 / SIXTEEN_OF_EIGHT_BITS);
    }
    const cv::Mat shown = square_pixels_.shown(frame.pixels);
    if (shown.size() != moment.size)
    {
        moment.stored = frame.pixels;
        moment.shown = frame.pixels = shown;
    }
    if (smallest_face_ == 0)
        reportSmallestFace(frame.pixels.size());
    if (labels_.wants(frame.time))
        moment.original = frame.pixels;
    anonymizer_->push(frame.pixels, frame.time);
}

void Pipeline::decode()
{
    VideoFrame frame;
    for (bool first = !reader_->live(); advance(frame); ++read_, first = false)
    {
        if (first) // which of a live source may be dropped
            writer_->begin(frame);
        if (!(reader_->live() ? decoded_.pushLatest(std::move(frame), dropped_) : decoded_.push(std::move(frame))))
            break;
        frame = VideoFrame();
    }
}

void Pipeline::track()
{
    VideoFrame frame;
    for (std::int64_t last = -1; decoded_.pop(frame); last = frame.number)
    {
        if (reader_->live() && frame.number > last + 1)
            anonymizer_->reportLostFrames();
        Moment moment;
        push(frame, moment);
        if (!pushed_.push(std::move(moment)))
            return;
    }
    anonymizer_->finish();
}

void Pipeline::replace()
{
    std::deque<Moment> moments;
    Moment moment;
    while (pushed_.pop(moment))
    {
        moments.push_back(moment);
        if (!giveReadyFrames(moments))
            return;
    }
    giveReadyFrames(moments);
}

//! @return false where nobody takes them any more.
bool Pipeline::giveReadyFrames(std::deque<Moment>& moments)
{
    Protected result;
    while (anonymizer_->pop(result.frame.pixels, result.record))
    {
        if (result.record.frame < looked_again_)
            continue;
        Moment moment;
        if (moments.empty()) // the frame was faster than its time
        {
            if (!pushed_.pop(moment))
                return false;
            moments.push_back(moment);
        }
        labels_.add(moments.front().original, result.record);
        say(labels_.warning(false));
        complete(result, moments.front());
        moments.pop_front();
        if (!finished_.push(std::move(result)))
            return false;
        result = Protected();
    }
    return true;
}

void Pipeline::complete(Protected& result, const Moment& moment) const
{
    result.record.frame += skew_;
    if (!moment.stored.empty())
    {
        SquarePixels::toStored(result.record, moment.shown.size(), moment.size);
        if (!result.record.withheld)
            result.frame.pixels = SquarePixels::stored(result.frame.pixels, moment.shown, moment.stored);
    }
    result.frame.time = moment.time;
    result.frame.number = sequence_ ? moment.number : result.record.frame;
    result.frame.alpha = moment.alpha;
    if (result.record.withheld)
    {
        result.frame.alpha.release();
        result.frame.pixels = cv::Mat::zeros(moment.size, moment.deep.empty() ? CV_8UC3 : CV_16UC3);
    }
    else if (!moment.deep.empty())
        result.frame.pixels = withDepth(result.frame.pixels, moment.deep);
    Image image = { result.frame.pixels, cv::Mat(), std::string(), moment.gain };
    setGain(image, 1);
    result.frame.pixels = image.pixels;
}

void Pipeline::write()
{
    Protected result;
    VideoFrame last;
    while (finished_.pop(result))
    {
        counts_.add(result.record);
        if (!result.record.faces.empty() && !face_found_)
        {
            face_found_ = true;
            if (unfinished_)
                unfinished_->noteFace();
        }
        log_.write(logged_source_, result.record, result.frame.time);
        if (options_.boxes && !result.record.withheld)
            drawBoxes(result.frame.pixels, result.record);
        if (result.record.withheld && !last.pixels.empty())
        {
            result.frame.pixels = last.pixels;
            result.frame.alpha = last.alpha;
        }
        writer_->write(result.frame);
        last = result.frame;
        if (options_.preview)
        {
            cv::imshow("sanprivacy", last.pixels);
            const int escape = 27;
            if (cv::waitKey(1) == escape && !interrupted())
                std::raise(SIGINT);
        }
        progress_.step();
    }
}

void Pipeline::reportSmallestFace(const cv::Size& size)
{
    smallest_face_ = anonymizer_->getSmallestFace(size);
    if (smallest_face_ > params_.min_face)
        say("frames are so large that faces narrower than " + std::to_string(smallest_face_)
            + " pixels are not searched for");
}

//! Whoever ends, by the end of the video or by an error, lets the others end.
void Pipeline::guard(Step step)
{
    try
    {
        (this->*step)();
    }
    catch (...)
    {
        std::lock_guard<std::mutex> lock(failure_mutex_);
        if (!failure_)
            failure_ = std::current_exception();
    }
}

void Pipeline::work()
{
    std::thread decoding(
        [this]
        {
            guard(&Pipeline::decode);
            decoded_.close();
        });
    std::thread tracking(
        [this]
        {
            guard(&Pipeline::track);
            decoded_.close();
            pushed_.close();
        });
    std::thread replacing(
        [this]
        {
            guard(&Pipeline::replace);
            pushed_.close();
            finished_.close();
        });
    guard(&Pipeline::write);
    finished_.close();
    pushed_.close();
    decoded_.close();
    decoding.join();
    tracking.join();
    replacing.join();
    if (failure_)
        std::rethrow_exception(failure_);
}

void Pipeline::say(const std::string& text)
{
    if (!text.empty())
        progress_.message(job_.source + ": " + text);
}

Outcome Pipeline::run()
{
    resume();
    work();
    if (read_ == 0 && !interrupted())
    {
        const std::string problem = reader_->problem();
        throw std::runtime_error(!problem.empty()    ? problem
                                 : options_.from > 0 ? "no frame after --from"
                                                     : "truncated or damaged: no frame could be read");
    }
    return end();
}

FrameCounts Pipeline::counts() const
{
    FrameCounts counts = counts_;
    counts.dropped = dropped_;
    counts.smallest_face = smallest_face_;
    counts.smallest_face_in_transparency = smallest_face_in_transparency_;
    return counts;
}

Outcome Pipeline::end()
{
    say(labels_.warning(true));
    if (interrupted() && counts_.frames == 0 && looked_again_ == 0)
    {
        say("interrupted before the first frame; nothing written");
        return Outcome::FAILED;
    }
    if (interrupted())
    {
        resumable_ ? writer_->keep() : writer_->finish();
        if (resumable_ && taken_over_)
            unfinished_->removeVideo();
        say("interrupted; '" + job_.target + "' holds what came before"
            + (resumable_ ? ", --resume goes on from there" : ""));
        return resumable_ ? Outcome::FAILED : Outcome::DONE;
    }
    const std::string problem = reader_->problem();
    const bool kept = face_found_ || keepsWithoutFace();
    if (kept)
    {
        const bool cut = options_.to >= 0 && options_.to < reader_->end();
        writer_->endAt(problem.empty() ? (cut ? options_.to : reader_->end()) : 0);
        writer_->finish();
    }
    say(reader_->note());
    for (const std::string& note : { job_.note, writer_->note() })
        if (kept)
            say(note);
    if (!face_found_)
        say(kept ? "no face found; written as it is" : "no face found; nothing written");
    if (resumable_)
        unfinished_->removeVideo();
    if (!problem.empty())
    {
        say(problem + (kept ? "; '" + job_.target + "' holds these" : ""));
        return Outcome::FAILED;
    }
    return face_found_ ? Outcome::DONE : kept && options_.no_face != "error" ? Outcome::COPIED : Outcome::FACELESS;
}

//! What cannot be read again is kept, whatever --no-face says.
bool Pipeline::keepsWithoutFace()
{
    return options_.no_face == "copy" || reader_->live() || job_.source == "-" || !writer_->discard();
}

}} // namespace sanprivacy::apps
