// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

// Perturbs every face of a photo, so that a matcher still recognises the person and a gender classifier is misled.

#include <iostream>
#include <map>

#include <opencv2/core.hpp>
#include <opencv2/core/utils/filesystem.hpp>
#include <opencv2/imgcodecs.hpp>
#include <opencv2/sanprivacy.hpp>

using namespace cv;
using namespace cv::sanprivacy;

int main(int argc, char** argv)
{
    CommandLineParser parser(argc, argv,
        "{ help h      |               | print this message }"
        "{ @input      |               | photo }"
        "{ @output     | perturbed.png | perturbed photo }"
        "{ prototype p | opposite      | how the gender appears: same, neutral, opposite or random }"
        "{ label l     | -1            | gender of all faces, 1: male, 0: female; -1: predicted for each face }"
        "{ detector d  |               | YuNet ONNX file; empty: the shipped YuNet }"
        "{ gray g      |               | write a gray photo }");
    parser.about("Perturbs the faces of a photo with a semi-adversarial network.");
    const String input = parser.get<String>("@input"), output = parser.get<String>("@output");
    const std::map<String, PrototypeChoice> prototypes = { { "same", PROTOTYPE_SAME }, { "neutral", PROTOTYPE_NEUTRAL },
        { "opposite", PROTOTYPE_OPPOSITE }, { "random", PROTOTYPE_RANDOM } };
    const auto prototype = prototypes.find(parser.get<String>("prototype"));
    const int label = parser.get<int>("label");
    if (parser.has("help") || input.empty() || prototype == prototypes.end() || !parser.check())
    {
        parser.printMessage();
        parser.printErrors();
        return parser.has("help") ? 0 : 2;
    }

    const Mat photo = imread(input);
    if (photo.empty())
    {
        std::cerr << "Cannot read " << input << std::endl;
        return 1;
    }
    if (utils::fs::exists(output))
    {
        std::cerr << output << " is there already" << std::endl;
        return 1;
    }
    Mat faces, perturbed;
    try
    {
        //! [perturb]
        FaceDetector::create(parser.get<String>("detector"))->detect(photo, faces);
        if (faces.empty())
            CV_Error(Error::StsError, "No face found, nothing written");
        Perturber::create()->perturbFaces(
            photo, faces, perturbed, PerturbParams(prototype->second, label, parser.has("gray")));
        if (!imwrite(output, perturbed))
            CV_Error(Error::StsError, "Cannot write " + output);
        //! [perturb]
    }
    catch (const cv::Exception& e) // no face, a missing network, a bad option
    {
        std::cerr << e.err << std::endl;
        return 1;
    }
    std::cout << faces.rows << " face(s) perturbed: " << output << std::endl;
    return 0;
}
