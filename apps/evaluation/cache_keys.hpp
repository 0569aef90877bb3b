// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#ifndef SANPRIVACY_APPS_EVALUATION_CACHE_KEYS_HPP
#define SANPRIVACY_APPS_EVALUATION_CACHE_KEYS_HPP

#include "evaluation/results/bootstrap.hpp"
#include "options/network_options.hpp"

#include <string>
#include <vector>

#include <opencv2/sanprivacy.hpp>

namespace sanprivacy { namespace apps {

//! Identifies this build of the program, of the module and of OpenCV: any other may compute other results.
const std::string& programKey();

//! Identifies a described network: its file's content and all of its description.
std::string networkKey(const cv::sanprivacy::ModelDescription& description, const std::string& backend);

//! All that the options say of the perturber: contents of the files that are named, attributes, strength, backend.
std::string perturberKey(const NetworkOptions& options);

//! The same of the detector.
std::string detectorKey(const NetworkOptions& options);

//! Tells an image from another, seen in color or in gray. @param bytes of its file
std::string imageKey(const std::vector<unsigned char>& bytes, bool gray);

/** Tells a perturbed face from another.
@param image its imageKey()
@param face where it is, a row of FaceDetector::detect()
@param method key of what perturbs it
@param uses digest of what the method uses for it besides the image */
std::string faceKey(
    const std::string& image, const cv::Mat& face, int label, const std::string& method, const std::string& uses);

/** Tells what was measured of all faces from other measurements.
@param faces faceKey() of each
@param people a number for each
@param networks networkKey() of each */
std::string measurementKey(
    const std::vector<std::string>& faces, const std::vector<int>& people, const std::vector<std::string>& networks);

/** Tells the matching of originals with perturbed faces from another.
@param originals, perturbed their measurementKey()
@param faces numbers of those that the network has an answer for
@param rates false match rates */
std::string matchingKey(const std::string& originals, const std::string& perturbed,
    const cv::sanprivacy::ModelDescription& network, const std::vector<size_t>& faces, const std::vector<double>& rates,
    const BootstrapOptions& bootstrap);

}} // namespace sanprivacy::apps

#endif // SANPRIVACY_APPS_EVALUATION_CACHE_KEYS_HPP
