// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#ifndef SANPRIVACY_APPS_OPTIONS_FACES_HPP
#define SANPRIVACY_APPS_OPTIONS_FACES_HPP

#include <string>
#include <vector>

#include <opencv2/core.hpp>
#include <opencv2/sanprivacy.hpp>

namespace sanprivacy { namespace apps {

//! A face is a row of FaceDetector::detect(): its box, five landmarks (x, y), its score.
const int FACE_COLUMNS = 15;

//! The landmarks of a face: a copy, 5x2.
cv::Mat landmarksOf(const cv::Mat& face);

//! @param landmarks 5x2 CV_32F
void setLandmarks(cv::Mat& face, const cv::Mat& landmarks);

/** A face whose landmarks are known, as FaceDetector::detect() would give it: 1x15 CV_32F.
The box is the one round the landmarks, the score 1.
@param landmarks 5x2 CV_32F. */
cv::Mat faceFromLandmarks(const cv::Mat& landmarks);

//! The row of the largest of several faces: the person whom a portrait is of. `faces` has at least one row.
int largestFace(const cv::Mat& faces);

//! The label that perturbFaces() would predict for a face of an image.
int predictLabel(cv::sanprivacy::Perturber& perturber, const cv::Mat& image, const cv::Mat& face);

//! Which faces of an image are not protected, and why: one sentence.
std::string unprotected(const cv::Mat& faces, const std::vector<cv::sanprivacy::FaceResult>& results);

}} // namespace sanprivacy::apps

#endif // SANPRIVACY_APPS_OPTIONS_FACES_HPP
