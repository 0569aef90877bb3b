// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#ifndef SANPRIVACY_APPS_COMMANDS_VIDEO_PIPELINE_HPP
#define SANPRIVACY_APPS_COMMANDS_VIDEO_PIPELINE_HPP

#include "commands/video/frame_counts.hpp"
#include "commands/video/jobs.hpp"
#include "commands/video/label_comparison.hpp"
#include "commands/video/log.hpp"
#include "commands/video/protection.hpp"
#include "commands/video/resume.hpp"
#include "commands/video/square_pixels.hpp"
#include "common/bounded_queue.hpp"
#include "common/progress.hpp"
#include "media/video_reader.hpp"
#include "media/video_writer.hpp"

#include <deque>
#include <exception>
#include <memory>
#include <mutex>

namespace sanprivacy { namespace apps {

//! What became of a video.
enum class Outcome
{
    DONE,
    COPIED,   //!< no face was found; written as it is
    FACELESS, //!< no face was found; not written
    FAILED    //!< it ended too early, or was interrupted
};

//! Protects one video, on four threads: decode | detect and track | network and blend | encode.
class Pipeline
{
public:
    //! Opens the video, unless it is given. Raises std::runtime_error where it cannot be read or written.
    Pipeline(const Job& job, const VideoOptions& options, const Protection& protection, FrameLog& log,
        OpenedVideo opened = OpenedVideo());

    Outcome run();              //!< raises what has failed
    FrameCounts counts() const; //!< of what was written, also after a failure

private:
    //! What is known of a frame while StreamAnonymizer has it.
    struct Moment
    {
        double time; // seconds
        std::int64_t number;
        cv::Size size;         // of the frame as it is stored
        cv::Mat deep;          // the frame, where it has more than 8 bits
        cv::Mat stored, shown; // the frame of 8 bits, where its pixels are not square
        cv::Mat alpha;         // its transparency, or empty
        int gain = 1;          // see VideoFrame
        cv::Mat original;      // the frame as it is, where the given label is to be compared
    };

    struct Protected
    {
        VideoFrame frame;
        cv::sanprivacy::StreamRecord record;
    };

    using Step = void (Pipeline::*)();

    std::unique_ptr<VideoReader> openSource();
    std::unique_ptr<VideoWriter> openTarget() const;
    bool advance(VideoFrame& frame);
    size_t framesIn(double seconds) const;
    size_t framesToTakeOver() const;
    void resume();
    void takeOver(size_t frames);
    void prepare(Image& image);
    void push(VideoFrame& frame, Moment& moment);

    void decode();
    void track();
    void replace();
    bool giveReadyFrames(std::deque<Moment>& moments);
    void complete(Protected& result, const Moment& moment) const;
    void write();
    void reportSmallestFace(const cv::Size& size);

    void guard(Step step);
    void work();
    Outcome end();
    bool keepsWithoutFace();
    void say(const std::string& text); // unless it is empty

    const Job& job_;
    const VideoOptions& options_;
    FrameLog& log_;
    const std::string logged_source_;
    cv::Ptr<cv::sanprivacy::FaceDetector> transparency_detector_; // of decode()
    int smallest_face_in_transparency_ = 0;
    std::unique_ptr<VideoReader> reader_;
    bool sequence_, resumable_;
    double tolerance_; // of time stamps, seconds
    SquarePixels square_pixels_;
    cv::sanprivacy::StreamParams params_;
    cv::Ptr<cv::sanprivacy::StreamAnonymizer> anonymizer_;
    std::unique_ptr<UnfinishedRun> unfinished_;
    std::unique_ptr<VideoWriter> writer_;
    Progress progress_;

    size_t read_ = 0, dropped_ = 0;
    std::int64_t looked_again_ = 0, skew_ = 0; // frames without a result; from the anonymizer's frame numbers to ours
    int smallest_face_ = 0;                    // that is looked for, pixels
    bool taken_over_ = true, face_found_ = false;
    LabelComparison labels_;
    BoundedQueue<VideoFrame> decoded_;
    BoundedQueue<Moment> pushed_;
    BoundedQueue<Protected> finished_;
    FrameCounts counts_;
    std::exception_ptr failure_;
    std::mutex failure_mutex_;
};

}} // namespace sanprivacy::apps

#endif // SANPRIVACY_APPS_COMMANDS_VIDEO_PIPELINE_HPP
