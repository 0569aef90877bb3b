// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#ifndef OPENCV_SANPRIVACY_GENERATOR_HPP
#define OPENCV_SANPRIVACY_GENERATOR_HPP

#include "dnn_net.hpp"
#include "face_geometry.hpp"
#include "fast_u_net.hpp"

#include "opencv2/dnn.hpp"
#include "opencv2/sanprivacy/prototypes.hpp"

namespace cv { namespace sanprivacy {

const int FACE_SIDE = CANONICAL_SIDE; // of the paper's networks, pixels
const Size FACE_SIZE(FACE_SIDE, FACE_SIDE);

//! Bit k of a label is that of attribute k: so many labels there are.
int labelCount(size_t attributes);

//! A blob of zeros for FACE_SIDE x FACE_SIDE faces.
Mat createFaceBlob(int count, int channels);

//! Gives the blob room for count gray faces; memory is kept where the number stays.
void resizeFaceBlob(Mat& blob, int count);

//! Autoencoder and proto-combiner.
class Generator
{
public:
    /** @param network the network
    @param name of the network in errors
    @param prototypes by attribute
    @param device that the network runs on */
    Generator(const dnn::Net& network, const String& name, const std::vector<Ptr<PrototypeBuilder>>& prototypes,
        const DnnDevice& device);

    /** @brief X'_SM, X'_NT or X'_OP of each face.
    @param faces N x 1 x 224 x 224, 0..1
    @param labels N labels, none of them LABEL_PREDICT
    @param choices which outputs: PROTOTYPE_SAME, PROTOTYPE_NEUTRAL, PROTOTYPE_OPPOSITE
    @param outputs N x 1 x 224 x 224 for each choice; the network's memory, valid until the next call */
    void forward(
        const Mat& faces, const std::vector<int>& labels, const std::vector<int>& choices, std::vector<Mat>& outputs);

    //! Empty if an output of forward() holds an image in row n, otherwise what is wrong with it.
    String whatIsWrong(const Mat& output, int n) const;

    //! Whether the network receives the face and the target prototype only, not P_SM, which would give it the label.
    bool ignoresLabels() const;

private:
    //! An input for a prototype.
    struct PrototypeInput
    {
        String name;
        int choice; // a PrototypeChoice or TARGET
    };

    //! A kind of network: the inputs that it has besides the face, and its outputs.
    struct Form
    {
        std::vector<PrototypeInput> prototypes;
        std::vector<String> outputs;

        //! Figure 2: one pass through the decoder, then the proto-combiner for each prototype; outputs from
        //! PROTOTYPE_SAME on.
        bool isJoint() const { return outputs.size() > 1; }
    };

    static const std::vector<Form>& forms();
    static const Form& findForm(dnn::Net& network, const String& name);

    //! P_SM of a label: the mean face of the one attribute's label; of several P_NT and what each differs by from it.
    static Mat prototypeOf(int label, const std::vector<Ptr<PrototypeBuilder>>& prototypes);
    static Mat toBlob(const Mat& bgr);

    //! Which of the means a PrototypeChoice is for a face.
    int meanIndex(int choice, int label) const;
    //! Runs the network once: afterwards it is known to fit, and the first frame of a video takes no longer than the
    //! next.
    void checkOutputs(const DnnDevice& device);
    //! Moves the network there.
    void runOn(const DnnDevice& device);
    //! Takes the fast form of the network, where there is one with the same result.
    void useFastForm(const DnnDevice& device);
    //! The faces one after the other, as often as wanted.
    Mat repeat(const Mat& faces, int times);
    //! Prototypes rarely change from call to call, so the network keeps those it has.
    void feed(size_t input, const std::vector<int>& rows);

    dnn::Net net;
    Ptr<FastUNet> fast; // in place of net, or null
    String name_;
    Form form;
    int labels_;
    std::vector<Mat> means;            // by label, then P_NT; 1 x 3 x 224 x 224 each, RGB as the networks take it
    std::vector<std::vector<int>> fed; // per prototype input, the means that the network has now
    Mat repeated;
    std::vector<Mat> results;
};

}} // namespace cv::sanprivacy

#endif // OPENCV_SANPRIVACY_GENERATOR_HPP
