// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

// Protects the faces that a camera sees: a webcam with a preview window, or an RTSP/HTTP camera to a file.
// Pixels are taken for square; `sanprivacy video` also protects streams whose pixels are not.

#include <atomic>
#include <chrono>
#include <iostream>
#include <mutex>
#include <thread>

#include <opencv2/highgui.hpp>
#include <opencv2/sanprivacy.hpp>
#include <opencv2/videoio.hpp>

using namespace cv;
using namespace cv::sanprivacy;

namespace {

//! The newest image of a camera: a slow reader misses images instead of falling behind.
class NewestFrame
{
public:
    explicit NewestFrame(VideoCapture& camera)
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

    VideoCapture& camera_;
    std::atomic<bool> ended_;
    bool fresh_;
    std::atomic<int> missed_;
    Mat frame_;
    std::mutex mutex_;
    std::thread thread_;
};

} // namespace

int main(int argc, char** argv)
{
    CommandLineParser parser(argc, argv,
        "{ help h      |    | print this message }"
        "{ @camera     | 0  | number of a webcam, or URL of an RTSP or HTTP camera }"
        "{ @output     |    | video to write; empty: show a window }"
        "{ seconds s   | 0  | end after so long; 0: at a key in the window or the end of the stream }"
        "{ look-ahead  | .2 | seconds that images are kept back, to protect faces before they are found }"
        "{ detector d  |    | YuNet ONNX file; empty: the shipped YuNet }"
        "{ model m     |    | perturbing network; empty: the shipped one }");
    parser.about("Protects the faces that a camera sees.");
    const String source = parser.get<String>("@camera"), output = parser.get<String>("@output");
    if (parser.has("help") || !parser.check())
    {
        parser.printMessage();
        parser.printErrors();
        return parser.has("help") ? 0 : 2;
    }
    const bool webcam = source.find_first_not_of("0123456789") == String::npos;
    VideoCapture camera;
    if (!(webcam ? camera.open(atoi(source.c_str())) : camera.open(source)))
    {
        std::cerr << "Cannot open the camera " << source << std::endl;
        return 1;
    }
    try
    {
        //! [camera]
        StreamParams params;
        params.look_ahead = parser.get<double>("look-ahead");
        PerturberParams networks;
        networks.model = parser.get<String>("model");
        const Ptr<StreamAnonymizer> anonymizer = StreamAnonymizer::create(
            FaceDetector::create(parser.get<String>("detector")), Perturber::create(networks), params);

        NewestFrame newest(camera);
        VideoWriter writer;
        Mat frame, result;
        double time = 0; // of the image, seconds: a slow machine drops some
        TickMeter clock;
        clock.start();
        const double most = parser.get<double>("seconds"),
                     rate = camera.get(CAP_PROP_FPS) > 0 ? camera.get(CAP_PROP_FPS) : 25;
        const auto show = [&]() -> bool // whether to go on
        {
            if (output.empty())
            {
                imshow("sanprivacy", result);
                return waitKey(1) < 0;
            }
            if (!writer.isOpened()
                && !writer.open(output, VideoWriter::fourcc('M', 'J', 'P', 'G'), rate, result.size()))
                CV_Error(Error::StsError, "Cannot write " + output);
            writer.write(result);
            return true;
        };
        for (bool more = true; more;)
        {
            const bool last = newest.ended();
            if (!newest.take(frame))
            {
                more = !last;
                std::this_thread::sleep_for(std::chrono::milliseconds(1));
            }
            else if (anonymizer->process(frame, result, time))
                more = show();
            clock.stop();
            time = clock.getTimeSec();
            more = more && (most <= 0 || time < most);
            clock.start();
        }
        while (!output.empty() && anonymizer->flush(result))
            show();
        //! [camera]
        std::cout << newest.missed() << " image(s) dropped" << std::endl;
    }
    catch (const cv::Exception& e) // a missing network, a bad option
    {
        std::cerr << e.err << std::endl;
        return 1;
    }
    return 0;
}
