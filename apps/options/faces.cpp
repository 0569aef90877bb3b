// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#include "options/faces.hpp"

namespace sanprivacy { namespace apps {

namespace {

const cv::Range LANDMARK_COLUMNS(4, 14);

} // namespace

cv::Mat landmarksOf(const cv::Mat& face)
{
    return face.colRange(LANDMARK_COLUMNS).clone().reshape(1, 5);
}

void setLandmarks(cv::Mat& face, const cv::Mat& landmarks)
{
    landmarks.reshape(1, 1).copyTo(face.colRange(LANDMARK_COLUMNS));
}

cv::Mat faceFromLandmarks(const cv::Mat& landmarks)
{
    double left, right, top, bottom;
    cv::minMaxLoc(landmarks.col(0), &left, &right);
    cv::minMaxLoc(landmarks.col(1), &top, &bottom);
    cv::Mat face(1, FACE_COLUMNS, CV_32F);
    float* value = face.ptr<float>();
    value[0] = float(left);
    value[1] = float(top);
    value[2] = float(right - left);
    value[3] = float(bottom - top);
    setLandmarks(face, landmarks);
    value[14] = 1.f;
    return face;
}

int largestFace(const cv::Mat& faces)
{
    int largest = 0;
    float largest_area = -1.f;
    for (int i = 0; i < faces.rows; ++i)
    {
        const float area = faces.at<float>(i, 2) * faces.at<float>(i, 3);
        if (area > largest_area)
        {
            largest = i;
            largest_area = area;
        }
    }
    return largest;
}

int predictLabel(cv::sanprivacy::Perturber& perturber, const cv::Mat& image, const cv::Mat& face)
{
    int label = 0;
    for (int k = 0; k < int(perturber.getAttributes().size()); ++k)
        label |= int(perturber.predictFace(image, face, k) >= .5) << k;
    return label;
}

std::string unprotected(const cv::Mat& faces, const std::vector<cv::sanprivacy::FaceResult>& results)
{
    std::string text;
    for (int f = 0; f < faces.rows; ++f)
        if (results[size_t(f)].status != cv::sanprivacy::FACE_PERTURBED)
        {
            const float* box = faces.ptr<float>(f);
            text += (text.empty() ? "" : "; ")
                    + cv::format("the face at (%.0f, %.0f), %.0fx%.0f pixels, cannot be protected: ", box[0], box[1],
                        box[2], box[3])
                    + results[size_t(f)].reason;
        }
    return text;
}

}} // namespace sanprivacy::apps
