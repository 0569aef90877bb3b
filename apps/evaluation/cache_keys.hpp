// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#ifndef SANPRIVACY_APPS_EVALUATION_CACHE_KEYS_HPP
#define SANPRIVACY_APPS_EVALUATION_CACHE_KEYS_HPP

#include "options/network_options.hpp"

#include <string>

#include <opencv2/sanprivacy.hpp>

namespace sanprivacy { namespace apps {

//! Tells this build of the program, of the module and of OpenCV from any other, which may compute other results.
const std::string& programKey();

//! Tells a described network from another: its file's content and all of its description.
std::string networkKey(const cv::sanprivacy::ModelDescription& description, const std::string& backend);

//! All that the options say of the perturber: contents of the files that are named, attributes, strength, backend.
std::string perturberKey(const NetworkOptions& options);

//! The same of the detector.
std::string detectorKey(const NetworkOptions& options);

}} // namespace sanprivacy::apps

#endif // SANPRIVACY_APPS_EVALUATION_CACHE_KEYS_HPP
