// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#ifndef SANPRIVACY_APPS_EVALUATION_METHODS_METHOD_HPP
#define SANPRIVACY_APPS_EVALUATION_METHODS_METHOD_HPP

#include "evaluation/evaluation_set.hpp"

#include <string>

#include <opencv2/core.hpp>

namespace sanprivacy { namespace apps {

//! Something that changes a face so that its attribute is hidden. One object serves one thread.
class Method
{
public:
    virtual ~Method() = default;

    //! The image with its face perturbed: size, depth and channels as before.
    virtual cv::Mat perturb(const cv::Mat& image, const EvaluatedFace& face) = 0;

    //! Digest of what it uses for this face besides the image; empty where it is nothing.
    virtual std::string uses(const EvaluatedFace&) { return std::string(); }

    //! Identifies it among methods of its kind and value, in the cache; empty where these identify it.
    virtual std::string key() { return std::string(); }
};

}} // namespace sanprivacy::apps

#endif // SANPRIVACY_APPS_EVALUATION_METHODS_METHOD_HPP
