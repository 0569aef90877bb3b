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

/** @brief The prototype that the face moves towards; the first three are the outputs of @cite mirjalili2018san .

No value is also that of a label, so giving a label in place of a PrototypeChoice, or the reverse, is an error. */
// OpenCV's generator of bindings allows no space before the colon.
// clang-format off
enum PrototypeChoice: int
// clang-format on
{
    PROTOTYPE_SAME = 100,     //!< X'_SM: the attribute stays as it is
    PROTOTYPE_NEUTRAL = 101,  //!< X'_NT: the attribute appears undecided
    PROTOTYPE_OPPOSITE = 102, //!< X'_OP: the attribute appears as the other label
    /** The prototype of a label that is drawn for each face by the system's secure random generator and never reported.
        Unlike the opposite output, it tells nothing about the true label. Only for networks that do not receive the
        label (inputs `image`, `target_proto`). */
    PROTOTYPE_RANDOM = 103
};

//! Default of Perturber::setColorStrength() where gender is among the attributes that are hidden; else 0.
const double DEFAULT_COLOR_STRENGTH = .6;

//! What can be given in place of a label. A label itself is 0 or 1, or as PerturberParams says for several attributes.
enum LabelChoice
{
    LABEL_PREDICT = -1, //!< the attribute classifier predicts the label
    LABEL_NEUTRAL = -2  //!< the label is not used: P_NT takes the place of P_SM; PROTOTYPE_OPPOSITE is then an error
};

/** @brief Networks, prototypes and attributes of a Perturber.

With several attributes bit k of a label is the label of attribute k: of { "gender", "age" } label 3 is a man of 40 or
older, label 0 a younger woman. The prototype of several attributes is P_NT plus, for each, the difference of its
label's mean face from P_NT. Attributes that are not hidden stay as they are. */
struct CV_EXPORTS_W_SIMPLE PerturberParams
{
    /** Every argument sets the field of its name; no attributes: gender. */
    CV_WRAP PerturberParams(const std::vector<String>& attributes = std::vector<String>(),
        const String& model = String(), const String& prototypes = String(), const String& classifier = String(),
        int backend_id = 0, int target_id = 0, bool allow_fallback = false);

    /** One to four attributes to hide: `gender` (1 = male), `age` (1 = 40 or older), or one of your own network. For an
        attribute NAME the prototypes are read from prototypes-NAME.yml.gz and the classifier from NAME.onnx, both in
        the data folder (`OPENCV_SANPRIVACY_DATA_PATH`), unless the fields below name other files. */
    CV_PROP_RW std::vector<String> attributes;
    /** ONNX file, or the name of a shipped network: `residual-gender-age`; for gender only `residual`, or `san2018` of
        the paper. Inputs are `image` and `target_proto`; for one attribute only also `image`, `same_proto` and
        `target_proto`, or in its place `combine_proto` as in the authors' network, or `neutral_proto` and
        `opposite_proto` as in san2018. Empty: the shipped network for the attributes. */
    CV_PROP_RW String model;
    //! File of PrototypeBuilder::save(), for one attribute only; empty: the attribute's
    CV_PROP_RW String prototypes;
    /** ONNX file that answers LABEL_PREDICT, for one attribute only: canonical gray crop 0..1 in, probability of label
        1 out; or the name of a shipped one. Empty: that of the attribute; for gender, calls that
        receive the whole image use gender-dlib-32.onnx, see Perturber::predictFace(). */
    CV_PROP_RW String classifier;
    CV_PROP_RW int backend_id; //!< dnn::Backend
    CV_PROP_RW int target_id;  //!< dnn::Target
    /** Whether OpenCV's own backend on the CPU is used, with a logged warning, if backend or target is unavailable.
        If not, create() raises Error::GpuNotSupported or Error::StsNotImplemented. */
    CV_PROP_RW bool allow_fallback;
};

//! Output and label of the faces of one call.
struct CV_EXPORTS_W_SIMPLE PerturbParams
{
    /** Every argument sets the field of its name. */
    CV_WRAP PerturbParams(PrototypeChoice prototype = PROTOTYPE_OPPOSITE, int label = LABEL_PREDICT, bool gray = false);

    CV_PROP_RW PrototypeChoice prototype; //!< which output
    CV_PROP_RW int label;                 //!< of all faces: 0, 1 (or as PerturberParams says) or a LabelChoice
    CV_PROP_RW bool gray; //!< whether the image becomes gray first; perturbFaces() and tryPerturbFaces() only
};

//! Result for a face of an image.
enum FaceStatus
{
    FACE_PERTURBED = 0,       //!< protected
    FACE_OUTSIDE_IMAGE = 1,   //!< its landmarks place it outside the image
    FACE_TOO_SMALL = 2,       //!< see alignFace()
    FACE_WRONG_LANDMARKS = 3, //!< landmarks that are not finite or do not have the shape of a face, see alignFace()
    FACE_NETWORK_FAILED = 4   //!< the output of a network is not a probability or not an image
};

