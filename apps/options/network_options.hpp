// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#ifndef SANPRIVACY_APPS_OPTIONS_NETWORK_OPTIONS_HPP
#define SANPRIVACY_APPS_OPTIONS_NETWORK_OPTIONS_HPP

#include <filesystem>
#include <string>
#include <vector>

#include <opencv2/sanprivacy.hpp>

namespace CLI {
class App;
}

namespace sanprivacy { namespace apps {

//! Names of the perturbing networks that are shipped.
const std::vector<std::string>& shippedModels();

//! The options of commands that detect or perturb: which networks, and on what they run.
struct NetworkOptions
{
    std::string model, prototypes, classifier; //!< empty: the shipped ones
    std::vector<std::string> hide;             //!< attributes; empty: the one that model and prototypes are for, gender
    std::string detector;                      //!< YuNet file, or "cascade"; empty: the shipped YuNet
    double strength = 1;                       //!< of the perturbation
    double color_strength = -1;                //!< of the color evening; below 0: the perturber's default
    double surroundings_blur = 0;              //!< inter-ocular distances
    bool keep_marks = false;                   //!< on smooth skin, even where the perturber would weaken them
    std::string backend = "cpu";
    std::vector<std::string> of_perturber; //!< names of the options that only a perturber heeds

    void addDetectorTo(CLI::App& command);
    void addPerturberTo(CLI::App& command);

    /** Names of the options that change more than what the network returns, of those that are above 0: nobody minds
    that an option has no effect which asks for none. */
    std::vector<std::string> ofWholeImage() const;

    //! Those of the options that are files, to be compared with what is written.
    std::vector<std::filesystem::path> files() const { return { model, prototypes, classifier, detector }; }
    //! Names of the attributes that the perturber hides.
    std::vector<std::string> hidden() const { return hide.empty() ? std::vector<std::string> { "gender" } : hide; }
    bool areShipped() const; //!< whether model and prototypes are
    //! Whether labels matter: not where they are drawn, nor where the neutral output certainly is the same for all.
    bool usesLabels(const std::string& prototype) const
    {
        return prototype != "random" && (prototype != "neutral" || !areShipped() || model == "san2018");
    }
    //! Whether hidden() is certain: networks of one's own may hide something else.
    bool knowsHidden() const { return !hide.empty() || areShipped(); }
    cv::Ptr<cv::sanprivacy::FaceDetector> createDetector() const;
    cv::Ptr<cv::sanprivacy::Perturber> createPerturber() const;
    //! One for each of several workers, loaded side by side.
    std::vector<cv::Ptr<cv::sanprivacy::FaceDetector>> createDetectors(size_t workers) const;
    std::vector<cv::Ptr<cv::sanprivacy::Perturber>> createPerturbers(size_t workers) const; //!< likewise
    cv::Ptr<cv::sanprivacy::FaceNetwork> createNetwork(const cv::sanprivacy::ModelDescription& description) const;
    std::vector<cv::Ptr<cv::sanprivacy::FaceNetwork>> createNetworks(
        const cv::sanprivacy::ModelDescription& description, size_t workers) const; //!< likewise
};

}} // namespace sanprivacy::apps

#endif // SANPRIVACY_APPS_OPTIONS_NETWORK_OPTIONS_HPP
