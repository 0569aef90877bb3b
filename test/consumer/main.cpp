// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

// Perturbs the faces of a photo with the installed networks: consumer PHOTO RESULT

#include <opencv2/imgcodecs.hpp>
#include <opencv2/sanprivacy.hpp>

int main(int argc, char** argv)
{
    using namespace cv::sanprivacy;
    if (argc != 3)
        return 2;
    const cv::Mat photo = cv::imread(argv[1]);
    cv::Mat faces, result;
    FaceDetector::create()->detect(photo, faces);
    Perturber::create()->perturbFaces(photo, faces, result);
    return faces.rows == 1 && cv::norm(photo, result, cv::NORM_INF) > 0 && cv::imwrite(argv[2], result) ? 0 : 1;
}
