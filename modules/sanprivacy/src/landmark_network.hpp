// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#ifndef OPENCV_SANPRIVACY_LANDMARK_NETWORK_HPP
#define OPENCV_SANPRIVACY_LANDMARK_NETWORK_HPP

#include "dnn_net.hpp"
#include "face_row.hpp"
#include "gray_pyramid.hpp"

namespace cv { namespace sanprivacy {

// Lengths are in inter-ocular distances of the face's similarity to the canonical landmarks.

const double SQUARE_SIDE = 2.8; // of a square for which the landmark network is at its best

// YuNet's box around the landmarks, the mean of 380 faces: users of boxes find the same square with either detector.
const Point2c BOX_CENTRE(0, -.25);
const Size2d BOX(2.4, 3.);

//! A square of the image that may show a face.
struct Square
{
    Point2c centre;
    double side;
    double roll;   //!< radians
    bool mirrored; //!< whether its mirror image is taken
    double votes;  //!< how many times it has been proposed
};

//! What the landmark network predicts for a square.
struct Candidate
{
    Landmarks landmarks; //!< pixels of the image
    double logit;        //!< of the probability that the square shows a face
    double votes;
};

//! The square of a face that YuNet found, if the face is rolled so.
Square squareOf(const FaceRow& face, double roll);

/** @brief The five-landmark network (data/landmarks.onnx): landmarks and the probability of a face for squares of an
image.

Numbers that are not finite raise Error::StsError. */
class LandmarkNetwork
{
public:
    explicit LandmarkNetwork(const DnnDevice& device);

    std::vector<Candidate> predict(const GrayPyramid& pyramid, const std::vector<Square>& squares);

    /** @brief The mean prediction for a square and for some that are a little larger, smaller, rolled or mirrored
    (test-time augmentation). There a face is still one; what is none often is not, and errors cancel out. */
    Candidate predictAveraged(const GrayPyramid& pyramid, const Square& square);

private:
    Mat forward(const Mat& blob);

    String filename;
    dnn::Net net;
};

}} // namespace cv::sanprivacy

#endif // OPENCV_SANPRIVACY_LANDMARK_NETWORK_HPP
