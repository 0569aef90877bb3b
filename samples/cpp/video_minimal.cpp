// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

// Protects the faces of a video, in ten lines: video_minimal VIDEO RESULT.avi

#include "video_source.hpp"

#include <iostream>

#include <opencv2/sanprivacy.hpp>

using namespace cv::sanprivacy;

int main(int argc, char** argv)
{
    if (argc != 3)
    {
        std::cerr << "Usage: video_minimal VIDEO RESULT.avi" << std::endl;
        return 2;
    }
    try
    {
        //! [minimal]
        VideoSource video(argv[1]); // cv::VideoCapture whose frames are upright, with square pixels
        auto anonymizer = StreamAnonymizer::create(FaceDetector::create(), Perturber::create());
        const cv::Size size(int(video.get(cv::CAP_PROP_FRAME_WIDTH)), int(video.get(cv::CAP_PROP_FRAME_HEIGHT)));
        cv::VideoWriter writer = openWriter(argv[2], video.get(cv::CAP_PROP_FPS), size);
        cv::Mat frame, result;
        while (video.read(frame))
            if (anonymizer->process(frame, result, video.get(cv::CAP_PROP_POS_MSEC) / 1000))
                writer.write(result);
        while (anonymizer->flush(result))
            writer.write(result);
        //! [minimal]
    }
    catch (const cv::Exception& e) // what cannot be read or written, a missing network
    {
        std::cerr << e.err << std::endl;
        return 1;
    }
    return 0;
}
