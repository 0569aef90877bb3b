// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#ifndef OPENCV_SANPRIVACY_GENDER_NETWORK_HPP
#define OPENCV_SANPRIVACY_GENDER_NETWORK_HPP

#include "similarity.hpp"

#include "opencv2/dnn.hpp"

namespace cv { namespace sanprivacy {

/** @brief The shipped gender network that sees an image in color: `gender-dlib-32.onnx`.

It errs in a fifth to half as many faces as the classifier of gray canonical crops, which is what there is where no
image is. */
class GenderNetwork
{
public:
    //! Whether it predicts the label of an attribute.
    static bool predicts(const String& attribute) { return attribute == "gender"; }

    /** @param network the network
    @param name of the network in errors */
    GenderNetwork(const dnn::Net& network, const String& name) : net(network), name_(name) {}

    //! A face as the network takes it: 32x32, CV_32FC3, 0..1. Arguments as alignFace(), with its errors.
    static Mat cut(const Mat& image, const std::vector<Point2c>& landmarks);

    //! @return N x 1, for each face of cut() the probability of label 1 (male)
    Mat forward(const std::vector<Mat>& faces);

    const String& name() const { return name_; }

private:
    dnn::Net net;
    String name_;
};

}} // namespace cv::sanprivacy

#endif // OPENCV_SANPRIVACY_GENDER_NETWORK_HPP
