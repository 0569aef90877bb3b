// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#ifndef OPENCV_SANPRIVACY_PERTURBER_HPP
#define OPENCV_SANPRIVACY_PERTURBER_HPP

#include "opencv2/core.hpp"
#include "opencv2/sanprivacy/prototypes.hpp"

namespace cv { namespace sanprivacy {

//! @addtogroup sanprivacy
//! @{

//! Which prototype the proto-combiner adds, hence which of the three outputs of the paper results.
enum PrototypeChoice
{
    PROTOTYPE_SAME = 0,     //!< X'_SM: the attribute stays as it is
    PROTOTYPE_NEUTRAL = 1,  //!< X'_NT
    PROTOTYPE_OPPOSITE = 2, //!< X'_OP: the attribute appears flipped
    /** The prototype of label 0 or 1, drawn for each face by the system's secure generator and told to nobody: unlike the opposite,
        what appears says nothing of the label. Only for networks that are not told the label (inputs `image`, `target_proto`). */
    PROTOTYPE_RANDOM = 3
};

//! What is known of a face's label, besides the labels themselves: 0 and 1, or those of several attributes (Perturber::createHiding()).
enum LabelChoice
{
    LABEL_PREDICT = -1, //!< ask the attribute classifier
    LABEL_NEUTRAL = -2  //!< do not ask: the neutral prototype stands for the face's own; PROTOTYPE_OPPOSITE is then an error
};

/** @brief The semi-adversarial network: perturbs aligned faces (section 3 of @cite mirjalili2018san ).

In the paper's network a face X and its same-label prototype P_SM are encoded and decoded; the proto-combiner then joins P_SM, P_NT or P_OP
and gives X'_SM, X'_NT or X'_OP. The default network is not told P_SM: it sees X and the prototype wanted. Calls change no state that a caller sees; one object serves one thread at a time.
*/
class CV_EXPORTS_W Perturber
{
public:
    CV_WRAP Perturber(); //!< empty; use create()

    /** @brief Loads a network and its prototypes.
    @param model ONNX file: a form of the project's own or the authors' (inputs `image`, `same_proto`, `combine_proto`); or the name of a
    shipped one: `residual` (also where empty) or `san2018`, the network of the paper.
    @param prototypes file of PrototypeBuilder::save(); empty: the shipped one.
    @param classifier ONNX file for LABEL_PREDICT, canonical gray crop 0..1 in, probability of label 1 out; empty: the shipped one.
    @param backend_id, target_id of the dnn module.
    @param allow_fallback use the default CPU backend where the wanted one is unavailable (a warning is logged); otherwise that is Error::GpuNotSupported or StsNotImplemented. */
    CV_WRAP static Ptr<Perturber> create(const String& model = String(), const String& prototypes = String(),
                                         const String& classifier = String(), int backend_id = 0, int target_id = 0,
                                         bool allow_fallback = false);

    /** @brief Loads a network that hides several attributes at once, or another one than gender.

    Bit k of a label is then the label of attribute k: of { "gender", "age" } label 3 is a man of 40 or older, label 0 a younger
    woman. The prototype of several attributes is P_NT plus, for each, the difference of its label's mean face from P_NT.
    What is not to be hidden stays as it is.
    @param attributes what to hide: `gender` (1 = male), `age` (1 = 40 or older), or an attribute of your own network, for which
    prototypes-NAME.yml.gz (PrototypeBuilder::save()) and NAME.onnx (the classifier of LABEL_PREDICT) lie with the data (in OPENCV_SANPRIVACY_DATA_PATH).
    @param model ONNX file that takes the inputs `image` and `target_proto`; empty: the shipped network for these attributes.
    @param backend_id, target_id, allow_fallback as in create(). */
    CV_WRAP static Ptr<Perturber> createHiding(const std::vector<String>& attributes, const String& model = String(),
                                               int backend_id = 0, int target_id = 0, bool allow_fallback = false);

    CV_WRAP bool empty() const;

    /** @brief The dial between privacy and matching, for a network as it is: outputs are X + strength (X' - X), clipped to 0..1.
    @param strength above 0, at most 2; 1, as the network was trained, until it is set. */
    CV_WRAP void setStrength(double strength);
    CV_WRAP double getStrength() const;

    CV_WRAP int getAttributeCount() const; //!< of attributes that are hidden; labels are less than 2 to the power of it
    CV_WRAP Size getInputSize() const; //!< of the faces taken and given, 224x224
    CV_WRAP int getBackend() const;    //!< in use, after any fall-back
    CV_WRAP int getTarget() const;     //!< in use, after any fall-back

    /** @brief One output of one face.
    @param face canonical crop (alignFace()), 8-bit (0..255) or 32-bit float (0..1, finite), 1 or 3 channels (BGR).
    @param dst gray crop, depth as face.
    @param label 0, 1 (or as createHiding() says) or a LabelChoice.
    @param prototype a PrototypeChoice. */
    CV_WRAP void perturb(InputArray face, OutputArray dst, int label = LABEL_PREDICT, int prototype = PROTOTYPE_OPPOSITE);

    /** @brief All three outputs of one face from one pass (Figure 2 of the paper); arguments as in perturb().

    noArray() leaves an output out; of a face of LABEL_NEUTRAL the opposite one must be. */
    CV_WRAP void perturbAll(InputArray face, OutputArray same, OutputArray neutral, OutputArray opposite,
                            int label = LABEL_PREDICT);

    /** @brief One output of each of many faces, in one pass through the network.
    @param faces as in perturb(), all of one type.
    @param dst gray crops, as many.
    @param labels one per face, or one for all.
    @param prototype a PrototypeChoice. */
    CV_WRAP void perturbBatch(InputArrayOfArrays faces, OutputArrayOfArrays dst, const std::vector<int>& labels,
                              int prototype = PROTOTYPE_OPPOSITE);

    /** @brief Aligns, perturbs and returns every given face of an image.
    @param image as in alignFace().
    @param faces rows of FaceDetector::detect(); none leaves the image as it is.
    @param dst the image with its faces perturbed, type and size as image (1 channel if gray).
    @param labels one per face, or one for all.
    @param prototype a PrototypeChoice.
    @param gray convert the image to gray first. */
    CV_WRAP void perturbFaces(InputArray image, InputArray faces, OutputArray dst, const std::vector<int>& labels,
                              int prototype = PROTOTYPE_OPPOSITE, bool gray = false);

    /** @brief Probability that a canonical crop has label 1 (male), by the classifier given to create().
    @param face as in perturb().
    @param attribute which of those given to createHiding(). */
    CV_WRAP double predict(InputArray face, int attribute = 0);

    /** @brief The prototypes in use.
    @param attribute which of those given to createHiding(). */
    CV_WRAP Ptr<PrototypeBuilder> getPrototypes(int attribute = 0) const;

    class Impl;
protected:
    Ptr<Impl> p;
};

//! @}

}} // namespace cv::sanprivacy

#endif // OPENCV_SANPRIVACY_PERTURBER_HPP
