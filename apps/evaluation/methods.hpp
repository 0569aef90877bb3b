// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#ifndef SANPRIVACY_APPS_EVALUATION_METHODS_HPP
#define SANPRIVACY_APPS_EVALUATION_METHODS_HPP

#include "evaluation/set.hpp"
#include "options/network_options.hpp"

#include <map>
#include <memory>
#include <string>
#include <vector>

#include <opencv2/sanprivacy.hpp>

namespace sanprivacy { namespace apps {

//! A method of the command line: its kind, and what follows the = sign.
struct MethodName
{
    std::string kind, value;
    std::string title; //!< of the report
};

/** Reads same, neutral, opposite, random and san (the first three), each perhaps with =MODEL.onnx; blur, pixelation and mixing, perhaps
with =NUMBER; search, perhaps with =CLASSIFIER; and folder=DIR. Anything else raises UsageError. */
std::vector<MethodName> parseMethods(const std::vector<std::string>& texts);

//! The networks that a search works against.
struct SearchNetworks
{
    cv::Ptr<cv::sanprivacy::FaceNetwork> classifier, matcher;
    double match_threshold = 0; //!< the perturbed face stays at or above it
};

//! What methods are made from, one for each thread.
struct MethodContext
{
    const EvaluationSet* set;
    NetworkOptions networks; //!< default model, prototypes, backend
    std::map<std::string, SearchNetworks> searches; //!< by the value of the search
    std::map<std::string, cv::Ptr<cv::sanprivacy::Perturber>> perturbers; //!< by model file, loaded when first asked for
};

//! Something that changes a face so that its attribute is hidden. One object serves one thread.
class Method
{
public:
    virtual ~Method() = default;

    //! The image with its face perturbed: size, depth and channels as before.
    virtual cv::Mat perturb(const cv::Mat& image, const EvaluatedFace& face) = 0;

    //! Digest of what it uses for this face besides the image; empty where it is nothing.
    virtual std::string uses(const EvaluatedFace&) { return std::string(); }

    //! Whether the change follows from the image (and uses()) alone, so that trying one image tells which method it is.
    virtual bool isComputed() const { return true; }
};

std::unique_ptr<Method> createMethod(const MethodName& name, MethodContext& context);

}} // namespace sanprivacy::apps

#endif // SANPRIVACY_APPS_EVALUATION_METHODS_HPP
