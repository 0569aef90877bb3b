// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#ifndef OPENCV_SANPRIVACY_ALIGNED_FACE_HPP
#define OPENCV_SANPRIVACY_ALIGNED_FACE_HPP

#include "similarity.hpp"

namespace cv { namespace sanprivacy {

//! Whether five landmarks have the shape of a face, within the limits of alignFace().
bool haveFaceShape(const std::vector<Point2c>& landmarks);

/** @brief A face on its way from the image to the network and back: alignFace() and blendFace() with one fit.

The crop may change its depth and lose its color in between; the landmarks are fitted once. */
struct AlignedFace
{
    Mat crop;
    Similarity to_image; //!< takes pixels of the crop to pixels of the image
    double coverage;     //!< share of the crop that lies inside the image

    AlignedFace() : coverage(0) {}

    /** @brief Cuts a face out, with the errors of alignFace().
    @param image,size as there
    @param landmarks five, see readPoints()
    @param landmark_template five; empty: the canonical ones */
    static AlignedFace cut(const Mat& image, const std::vector<Point2c>& landmarks, const Size& size,
        const std::vector<Point2c>& landmark_template = std::vector<Point2c>());

    /** @brief Returns the change to the image, as blendFace() does.
    @param image as it was when the face was cut out, or with other faces changed since
    @param perturbed the perturbed crop: one channel, depth of crop
    @param color_strength,weaken_marks see blendFace() */
    void blend(Mat& image, const Mat& perturbed, double color_strength, bool weaken_marks) const;
};

//! Raises an error unless the image is one that alignFace() takes.
void checkImage(const Mat& image);

/** @brief Points of an Nx2 array, or the landmarks of a face (15 numbers, FaceDetector) or of a set of five (10
numbers). */
std::vector<Point2c> readPoints(InputArray points);

}} // namespace cv::sanprivacy

#endif // OPENCV_SANPRIVACY_ALIGNED_FACE_HPP
