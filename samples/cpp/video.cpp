// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

// Protects every face of a video: file to file. Image only; `sanprivacy video` also keeps sound and time stamps.

#include "video_source.hpp"

#include <iostream>

#include <opencv2/sanprivacy.hpp>

using namespace cv;
using namespace cv::sanprivacy;

int main(int argc, char** argv)
{
    CommandLineParser parser(argc, argv,
        "{ help h      |               | print this message }"
        "{ @input      |               | video }"
        "{ @output     | protected.avi | protected video }"
        "{ replace r   | 0             | 0: perturbed face, 1: blur, 2: pixelation, 3: solid }"
        "{ label l     | -1            | gender of all faces, 1: male, 0: female; -1: predicted for each person }"
        "{ detector d  |               | YuNet ONNX file; empty: the shipped YuNet }"
        "{ model m     |               | perturbing network; empty: the shipped one }");
    parser.about("Protects every face of a video.");
    const String input = parser.get<String>("@input"), output = parser.get<String>("@output");
    if (parser.has("help") || input.empty() || !parser.check())
    {
        parser.printMessage();
        parser.printErrors();
        return parser.has("help") ? 0 : 2;
    }

    VideoSource video(input);
    if (!video.isOpened())
    {
        std::cerr << "Cannot read " << input << std::endl;
        return 1;
    }
    int frames = 0, faces = 0;
    try
    {
        //! [anonymize]
        StreamParams params;
        params.replacement = parser.get<int>("replace");
        params.label = parser.get<int>("label");
        PerturberParams networks;
        networks.model = parser.get<String>("model");
        const Ptr<Perturber> perturber =
            params.replacement == REPLACE_SAN ? Perturber::create(networks) : Ptr<Perturber>();
        const Ptr<StreamAnonymizer> anonymizer =
            StreamAnonymizer::create(FaceDetector::create(parser.get<String>("detector")), perturber, params);

        VideoWriter writer;
        Mat frame, result;
        StreamRecord record;
        for (bool more = true; more;)
        {
            more = video.read(frame);
            if (more)
                anonymizer->push(frame, video.get(CAP_PROP_POS_MSEC) / 1000);
            else
                anonymizer->finish();
            while (anonymizer->pop(result, record))
            {
                if (!writer.isOpened()
                    && !writer.open(
                        output, VideoWriter::fourcc('M', 'J', 'P', 'G'), video.get(CAP_PROP_FPS), result.size()))
                    CV_Error(Error::StsError, "Cannot write " + output);
                writer.write(result);
                ++frames;
                faces += (int)record.faces.size();
            }
        }
        //! [anonymize]
    }
    catch (const cv::Exception& e) // a missing network, a bad option
    {
        std::cerr << e.err << std::endl;
        return 1;
    }
    std::cout << frames << " frame(s) with " << faces << " face(s): " << output << std::endl;
    return 0;
}
