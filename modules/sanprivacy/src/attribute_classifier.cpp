// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#include "precomp.hpp"
#include "attribute_classifier.hpp"
#include "dnn_net.hpp"
#include "generator.hpp"

namespace cv { namespace sanprivacy {

namespace {

const char* const INPUT_FACE = "image"; // the ONNX files' side of the contract
const float TOLERANCE = 1e-3f;          // by which half precision may leave 0..1

} // namespace

AttributeClassifier::AttributeClassifier(const dnn::Net& network, const String& name) : net(network), name_(name)
{
    String found;
    try
    {
        const Mat output = forward(createFaceBlob(1, 1));
        found = output.total() == 1 ? whatIsWrong(output.at<float>(0), name) : String("found several");
    }
    catch (const cv::Exception& e)
    {
        found = reasonOf(e);
    }
    if (!found.empty())
        CV_Error(Error::StsBadArg,
            format("'%s' is not an attribute classifier: expected the input %s of 1x1x%dx%d and one value; %s",
                name.c_str(), INPUT_FACE, FACE_SIDE, FACE_SIDE, found.c_str()));
}

Mat AttributeClassifier::forward(const Mat& faces)
{
    net.setInput(faces, INPUT_FACE);
    return net.forward().reshape(1, faces.size[0]);
}

String whatIsWrong(float probability, const String& classifier)
{
    if (probability >= -TOLERANCE && probability <= 1 + TOLERANCE) // NaN is not
        return String();
    return format("The attribute classifier '%s' answers %g: expected a probability from 0 to 1", classifier.c_str(),
        probability);
}

}} // namespace cv::sanprivacy
