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

/** @brief Which prototype the proto-combiner adds, hence which of the three outputs of @cite mirjalili2018san results.

The values are no labels: one given in place of the other is an error. */
enum PrototypeChoice
{
    PROTOTYPE_SAME = 100,     //!< X'_SM: the attribute stays as it is
    PROTOTYPE_NEUTRAL = 101,  //!< X'_NT
    PROTOTYPE_OPPOSITE = 102, //!< X'_OP: the attribute appears flipped
    /** The prototype of a label drawn for each face by the system's secure generator and told to nobody: unlike the
        opposite, what appears says nothing of the label. Only for networks that are not told the label (inputs `image`,
        `target_proto`). */
    PROTOTYPE_RANDOM = 103
};

//! What is known of a face's label, besides the labels themselves: 0 and 1, or those of several attributes
//! (PerturberParams).
enum LabelChoice
{
    LABEL_PREDICT = -1, //!< ask the attribute classifier
    LABEL_NEUTRAL = -2  //!< do not ask: P_NT stands for the face's own prototype; PROTOTYPE_OPPOSITE is then an error
};

/** @brief What a Perturber is made of.

With several attributes bit k of a label is the label of attribute k: of { "gender", "age" } label 3 is a man of 40 or
older, label 0 a younger woman. The prototype of several attributes is P_NT plus, for each, the difference of its
label's mean face from P_NT. What is not to be hidden stays as it is. */
struct CV_EXPORTS_W_SIMPLE PerturberParams
{
    /** Every argument sets the field of its name; no attributes: gender. */
    CV_WRAP PerturberParams(const std::vector<String>& attributes = std::vector<String>(),
        const String& model = String(), const String& prototypes = String(), const String& classifier = String(),
        int backend_id = 0, int target_id = 0, bool allow_fallback = false);

    /** One to four attributes to hide: `gender` (1 = male), `age` (1 = 40 or older), or one of your own network. Of an
        attribute NAME the prototypes are prototypes-NAME.yml.gz and the classifier is NAME.onnx, both in the data
        folder (`OPENCV_SANPRIVACY_DATA_PATH`), unless the fields below name others. */
    CV_PROP_RW std::vector<String> attributes;
    /** ONNX file: a form of the project's own or the authors' (inputs `image`, `same_proto`, `combine_proto`; for one
        attribute only), or a network of the inputs `image` and `target_proto`; or the name of a shipped one:
        `residual`, `residual-gender-age`, or `san2018`, the network of the paper. Empty: the shipped one for the
        attributes. */
    CV_PROP_RW String model;
    //! File of PrototypeBuilder::save(), for one attribute only; empty: the attribute's
    CV_PROP_RW String prototypes;
    /** ONNX file that answers LABEL_PREDICT, for one attribute only: canonical gray crop 0..1 in, probability of label
        1 out; or the name of a shipped one. Empty: the attribute's. */
    CV_PROP_RW String classifier;
    CV_PROP_RW int backend_id; //!< dnn::Backend
    CV_PROP_RW int target_id;  //!< dnn::Target
    /** Whether the CPU with OpenCV's own backend stands in for a pair that is unavailable (a warning is logged);
        otherwise that is Error::GpuNotSupported or Error::StsNotImplemented. */
    CV_PROP_RW bool allow_fallback;
};

//! What one call does to its faces.
struct CV_EXPORTS_W_SIMPLE PerturbParams
{
    /** Every argument sets the field of its name. */
    CV_WRAP PerturbParams(PrototypeChoice prototype = PROTOTYPE_OPPOSITE, int label = LABEL_PREDICT, bool gray = false);

    CV_PROP_RW PrototypeChoice prototype; //!< which output
    CV_PROP_RW int label;                 //!< of all faces: 0, 1 (or as PerturberParams says) or a LabelChoice
    CV_PROP_RW bool gray; //!< convert the image to gray first; perturbFaces() and tryPerturbFaces() only
};

//! What became of a face of an image.
enum FaceStatus
{
    FACE_PERTURBED = 0,       //!< protected
    FACE_OUTSIDE_IMAGE = 1,   //!< its landmarks place it outside the image
    FACE_TOO_SMALL = 2,       //!< see alignFace()
    FACE_WRONG_LANDMARKS = 3, //!< not finite, or nowhere near a face's shape, see alignFace()
    FACE_NETWORK_FAILED = 4   //!< a network answered what is no probability or no image
};

//! Tells of one face whether it is protected, and why not.
struct CV_EXPORTS_W_SIMPLE FaceResult
{
    CV_WRAP FaceResult();

    CV_PROP int status; //!< a FaceStatus
    //! That was used: the one given, or the one predicted; LABEL_PREDICT where that failed or is kept secret
    CV_PROP int label;
    CV_PROP String reason; //!< one sentence; empty where the face is perturbed
};

/** @brief The semi-adversarial network: perturbs aligned faces (section 3 of @cite mirjalili2018san ).

In the paper's network a face X and its same-label prototype P_SM are encoded and decoded; the proto-combiner then joins
P_SM, P_NT or P_OP and gives X'_SM, X'_NT or X'_OP. The default network is not told P_SM: it sees X and the prototype
wanted.

A network that answers NaN, infinity or anything else that is no probability or no image is Error::StsOutOfRange, never
an output. Several threads may share one object: its calls wait for each other. Calls change nothing that others see,
but for setStrength().
*/
class CV_EXPORTS_W Perturber
{
public:
    CV_WRAP Perturber(); //!< empty, every call but empty() is Error::StsNullPtr; use create()

