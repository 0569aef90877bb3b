// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#ifndef OPENCV_SANPRIVACY_YUNET_NETWORK_HPP
#define OPENCV_SANPRIVACY_YUNET_NETWORK_HPP

#include "detection_merging.hpp"
#include "dnn_net.hpp"

namespace cv { namespace sanprivacy {

#ifdef HAVE_OPENCV_OBJDETECT

//! cv::FaceDetectorYN for images of any size, one after the other. It knows nothing of scales and orientations.
class YuNetNetwork
{
public:
    /** @param model YuNet ONNX file. One whose output is not finite raises Error::StsBadArg.
    @param threshold lowest score of a face; negative: the default. */
    YuNetNetwork(const String& model, float threshold, const DnnDevice& device);

    /** @brief Faces of a part of an image, which is put into a black border.
    @param bgr 8-bit.
    @param part rectangle inside the image.
    @param margin least width of the border, pixels.
    @return faces in pixels of the image, see suppressNonMaxima(). Output that is not finite raises Error::StsError. */
    std::vector<ScaledFace> detect(const Mat& bgr, const Rect& part, int margin);

private:
    FaceDetectorYN& networkFor(const Size& size);

    String name;
    std::vector<Ptr<FaceDetectorYN>> networks;
};

#endif // HAVE_OPENCV_OBJDETECT

}} // namespace cv::sanprivacy

#endif // OPENCV_SANPRIVACY_YUNET_NETWORK_HPP
