// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

// Protects every face of a video, and tells what was done. Image only; `sanprivacy video` also keeps sound and time
// stamps.

#include "video_source.hpp"

#include <iostream>
#include <map>

#include <opencv2/sanprivacy.hpp>

using namespace cv;
using namespace cv::sanprivacy;

namespace {

//! Protects a video, and prints what was done to how many faces. @return whether there was a face.
bool protect(const String& input, const String& output, const StreamParams& params)
{
    const std::map<int, String> states = { { FACE_FOUND, "found" }, { FACE_TRACKED, "tracked" },
        { FACE_BACKTRACKED, "backtracked" }, { FACE_HELD, "held" } };
    std::map<int, int> faces; // in each state
    //! [anonymize]
    VideoSource video(input);
    const Ptr<Perturber> perturber = params.replacement == REPLACE_SAN ? Perturber::create() : Ptr<Perturber>();
    const Ptr<StreamAnonymizer> anonymizer = StreamAnonymizer::create(FaceDetector::create(), perturber, params);
    VideoWriter writer;
    Mat frame, result;
    StreamRecord record;
    int frames = 0;
    for (bool more = true; more;)
    {
        more = video.read(frame);
        if (more)
            anonymizer->push(frame, video.get(CAP_PROP_POS_MSEC) / 1000);
        else
            anonymizer->finish();
        while (anonymizer->pop(result, record))
        {
            if (!writer.isOpened())
                writer = openWriter(output, video.get(CAP_PROP_FPS), result.size());
            writer.write(result);
            ++frames;
            for (const StreamFace& face : record.faces)
                ++faces[face.state];
            if (!record.error.empty())
                std::cerr << "Frame " << record.frame << ": " << record.error << std::endl;
        }
    }
    //! [anonymize]
    std::cout << frames << " frame(s)";
    for (const auto& state : faces)
        std::cout << ", " << state.second << " face(s) " << states.at(state.first);
    std::cout << std::endl;
    return !faces.empty();
}

} // namespace

int main(int argc, char** argv)
{
    CommandLineParser parser(argc, argv,
        "{ help h  |     | print this message }"
        "{ @video  |     | video }"
        "{ @result |     | protected video, .avi; a file that is there is not overwritten }"
        "{ replace | san | what replaces a face: san (the perturbed face), blur, pixelation or solid }"
        "{ label   | -1  | gender of all faces, 1: male, 0: female; -1: predicted for each person }");
    parser.about("Protects every face of a video.");
    const String input = parser.get<String>("@video"), output = parser.get<String>("@result");
    const std::map<String, int> replacements = { { "san", REPLACE_SAN }, { "blur", REPLACE_BLUR },
        { "pixelation", REPLACE_PIXELATION }, { "solid", REPLACE_SOLID } };
    const auto replacement = replacements.find(parser.get<String>("replace"));
    const int label = parser.get<int>("label");
    if (parser.has("help") || output.empty() || replacement == replacements.end() || !parser.check())
    {
        parser.printMessage();
        parser.printErrors();
        return parser.has("help") ? 0 : 2;
    }
    try
    {
        StreamParams params;
        params.replacement = replacement->second;
        params.label = label;
        if (protect(input, output, params))
            return 0;
        std::cerr << "No face found: the result shows what the video shows" << std::endl;
    }
    catch (const cv::Exception& e) // what cannot be read or written, a missing network, a bad option
    {
        std::cerr << e.err << std::endl;
    }
    return 1;
}