//! Whether a face is protected, and why not.
struct CV_EXPORTS_W_SIMPLE FaceResult
{
    CV_WRAP FaceResult();

    CV_PROP int status; //!< a FaceStatus
    //! Label that was used, given or predicted; LABEL_PREDICT where the prediction failed or the label is kept secret
    CV_PROP int label;
    CV_PROP String reason; //!< one sentence; empty where the face is perturbed
};

/** @brief The semi-adversarial network: perturbs aligned faces (section 3 of @cite mirjalili2018san ).

In the paper's network a face X and its same-label prototype P_SM are encoded and decoded; the proto-combiner then joins
P_SM, P_NT or P_OP and gives X'_SM, X'_NT or X'_OP. The default network does not receive P_SM, only X and the prototype
of the output.

A network whose output is not a probability or not an image, such as NaN, raises Error::StsOutOfRange.

Several threads may share one object: its calls wait for each other. Only setStrength(), setColorStrength(),
setSurroundingsBlur() and setWeakenMarks() change its state.
*/
class CV_EXPORTS_W Perturber
{
public:
    CV_WRAP Perturber(); //!< an empty object: every call except empty() raises Error::StsNullPtr; use create()

    /** @brief Loads a network, its prototypes and, when it is first needed, its classifier.

    A file that is missing, damaged or of another kind raises Error::StsBadArg, StsParseError or StsObjectNotFound with
    its name. */
    CV_WRAP static Ptr<Perturber> create(const PerturberParams& params = PerturberParams());

    /** @brief The same from the contents of files in memory; for one attribute.
    @param model ONNX file.
    @param prototypes file of PrototypeBuilder::save(); empty: the shipped one of gender.
    @param classifier ONNX file; empty: the shipped one of gender.
    @param backend_id, target_id, allow_fallback as in PerturberParams. */
    CV_WRAP static Ptr<Perturber> create(const std::vector<uchar>& model, const std::vector<uchar>& prototypes,
        const std::vector<uchar>& classifier, int backend_id = 0, int target_id = 0, bool allow_fallback = false);

    CV_WRAP bool empty() const; //!< whether the object was not made by create(), and cannot be used

    /** @brief Sets how much of the change is applied: outputs are X + strength (X' - X), clipped to 0..1.

    A larger strength gives more privacy, a smaller one better matching.
    @param strength above 0, at most 2 (else Error::StsOutOfRange); initially 1, as in training. */
    CV_WRAP void setStrength(double strength);
    CV_WRAP double getStrength() const; //!< see setStrength()

    /** @brief Sets how far perturbFaces() and tryPerturbFaces() even out the color of lips and make-up, see
    blendFace().

    It applies to all outputs except PROTOTYPE_SAME. They are all treated alike, so that the color does not reveal which
    label PROTOTYPE_RANDOM has drawn.
    @param strength 0 (color stays) to 1; initially DEFAULT_COLOR_STRENGTH where gender is hidden, else 0. */
    CV_WRAP void setColorStrength(double strength);
    CV_WRAP double getColorStrength() const; //!< see setColorStrength()

    /** @brief Sets how far perturbFaces() and tryPerturbFaces() blur hair, neck and background around the faces.

    Classifiers that look beyond the face read the gender there: with a blur of 0.25 they are misled much more often,
    and matchers lose little. A portrait looks as if it were taken with a shallow depth of field; in other images the
    blur around each head is seen, and hands near a face are blurred, too. An ellipse around each given face stays sharp
    (half axes of 1.25 and 1.85 inter-ocular distances), and so does what is farther away than 2.5 times that. It
    applies to all outputs except PROTOTYPE_SAME.
    An image of floats that has NaN or infinite values is then refused with Error::StsOutOfRange.
    @param sigma of the Gaussian blur in inter-ocular distances, 0 (no blur) to 1 (else Error::StsOutOfRange); initially
    0. */
    CV_WRAP void setSurroundingsBlur(double sigma);
    CV_WRAP double getSurroundingsBlur() const; //!< see setSurroundingsBlur()

    /** @brief Sets whether perturbFaces() and tryPerturbFaces() weaken marks that the change leaves on smooth skin, see
    blendFace().

    The faces look more natural, and classifiers are misled less often.
    @param weaken initially true, but false for a network that receives P_SM, as that of the paper. */
    CV_WRAP void setWeakenMarks(bool weaken);
    CV_WRAP bool getWeakenMarks() const; //!< see setWeakenMarks()

