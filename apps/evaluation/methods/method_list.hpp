// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#ifndef SANPRIVACY_APPS_EVALUATION_METHODS_METHOD_LIST_HPP
#define SANPRIVACY_APPS_EVALUATION_METHODS_METHOD_LIST_HPP

#include "evaluation/methods/factories.hpp"
#include "options/network_options.hpp"

#include <map>
#include <memory>
#include <string>
#include <vector>

namespace sanprivacy { namespace apps {

//! A method of the command line: its kind, and what follows the = sign.
struct MethodName
{
    std::string kind, value;
    std::string title; //!< of the report
};

/** Reads same, neutral, opposite, random and san (the first three), each perhaps with =MODEL.onnx; blur, pixelation and
mixing, perhaps with =NUMBER; search, perhaps with =CLASSIFIER; and folder=DIR. Anything else raises UsageError. */
std::vector<MethodName> parseMethods(const std::vector<std::string>& texts);

bool isNetwork(const MethodName& method); //!< whether it is an output of a perturbing network

//! What methods are made from, one for each thread.
struct MethodContext
{
    const EvaluationSet* set;
    NetworkOptions networks;                        //!< default model, prototypes, backend
    std::map<std::string, SearchNetworks> searches; //!< by the value of the search
    std::map<std::string, cv::Ptr<cv::sanprivacy::Perturber>>
        perturbers; //!< by model file, loaded when first asked for
};

std::unique_ptr<Method> createMethod(const MethodName& name, MethodContext& context);

}} // namespace sanprivacy::apps

#endif // SANPRIVACY_APPS_EVALUATION_METHODS_METHOD_LIST_HPP
