// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#ifndef SANPRIVACY_APPS_EVALUATION_MEASUREMENTS_HPP
#define SANPRIVACY_APPS_EVALUATION_MEASUREMENTS_HPP

#include "evaluation/attackers/attackers.hpp"
#include "evaluation/evaluation_set.hpp"
#include "evaluation/methods/method_list.hpp"

#include <stdexcept>
#include <string>
#include <vector>

#include <opencv2/sanprivacy.hpp>

namespace sanprivacy { namespace apps {

//! The user has ended the run.
struct Interrupted : std::runtime_error
{
    using std::runtime_error::runtime_error;
};

//! Output of a network for each face: a probability or a descriptor; empty where it failed.
typedef std::vector<std::vector<float>> Outputs;

//! What became of a face.
struct Appearance
{
    bool measured = false;
    bool detected = false;
    double psnr = 0; //!< of the canonical crop in gray, against the original's, dB
    double ssim = 0; //!< the same; NAN where this is not measured
};

//! Whether the program was built with OpenCV's module quality, which SSIM comes from.
bool isSsimMeasured();

//! All that is measured of one method, or of the originals.
struct Measured
{
    //! The face is in no figure.
    void leaveOut(size_t face);

    std::string title;
    std::vector<std::vector<Outputs>> outputs; //!< by network, then by attacker (matchers: "none" and "inner")
    std::vector<Outputs> gradients;            //!< the same, histograms of the crop; where an attacker learns from them
    std::vector<Appearance> appearances;       //!< by face
    std::string digest;                        //!< of all it was made from
};

/** Runs networks and the detector on the faces of a set, original and perturbed.

Each thread has networks of its own, which take the faces of several images at once. What earlier runs found is taken
from the cache; an image is only perturbed where something of it is missing there. */
class Measurer
{
public:
    /** Networks that do not run are reported to diagnostics and left out.
    @param set whose images need not have been read yet
    @param networks descriptions of them
    @param models the file that they come from, for errors */
    Measurer(const EvaluationSet& set, const std::vector<cv::sanprivacy::ModelDescription>& networks,
        const std::string& models, const Attackers& attackers, const NetworkOptions& options, ResultCache& cache,
        Diagnostics& diagnostics);

    //! The networks that run.
    const std::vector<cv::sanprivacy::ModelDescription>& networks() const { return networks_; }

    Measured measureOriginals();

    /** Measures a method. One that cannot be created raises an exception; a face that it fails on is reported, and so
    is one for which a network has no finite answer: that network's figures are without it.
    @param contexts one per thread. */
    Measured measure(const MethodName& name, std::vector<MethodContext>& contexts);

    //! Index of a network. Raises std::runtime_error where there is none of that name.
    size_t indexOf(const std::string& network) const;

    //! The network that a thread uses, for others who work in that thread.
    cv::Ptr<cv::sanprivacy::FaceNetwork> network(size_t worker, size_t index) const
    {
        return workers_[worker].networks[index];
    }

    //! Identifies the network in the cache.
    const std::string& networkKey(size_t index) const { return network_keys_[index]; }

private:
    struct Worker
    {
        cv::Ptr<cv::sanprivacy::FaceDetector> detector;
        std::vector<cv::Ptr<cv::sanprivacy::FaceNetwork>> networks;
    };
    class NetworkFailures;
    struct Batch;
    struct Pass;

    void run(const Batch& batch, Worker& worker, Measured& measured, NetworkFailures& failures);
    Pass createPass(const std::string& method_key, const std::vector<Method*>& methods) const;
    std::string keyOfPairs(const Pass& pass) const;
    std::vector<Batch> emptyBatches() const;
    void measureFace(size_t i, size_t worker, const Pass& pass, const std::string& face_key, Measured& measured,
        std::vector<Batch>& batches);
    Measured measureAll(const std::string& title, const std::string& method_key, const std::vector<Method*>& methods);

    const EvaluationSet& set_;
    std::vector<cv::sanprivacy::ModelDescription> networks_;
    std::vector<std::string> network_keys_;
    std::vector<ImageAttacker> attackers_;
    bool measures_gradients_;
    int inner_; // number of the attacker who keeps the inner face, or -1
    ResultCache& cache_;
    Diagnostics& diagnostics_;
    std::vector<Worker> workers_;
};

}} // namespace sanprivacy::apps

#endif // SANPRIVACY_APPS_EVALUATION_MEASUREMENTS_HPP
