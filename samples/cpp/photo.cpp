// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

// Perturbs every face of a photo, so that a matcher still recognises the person and a gender classifier is misled.

#include <algorithm>
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
        "{ help h    |          | print this message }"
        "{ @photo    |          | photo }"
        "{ @result   |          | perturbed photo; a file that is there is not overwritten }"
        "{ prototype | opposite | how the gender appears: same, neutral, opposite or random }");
    parser.about("Perturbs the faces of a photo.");
    const String input = parser.get<String>("@photo"), output = parser.get<String>("@result");
    const std::map<String, PrototypeChoice> prototypes = { { "same", PROTOTYPE_SAME }, { "neutral", PROTOTYPE_NEUTRAL },
        { "opposite", PROTOTYPE_OPPOSITE }, { "random", PROTOTYPE_RANDOM } };
    const auto prototype = prototypes.find(parser.get<String>("prototype"));
    if (parser.has("help") || output.empty() || prototype == prototypes.end() || !parser.check())
    {
        parser.printMessage();
        parser.printErrors();
        return parser.has("help") ? 0 : 2;
    }
    try
    {
        const Mat photo = imread(input, IMREAD_ANYCOLOR | IMREAD_ANYDEPTH); // gray and 16 bits stay
        if (photo.empty())
            CV_Error(Error::StsError, "Cannot read " + input);
        if (imread(input, IMREAD_UNCHANGED).channels() == 4)
            CV_Error(Error::StsError, input + " has transparency, which would be lost");
        const String ending = output.substr(std::min(output.size(), output.rfind('.')));
        if (photo.depth() == CV_16U && ending != ".png" && ending != ".tif" && ending != ".tiff")
            CV_Error(Error::StsError, input + " has 16 bits: expected a result named .png, .tif or .tiff");
        if (utils::fs::exists(output))
            CV_Error(Error::StsError, output + " is there already");
        //! [perturb]
        Mat faces, perturbed;
        FaceDetector::create()->detect(photo, faces);
        if (faces.empty())
            CV_Error(Error::StsError, "No face found, nothing written");
        Perturber::create()->perturbFaces(photo, faces, perturbed, PerturbParams(prototype->second));
        if (!imwrite(output, perturbed))
            CV_Error(Error::StsError, "Cannot write " + output);
        //! [perturb]
        std::cout << faces.rows << " face(s) perturbed: " << output << std::endl;
    }
    catch (const cv::Exception& e) // one of the above, a missing network, a face that cannot be protected
    {
        std::cerr << e.err << std::endl;
        return 1;
    }
    return 0;
}
