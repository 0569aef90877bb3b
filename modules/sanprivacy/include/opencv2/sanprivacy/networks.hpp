// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#ifndef OPENCV_SANPRIVACY_NETWORKS_HPP
#define OPENCV_SANPRIVACY_NETWORKS_HPP

#include "opencv2/core.hpp"

namespace cv { namespace sanprivacy {

//! @addtogroup sanprivacy
//! @{

//! What a network of a model description file computes from a face.
enum NetworkTask
{
    NETWORK_CLASSIFIER = 0, //!< probability of label 1 of an attribute
    NETWORK_MATCHER = 1     //!< descriptor of the person
};

//! How two descriptors are compared.
enum NetworkDistance
{
    DISTANCE_COSINE = 0,   //!< match score: cosine of the angle
    DISTANCE_EUCLIDEAN = 1 //!< match score: minus the Euclidean distance
};

/** @brief Describes the input and output of an attribute classifier or a matcher, as OpenCV's samples/dnn/models.yml
does.

The keys `mean` (default 0), `scale` (1), `output` and `index` (0) are optional, the others are not. samples/models.yml
describes some public networks.

@code{.yaml}
%YAML:1.0
---
dlib:
  task: "matcher"             # or "classifier"
  file: "matcher-dlib-resnet-150.onnx"   # relative to the model description file
  width: 150
  height: 150
  mean: [ 0, 0, 0 ]           # or one number; subtracted from 0..255, in the network's channel order
  scale: 1.0                  # multiplied afterwards
  color: "rgb"               # rgb, bgr or gray
  # Where the five landmarks lie in the input:
  landmark_template: [ 47.55,46.60, 102.48,46.60, 74.01,76.56, 50.41,103.02, 97.61,103.02 ]
  # or the side of an upright square around the face, in units of the longer side of its box; zero outside the image:
  # square: 0.85
  output: "descriptor"        # name of the output; may be left out if there is only one
  distance: "euclidean"       # or "cosine"; matchers only
  # index: 0                  # classifiers only: element of the output that is P(label 1), or a list that sums to it
@endcode
*/
struct CV_EXPORTS_W_SIMPLE ModelDescription
{
    CV_WRAP ModelDescription();

    CV_PROP_RW String name;                            //!< of the entry in the file
    CV_PROP_RW int task;                               //!< NetworkTask
    CV_PROP_RW String file;                            //!< ONNX file
    CV_PROP_RW Size size;                              //!< input size, pixels
    CV_PROP_RW Scalar mean;                            //!< of the 0..255 input, in the network's channel order
    CV_PROP_RW double scale;                           //!< of the input after the mean is subtracted
    CV_PROP_RW String color;                           //!< "rgb", "bgr" or "gray"
    CV_PROP_RW std::vector<Point2f> landmark_template; //!< five landmarks in the input, or empty
    //! Side of the square crop in units of the longer side of the face box; used where landmark template is empty
    CV_PROP_RW double square;
    CV_PROP_RW String output; //!< output name, or empty
    CV_PROP_RW int distance;  //!< NetworkDistance
    //! Elements of the output that sum to P(label 1); one of them by default: 0
    CV_PROP_RW std::vector<int> index;
};

/** @brief Reads every network of a model description file, in the order of the file.

File names become absolute. Unknown keys, wrong values, missing files and what is there twice raise Error::StsBadArg,
which names file, network and key; so do files of more than 1 MiB or 4096 brackets, inputs of more than 4096 pixels a
side and names of more than 255 characters. */
CV_EXPORTS_W void readModelDescriptions(const String& filename, CV_OUT std::vector<ModelDescription>& networks);

/** @brief A described network, run by cv::dnn on the faces of an image.

Several threads may share one object: its calls wait for each other. */
class CV_EXPORTS_W FaceNetwork
{
public:
    CV_WRAP FaceNetwork(); //!< an empty object: every call except empty() raises Error::StsNullPtr; use create()

    /** @brief Loads a network and runs it once. A network that does not fit its description raises Error::StsBadArg
    with its name.
    @param description input and output of the network.
    @param backend_id, target_id of the dnn module. An unavailable pair is an error. */
    CV_WRAP static Ptr<FaceNetwork> create(const ModelDescription& description, int backend_id = 0, int target_id = 0);

    CV_WRAP bool empty() const; //!< whether the object was not made by create(), and cannot be used
    CV_WRAP ModelDescription getDescription() const; //!< as given to create()

    /** @brief Cuts one face out of an image as the network needs it: in the size of its input, with the channels of the
    image.
    @param image 8-bit, 1 or 3 channels (BGR), rows and columns only.
    @param face 1x15 CV_32F, a row of FaceDetector::detect(). With a landmark template the landmarks are used, and
    invalid ones raise the errors of alignFace(); otherwise the box.
    @param dst the crop. */
    CV_WRAP void crop(InputArray image, InputArray face, OutputArray dst) const;

    /** @brief Runs the network on crops; one row of output for each. An output with NaN or infinity raises
    Error::StsOutOfRange.
    @param crops as crop() gives them; gray and BGR are converted as the network needs.
    @param dst P(label 1) of a classifier (Nx1 CV_32F, 0..1), the descriptor of a matcher (NxD CV_32F). */
    CV_WRAP void forward(InputArrayOfArrays crops, OutputArray dst);

    /** @brief Match score of two descriptors a, b: the higher, the more alike. Matchers only.
    @param descriptor1,descriptor2 rows of forward(), finite.
    @return a.b / (|a| |b|), -1..1, or -|a - b|, 0 and below, as the description's distance says. */
    CV_WRAP double match(InputArray descriptor1, InputArray descriptor2) const;

    class Impl;

protected:
    Ptr<Impl> p;
};

//! @}

}} // namespace cv::sanprivacy

#endif // OPENCV_SANPRIVACY_NETWORKS_HPP
