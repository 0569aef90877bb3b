// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

// Builds prototypes, the mean faces of two labels, from a table of faces.

#include <iostream>

#include <opencv2/core.hpp>
#include <opencv2/core/utils/filesystem.hpp>
#include <opencv2/imgcodecs.hpp>
#include <opencv2/sanprivacy.hpp>

#include "face_table.hpp"

using namespace cv;
using namespace cv::sanprivacy;

int main(int argc, char** argv)
{
    CommandLineParser parser(argc, argv,
        "{ help h    |        | print this message }"
        "{ @table    |        | CSV with the columns file (relative to it) and the attribute, and landmarks if it has "
        "them }"
        "{ @result   |        | file to write, .yml.gz; a file that is there is not overwritten }"
        "{ attribute | gender | column of the label: male or female, 1 or 0 }");
    parser.about("Builds prototypes from a table of faces.");
    const String table = parser.get<String>("@table"), output = parser.get<String>("@result");
    if (parser.has("help") || output.empty() || !parser.check())
    {
        parser.printMessage();
        parser.printErrors();
        return parser.has("help") ? 0 : 2;
    }
    if (utils::fs::exists(output))
    {
        std::cerr << output << " is there already" << std::endl;
        return 1;
    }
    int left_out = 0;
    try
    {
        //! [prototypes]
        const Ptr<PrototypeBuilder> builder = PrototypeBuilder::create();
        const Ptr<FaceDetector> detector = FaceDetector::create();
        const String folder = utils::fs::getParent(utils::fs::canonical(table));
        for (const LabelledFace& face : readFaceTable(table, parser.get<String>("attribute"), folder))
        {
            const Mat image = imread(face.file);
            Mat faces, landmarks = face.landmarks, crop;
            if (landmarks.empty() && !image.empty())
            {
                detector->detect(image, faces);
                landmarks = largestFace(faces);
            }
            if (landmarks.empty() || image.empty())
            {
                left_out++;
                std::cerr << face.file << ": no face found, or no image" << std::endl;
                continue;
            }
            alignFace(image, landmarks, crop);
            builder->add(crop, face.label);
        }
        builder->save(output);
        //! [prototypes]
        std::cout << builder->count(0) << " face(s) of label 0, " << builder->count(1) << " of label 1: " << output
                  << std::endl;
    }
    catch (const cv::Exception& e) // a table or a network that cannot be read, a folder that is not there
    {
        std::cerr << e.err << std::endl;
        return 1;
    }
    return left_out > 0;
}
