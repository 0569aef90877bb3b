// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

// Protects the faces that a camera sees: a webcam with a preview window, or an RTSP/HTTP camera to a file.
// Images that the program has no time for are dropped.

#include "video_source.hpp"

#include <atomic>
#include <chrono>
#include <cstdlib>
#include <iostream>
#include <mutex>
#include <thread>

#include <opencv2/highgui.hpp>
#include <opencv2/sanprivacy.hpp>

using namespace cv;
using namespace cv::sanprivacy;

namespace {

//! The newest image of a camera: a slow reader misses images instead of falling behind.
class NewestFrame
{
public:
    explicit NewestFrame(VideoSource& camera)
        : camera_(camera), ended_(false), fresh_(false), missed_(0), thread_([this] { run(); })
    {
    }
    ~NewestFrame()
    {
        ended_ = true;
        thread_.join();
    }

    //! @return false where there is none yet.
    bool take(Mat& frame)
    {
        std::lock_guard<std::mutex> lock(mutex_);
        if (!fresh_)
            return false;
        swap(frame, frame_);
        fresh_ = false;
        return true;
    }

    bool ended() const { return ended_; }
    int missed() const { return missed_; }

private:
    void run()
    {
        Mat frame;
        while (!ended_ && camera_.read(frame))
        {
            std::lock_guard<std::mutex> lock(mutex_);
            missed_ += fresh_;
            frame.copyTo(frame_);
            fresh_ = true;
        }
        ended_ = true;
    }

    VideoSource& camera_;
    std::atomic<bool> ended_;
    bool fresh_;
    std::atomic<int> missed_;
    Mat frame_;
    std::mutex mutex_;
    std::thread thread_;
};

//! Protects the images of a camera until it ends, a key is pressed in the window, or the seconds are over.
void protect(const String& source, const String& output, double seconds)
{
    const bool webcam = source.find_first_not_of("0123456789") == String::npos;
    VideoSource camera = webcam ? VideoSource(std::atoi(source.c_str())) : VideoSource(source);
    //! [camera]
    StreamParams params;
    params.look_ahead = .2; // seconds of delay, in which faces are protected before they are found
    const Ptr<StreamAnonymizer> anonymizer =
        StreamAnonymizer::create(FaceDetector::create(), Perturber::create(), params);
    VideoWriter writer;
    Mat frame, result;
    const auto show = [&]() -> bool // whether to go on
    {
        if (output.empty())
        {
            imshow("sanprivacy", result);
            return waitKey(1) < 0;
        }
        if (!writer.isOpened())
            writer = openWriter(output, camera.get(CAP_PROP_FPS), result.size());
        writer.write(result);
        return true;
    };
    NewestFrame newest(camera);
    const int64 start = getTickCount();
    double time = 0; // of the image, seconds
    int missed = 0;
    for (bool more = true; more && (seconds <= 0 || time < seconds);)
    {
        const bool last = newest.ended();
        if (newest.take(frame))
        {
            if (newest.missed() > missed)
                anonymizer->reportLostFrames();
            missed = newest.missed();
            more = !anonymizer->process(frame, result, time) || show();
        }
        else if (last)
            more = false;
        else
            std::this_thread::sleep_for(std::chrono::milliseconds(1));
        time = (getTickCount() - start) / getTickFrequency();
    }
    while (!output.empty() && anonymizer->flush(result))
        show();
    //! [camera]
    std::cout << newest.missed() << " image(s) dropped" << std::endl;
}

} // namespace

int main(int argc, char** argv)
{
    CommandLineParser parser(argc, argv,
        "{ help h  |   | print this message }"
        "{ @camera | 0 | number of a webcam, or URL of an RTSP or HTTP camera }"
        "{ @result |   | video to write, .avi; empty: show a window }"
        "{ seconds | 0 | end after so long; 0: at a key in the window or the end of the stream }");
    parser.about("Protects the faces that a camera sees.");
    const String source = parser.get<String>("@camera"), output = parser.get<String>("@result");
    const double seconds = parser.get<double>("seconds");
    if (parser.has("help") || !parser.check())
    {
        parser.printMessage();
        parser.printErrors();
        return parser.has("help") ? 0 : 2;
    }
    try
    {
        protect(source, output, seconds);
    }
    catch (const cv::Exception& e) // what cannot be read or written, a missing network, no window
    {
        std::cerr << e.err << std::endl;
        return 1;
    }
    return 0;
}