    //! @return attributes that are hidden, n of them; labels are 0 to 2^n - 1
    CV_WRAP std::vector<String> getAttributes() const;
    CV_WRAP Size getInputSize() const; //!< size of input and output faces, 224x224
    CV_WRAP int getBackend() const;    //!< dnn::Backend in use, also after a fallback to the CPU
    CV_WRAP int getTarget() const;     //!< dnn::Target in use, also after a fallback to the CPU

    /** @brief One output of one face.
    @param face canonical crop (alignFace()), 8-bit (0..255) or 32-bit float (0..1, finite), 1 or 3 channels (BGR).
    @param dst gray crop, size and depth as face.
    @param params output and label. */
    CV_WRAP void perturb(InputArray face, OutputArray dst, const PerturbParams& params = PerturbParams());

    /** @brief All three outputs of one face in one call (Figure 2 of the paper).

    noArray() leaves an output out; with LABEL_NEUTRAL the opposite one must be left out.
    @param face, same, neutral, opposite as in perturb().
    @param label as in PerturbParams. */
    CV_WRAP void perturbAll(
        InputArray face, OutputArray same, OutputArray neutral, OutputArray opposite, int label = LABEL_PREDICT);

    /** @brief One output of each of many faces, several to a pass of the network.
    @param faces as in perturb().
    @param dst one gray crop for each face.
    @param params output and label.
    @param labels one for each face, in place of params.label; empty: params.label for all. */
    CV_WRAP void perturbBatch(InputArrayOfArrays faces, OutputArrayOfArrays dst,
        const PerturbParams& params = PerturbParams(), const std::vector<int>& labels = std::vector<int>());

    /** @brief As perturbBatch(), but a face for which a network fails is no error: its element of dst is empty. Faces
    of another size, depth or range, and wrong params or labels, raise the errors of perturbBatch().
    @param faces, dst, params, labels as in perturbBatch().
    @param results one for each face.
    @return whether every face has an output. */
    CV_WRAP bool tryPerturbBatch(InputArrayOfArrays faces, OutputArrayOfArrays dst,
        CV_OUT std::vector<FaceResult>& results, const PerturbParams& params = PerturbParams(),
        const std::vector<int>& labels = std::vector<int>());

    /** @brief Perturbs every given face of an image. If one of them cannot be perturbed, it is an error and there is no
    output.

    Every face is cut from the original image, so overlapping faces do not influence each other's perturbation.
    @param image as in alignFace().
    @param faces Nx15 CV_32F, rows of FaceDetector::detect(); none leaves the image as it is.
    @param dst the image with its faces perturbed, type and size as image (1 channel if gray); may be the image itself.
    @param params output and label.
    @param labels labels[i] is that of row i of faces, in place of params.label. Rows of FaceDetector::detect() come
    best score first, not from left to right. Empty: params.label for all. */
    CV_WRAP void perturbFaces(InputArray image, InputArray faces, OutputArray dst,
        const PerturbParams& params = PerturbParams(), const std::vector<int>& labels = std::vector<int>());

    /** @brief As perturbFaces(), but a face that cannot be perturbed is no error: in dst it is unchanged.
    @param image, faces, dst, params, labels as in perturbFaces().
    @param results one for each face.
    @return whether every face is perturbed; if not, dst shows unprotected faces. */
    CV_WRAP bool tryPerturbFaces(InputArray image, InputArray faces, OutputArray dst,
        CV_OUT std::vector<FaceResult>& results, const PerturbParams& params = PerturbParams(),
        const std::vector<int>& labels = std::vector<int>());

    /** @brief Probability that a canonical crop has label 1 of an attribute (for gender: male), 0..1.
    @param face as in perturb().
    @param attribute number of the attribute, from 0. */
    CV_WRAP double predict(InputArray face, int attribute = 0);

    /** @brief predict() for a face of an image, as LABEL_PREDICT does in perturbFaces() and tryPerturbFaces().

    If PerturberParams names no classifier, gender is predicted by a network that sees color. It is wrong for 7.0 % of
    994 faces of FairFace and 1.6 % of 1,000 of CelebA; the classifier of gray crops is wrong for 13.2 and
    7.8 %. Its label is used even where its probability is near 1/2: the neutral prototype misleads about equally there.
    @param image,face as in alignFace(), with its errors.
    @param attribute number of the attribute, from 0. */
    CV_WRAP double predictFace(InputArray image, InputArray face, int attribute = 0);

    /** @brief A copy of the prototypes in use.
    @param attribute number of the attribute, from 0. */
    CV_WRAP Ptr<PrototypeBuilder> getPrototypes(int attribute = 0) const;

    class Impl;

protected:
    Ptr<Impl> p;
};

//! @}

}} // namespace cv::sanprivacy

#endif // OPENCV_SANPRIVACY_PERTURBER_HPP
