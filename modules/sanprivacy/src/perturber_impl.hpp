// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#ifndef OPENCV_SANPRIVACY_PERTURBER_IMPL_HPP
#define OPENCV_SANPRIVACY_PERTURBER_IMPL_HPP

#include "attribute_classifier.hpp"
#include "dnn_net.hpp"
#include "gender_network.hpp"
#include "generator.hpp"

#include "opencv2/sanprivacy/perturber.hpp"

#include <mutex>

namespace cv { namespace sanprivacy {

//! An attribute that is hidden: its prototypes and the classifier that predicts its label.
struct Attribute
{
    String name;
    Ptr<PrototypeBuilder> prototypes;
    String classifier_file;              // or the name of a shipped one; empty: the attribute's
    Ptr<AttributeClassifier> classifier; // once it is needed
    Ptr<GenderNetwork> gender_network;   // likewise

    //! Whether the gender network predicts it where the image is at hand: no classifier is given.
    bool usesGenderNetwork() const { return classifier_file.empty() && GenderNetwork::predicts(name); }
};

//! File of a network: a name without folder and extension is that of a shipped one.
String networkFile(const String& name);

//! The networks of a Perturber, and what its calls are checked against.
class Perturber::Impl
{
public:
    Impl(
        const dnn::Net& network, const String& name, const std::vector<Attribute>& attributes, const DnnDevice& device);

    /** One pass for at most facesPerPass() faces.
    @param images the faces
    @param labels one per face; each LABEL_PREDICT becomes what is predicted, unless the prototype is random
    @param choices which outputs; PROTOTYPE_RANDOM alone
    @param wrong per face, why it has no output; empty where it has
    @param in_color the faces as GenderNetwork::cut() gives them; null where they are not at hand
    @return for each choice the outputs of the faces, valid until the next call */
    const std::vector<Mat>& pass(const Mat* images, std::vector<int>& labels, const std::vector<int>& choices,
        std::vector<String>& wrong, const Mat* in_color = nullptr);

    //! One output of each of many faces, in 32-bit floats; arguments as in pass(), in_color empty or one per face.
    void perturb(const std::vector<Mat>& images, const std::vector<Mat>& in_color, std::vector<int>& labels, int choice,
        std::vector<Mat>& perturbed, std::vector<String>& wrong);

    //! Probability of label 1 of an attribute; Error::StsOutOfRange where the output of the classifier is none.
    double predict(const Mat& image, size_t attribute);
    //! The same from the image that a face lies in; takes the mutex, once the face is cut out.
    double predict(const Mat& image, const std::vector<Point2c>& landmarks, size_t attribute);

    //! Whether this label, where it is not given, is predicted by the gender network, from the face in color.
    bool usesGenderNetwork(int label, int prototype) const;

    //! Loads a classifier, which is otherwise loaded when it is first needed.
    AttributeClassifier& getClassifier(size_t attribute);
    GenderNetwork& getGenderNetwork(size_t attribute); //!< likewise

    size_t attributeNumber(int attribute) const; //!< the same, checked
    void checkLabel(int label, bool opposite) const;
    void checkPrototype(int prototype) const;

    //! One label for each face, checked together with the prototype.
    std::vector<int> labelsOf(const PerturbParams& params, const std::vector<int>& labels, size_t faces) const;

    //! Changes or reads a setting, between the calls that use it.
    template <typename T>
    void set(T Impl::*setting, T value)
    {
        std::lock_guard<std::mutex> lock(mutex);
        this->*setting = value;
    }
    template <typename T>
    T get(T Impl::*setting)
    {
        std::lock_guard<std::mutex> lock(mutex);
        return this->*setting;
    }

    std::mutex mutex; // held by every call while it uses a strength or a network
    const DnnDevice device;
    double strength, color_strength, surroundings_blur;
    bool weaken_marks;
    std::vector<Attribute> attributes;

private:
    /** Bounds the memory: the authors' form takes 65 MB for each face. On a processor more faces only leave its caches.
    OpenVINO compiles the network anew for another number of faces, which takes as long as many faces do. */
    size_t facesPerPass() const
    {
        if (device.backend == dnn::DNN_BACKEND_INFERENCE_ENGINE)
            return 1;
        return device.target == dnn::DNN_TARGET_CPU ? 4 : 8;
    }

    //! X + strength (X' - X)
    void amplify(Mat& output) const;
    //! Checks a face and writes it to the plane as gray 0..1.
    void loadFace(const Mat& image, Mat plane);
    //! Random labels, each as likely as any other, from the secure generator of the system.
    std::vector<int> drawLabels(size_t count) const;
    //! Replaces each LABEL_PREDICT by what the classifiers predict, in one batch; it stays where an output is no
    //! probability.
    void predictLabels(std::vector<int>& labels, std::vector<String>& wrong, const Mat* in_color);

    Generator generator;
    Mat faces, unlabelled, converted; // kept from call to call
    std::vector<Mat> outputs;
};

//! Raises an error where the Perturber was not made by create().
Perturber::Impl& checkCreated(const Ptr<Perturber::Impl>& p);

}} // namespace cv::sanprivacy

#endif // OPENCV_SANPRIVACY_PERTURBER_IMPL_HPP