    /** @brief Loads a network, its prototypes and, when it is first needed, its classifier.

    A missing, damaged or foreign file is Error::StsBadArg, StsParseError or StsObjectNotFound, and named. */
    CV_WRAP static Ptr<Perturber> create(const PerturberParams& params = PerturberParams());

    /** @brief The same from the contents of files in memory; for one attribute.
    @param model ONNX file.
    @param prototypes file of PrototypeBuilder::save(); empty: the shipped one of gender.
    @param classifier ONNX file; empty: the shipped one of gender.
    @param backend_id, target_id, allow_fallback as in PerturberParams. */
    CV_WRAP static Ptr<Perturber> create(const std::vector<uchar>& model, const std::vector<uchar>& prototypes,
        const std::vector<uchar>& classifier, int backend_id = 0, int target_id = 0, bool allow_fallback = false);

    CV_WRAP bool empty() const; //!< whether it was made by the constructor alone, and cannot be used

    /** @brief The dial between privacy and matching, for a network as it is: outputs are X + strength (X' - X), clipped
    to 0..1.
    @param strength above 0, at most 2; 1, as the network was trained, until it is set. */
    CV_WRAP void setStrength(double strength);
    CV_WRAP double getStrength() const; //!< see setStrength()

    //! @return those that are hidden; labels are less than 2 to the power of their number
    CV_WRAP std::vector<String> getAttributes() const;
    CV_WRAP Size getInputSize() const; //!< of the faces taken and given, 224x224
    CV_WRAP int getBackend() const;    //!< in use, after any fall-back
    CV_WRAP int getTarget() const;     //!< in use, after any fall-back

    /** @brief One output of one face.
    @param face canonical crop (alignFace()), 8-bit (0..255) or 32-bit float (0..1, finite), 1 or 3 channels (BGR).
    @param dst gray crop, size and depth as face.
    @param params what to do. */
    CV_WRAP void perturb(InputArray face, OutputArray dst, const PerturbParams& params = PerturbParams());

    /** @brief All three outputs of one face from one pass (Figure 2 of the paper).

    noArray() leaves an output out; of a face of LABEL_NEUTRAL the opposite one must be.
    @param face, same, neutral, opposite as in perturb().
    @param label as in PerturbParams. */
    CV_WRAP void perturbAll(
        InputArray face, OutputArray same, OutputArray neutral, OutputArray opposite, int label = LABEL_PREDICT);

    /** @brief One output of each of many faces, in as few passes through the network as memory allows.
    @param faces as in perturb().
    @param dst gray crops, as many.
    @param params what to do.
    @param labels one per face, in place of params.label; empty: params.label for all. */
    CV_WRAP void perturbBatch(InputArrayOfArrays faces, OutputArrayOfArrays dst,
        const PerturbParams& params = PerturbParams(), const std::vector<int>& labels = std::vector<int>());

    /** @brief perturbBatch() that goes on where a face has no output: in dst such a face is empty.
    @param faces, dst, params, labels as in perturbBatch().
    @param results one per face.
    @return whether every face has an output. */
    CV_WRAP bool tryPerturbBatch(InputArrayOfArrays faces, OutputArrayOfArrays dst,
        CV_OUT std::vector<FaceResult>& results, const PerturbParams& params = PerturbParams(),
        const std::vector<int>& labels = std::vector<int>());

    /** @brief Aligns, perturbs and returns every given face of an image: all of them, or an error and no output.

    Every face is cut from the unperturbed image, so faces that overlap do not perturb each other.
    @param image as in alignFace().
    @param faces Nx15 CV_32F, rows of FaceDetector::detect(); none leaves the image as it is.
    @param dst the image with its faces perturbed, type and size as image (1 channel if gray); may be the image itself.
    @param params what to do.
    @param labels labels[i] is that of row i of faces, in place of params.label. Rows of FaceDetector::detect() come
    best score first, not from left to right. Empty: params.label for all. */
    CV_WRAP void perturbFaces(InputArray image, InputArray faces, OutputArray dst,
        const PerturbParams& params = PerturbParams(), const std::vector<int>& labels = std::vector<int>());

    /** @brief perturbFaces() that goes on where a face cannot be protected: in dst such a face is as it was.
    @param image, faces, dst, params, labels as in perturbFaces().
    @param results one per face.
    @return whether every face is perturbed; if not, dst is not to be given away as it is. */
    CV_WRAP bool tryPerturbFaces(InputArray image, InputArray faces, OutputArray dst,
        CV_OUT std::vector<FaceResult>& results, const PerturbParams& params = PerturbParams(),
        const std::vector<int>& labels = std::vector<int>());

    /** @brief Probability that a canonical crop has label 1 of an attribute (for gender: male), 0..1.
    @param face as in perturb().
    @param attribute number of the attribute, from 0. */
    CV_WRAP double predict(InputArray face, int attribute = 0);

    /** @brief A copy of the prototypes in use; changing it changes nothing here.
    @param attribute number of the attribute, from 0. */
    CV_WRAP Ptr<PrototypeBuilder> getPrototypes(int attribute = 0) const;

    class Impl;

protected:
    Ptr<Impl> p;
};

//! @}

}} // namespace cv::sanprivacy

#endif // OPENCV_SANPRIVACY_PERTURBER_HPP
