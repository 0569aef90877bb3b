// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#include "precomp.hpp"
#include "yunet_network.hpp"

#include <algorithm>

namespace cv { namespace sanprivacy {

#ifdef HAVE_OPENCV_OBJDETECT

namespace {

const int STRIDE = 64;       // sides that are multiples of it suit the network (it wants 32, but two of them)
const int WIDEST_LOW = 1024; // of an input as high as the stride: OpenCV 4.6 reads uninitialised memory beyond it
const int MOST_FACES = 5000;
const float THRESHOLD = .7f;
const float ALL = 1; // suppressNonMaxima() chooses among those that overlap

// A network that is given an input of another size than before takes a fifth to a third longer. So there is a network
// for each of the sizes that searches of a video have.
const int OWN_SIZES = 8;
const int MOST_OWN = 1 << 19; // pixels; the networks of larger ones would take too much memory

} // namespace

YuNetNetwork::YuNetNetwork(const String& model, float threshold, const DnnDevice& device) : name(model)
{
    dnn::Net net = readOnnx(model, "face detector", device); // refuses a missing or broken file
    bool finite = true;
    try
    {
        const Size first(STRIDE, STRIDE);
        for (int i = 0; i <= OWN_SIZES; ++i)
            networks.push_back(FaceDetectorYN::create(model, String(), first, threshold < 0 ? THRESHOLD : threshold,
                ALL, MOST_FACES, device.backend, device.target));
        Mat none;
        networks[0]->detect(Mat::zeros(first, CV_8UC3), none);

        // cv::FaceDetectorYN finds nothing, without a word, where the network gives no numbers.
        Mat noise(first, CV_8UC3);
        RNG(1).fill(noise, RNG::UNIFORM, 0, 256);
        net.setInput(dnn::blobFromImage(noise));
        std::vector<Mat> outputs;
        net.forward(outputs, net.getUnconnectedOutLayersNames());
        for (const Mat& output : outputs)
            finite = finite && checkRange(output);
    }
    catch (const Exception& e)
    {
        CV_Error(Error::StsBadArg, format("'%s' is not a YuNet that OpenCV %s can run, as " SANPRIVACY_YUNET " is: %s",
                                       model.c_str(), CV_VERSION, reasonOf(e).c_str()));
    }
    if (!finite)
        CV_Error(Error::StsBadArg, format("The face detector '%s' gives numbers that are not finite", model.c_str()));
}

std::vector<ScaledFace> YuNetNetwork::detect(const Mat& bgr, const Rect& part, int margin)
{
    const int width = int(alignSize(part.width + 2 * margin, STRIDE)), lowest = width > WIDEST_LOW ? 2 * STRIDE : 0,
              height = std::max(int(alignSize(part.height + 2 * margin, STRIDE)), lowest);
    Mat input, found;
    copyMakeBorder(bgr(part), input, margin, height - part.height - margin, margin, width - part.width - margin,
        BORDER_CONSTANT | BORDER_ISOLATED);
    networkFor(input.size()).detect(input, found);

    std::vector<FaceRow> faces;
    for (int i = 0; i < found.rows; ++i)
    {
        if (!checkRange(found.row(i)))
            CV_Error(Error::StsError, format("The face detector '%s' gives numbers that are not finite", name.c_str()));
        faces.push_back(FaceRow(found, i));
    }
    std::vector<ScaledFace> result = suppressNonMaxima(faces);
    for (ScaledFace& scaled : result)
    {
        scaled.face.box += Point2f(float(part.x - margin), float(part.y - margin));
        for (Point2c& z : scaled.face.landmarks)
            z += Point2c(part.x - margin, part.y - margin);
    }
    return result;
}

//! The last one is for any size, the others for one size each, the one that was used last before the others.
FaceDetectorYN& YuNetNetwork::networkFor(const Size& size)
{
    const auto any = networks.end() - 1;
    auto chosen = any;
    if (size.area() <= MOST_OWN)
    {
        chosen = std::find_if(
            networks.begin(), any, [&](const Ptr<FaceDetectorYN>& network) { return network->getInputSize() == size; });
        if (chosen == any)
            --chosen; // the one that was not used for longest
        std::rotate(networks.begin(), chosen, chosen + 1);
        chosen = networks.begin();
    }
    if ((*chosen)->getInputSize() != size)
        (*chosen)->setInputSize(size);
    return **chosen;
}

#endif // HAVE_OPENCV_OBJDETECT

}} // namespace cv::sanprivacy
