// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

// Perturbs every image of a folder. What cannot be protected is named and not copied, and no file is overwritten.

#include <algorithm>
#include <iostream>
#include <map>
#include <set>

#include <opencv2/core.hpp>
#include <opencv2/core/utils/filesystem.hpp>
#include <opencv2/imgcodecs.hpp>
#include <opencv2/sanprivacy.hpp>

using namespace cv;
using namespace cv::sanprivacy;

namespace {

const std::set<String> DEEP = { ".png", ".tif", ".tiff" }; // formats of 8 or 16 bits
const std::set<String> IMAGES = { ".jpg", ".jpeg", ".png", ".bmp", ".tif", ".tiff", ".webp" };

bool isIn(const std::set<String>& suffixes, const String& path)
{
    String suffix = path.substr(std::min(path.size(), path.find_last_of('.')));
    std::transform(suffix.begin(), suffix.end(), suffix.begin(), [](unsigned char c) { return (char)std::tolower(c); });
    return suffixes.count(suffix) > 0;
}

//! [image]
//! @return what kept the image from being protected and written, or nothing.
String perturbImage(
    const String& path, const String& result, FaceDetector& detector, Perturber& perturber, PrototypeChoice prototype)
{
    try
    {
        if (utils::fs::exists(result))
            return result + " is there already";
        const Mat image = imread(path, IMREAD_ANYCOLOR | IMREAD_ANYDEPTH); // gray and 16 bits stay
        if (image.empty())
            return "no image that can be read";
        if (imread(path, IMREAD_UNCHANGED).channels() == 4)
            return "it has transparency, which would be lost";
        if (image.depth() == CV_16U && !isIn(DEEP, path))
            return "it has 16 bits, which its format cannot hold";
        Mat faces, perturbed;
        detector.detect(image, faces);
        if (faces.empty())
            return "no face found";
        std::vector<FaceResult> results;
        if (!perturber.tryPerturbFaces(image, faces, perturbed, results, PerturbParams(prototype)))
            for (const FaceResult& face : results)
                if (face.status != FACE_PERTURBED)
                    return "a face cannot be protected: " + face.reason;
        return imwrite(result, perturbed) ? String() : "cannot write " + result;
    }
    catch (const cv::Exception& e) // an image that is too large, or of a format that OpenCV cannot write
    {
        return e.err;
    }
}
//! [image]

} // namespace

int main(int argc, char** argv)
{
    CommandLineParser parser(argc, argv,
        "{ help h    |          | print this message }"
        "{ @folder   |          | folder with images }"
        "{ @results  |          | folder for the perturbed images; it is made where there is none }"
        "{ prototype | opposite | how the gender appears: same, neutral, opposite or random }");
    parser.about("Perturbs every image of a folder.");
    const String folder = parser.get<String>("@folder"), results = parser.get<String>("@results");
    const std::map<String, PrototypeChoice> prototypes = { { "same", PROTOTYPE_SAME }, { "neutral", PROTOTYPE_NEUTRAL },
        { "opposite", PROTOTYPE_OPPOSITE }, { "random", PROTOTYPE_RANDOM } };
    const auto prototype = prototypes.find(parser.get<String>("prototype"));
    if (parser.has("help") || results.empty() || prototype == prototypes.end() || !parser.check())
    {
        parser.printMessage();
        parser.printErrors();
        return parser.has("help") ? 0 : 2;
    }
    if (!utils::fs::isDirectory(folder))
    {
        std::cerr << folder << ": no such folder" << std::endl;
        return 1;
    }
    size_t images = 0, left_out = 0;
    try
    {
        //! [folder]
        const Ptr<FaceDetector> detector = FaceDetector::create();
        const Ptr<Perturber> perturber = Perturber::create();
        std::vector<String> paths;
        glob(folder, paths);
        if (!utils::fs::createDirectories(results))
            CV_Error(Error::StsError, "Cannot make the folder " + results);
        for (const String& path : paths)
        {
            if (!isIn(IMAGES, path))
                continue;
            const String name = path.substr(path.find_last_of("/\\") + 1);
            const String reason =
                perturbImage(path, utils::fs::join(results, name), *detector, *perturber, prototype->second);
            images++;
            if (!reason.empty())
            {
                left_out++;
                std::cerr << name << ": " << reason << std::endl;
            }
        }
        //! [folder]
    }
    catch (const cv::Exception& e) // a missing network, a folder that cannot be made
    {
        std::cerr << e.err << std::endl;
        return 1;
    }
    std::cout << images - left_out << " of " << images << " image(s) perturbed: " << results << std::endl;
    return left_out > 0;
}
