// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#ifndef OPENCV_SANPRIVACY_ATTRIBUTE_CLASSIFIER_HPP
#define OPENCV_SANPRIVACY_ATTRIBUTE_CLASSIFIER_HPP

#include "opencv2/dnn.hpp"

namespace cv { namespace sanprivacy {

//! Empty if what a classifier answers is a probability, otherwise what is wrong with it.
String whatIsWrong(float probability, const String& classifier);

//! Probability of label 1 of canonical gray crops.
class AttributeClassifier
{
public:
    /** @param network the network
    @param name of the network in errors */
    AttributeClassifier(const dnn::Net& network, const String& name);

    //! @return N x 1 for N x 1 x 224 x 224, which may be anything but a probability: see whatIsWrong()
    Mat forward(const Mat& faces);

    const String& name() const { return name_; }

private:
    dnn::Net net;
    String name_;
};

}} // namespace cv::sanprivacy

#endif // OPENCV_SANPRIVACY_ATTRIBUTE_CLASSIFIER_HPP
