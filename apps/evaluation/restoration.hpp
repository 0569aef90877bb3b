// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#ifndef SANPRIVACY_APPS_EVALUATION_RESTORATION_HPP
#define SANPRIVACY_APPS_EVALUATION_RESTORATION_HPP

#include "evaluation/attackers/restorer.hpp"
#include "evaluation/evaluation_set.hpp"
#include "evaluation/methods/method.hpp"

#include <mutex>
#include <vector>

namespace sanprivacy { namespace apps {

//! The Restorer of one method, who learns when an image is first restored. Any thread may call.
class Restoration
{
public:
    explicit Restoration(const EvaluationSet& set);

    //! Numbers of the faces that are learnt from: all, or as many as are enough, spread over the set.
    const std::vector<size_t>& learntFrom() const { return learnt_from_; }

    //! Part of the person of each face, see dealParts().
    const std::vector<int>& parts() const { return parts_; }

    /** A perturbed image with the change undone, by an attacker who has not seen the person.
    @param face number of its face in the set
    @param method that perturbs the faces to learn from, in this thread */
    cv::Mat restore(const cv::Mat& perturbed, size_t face, Method& method);

private:
    void learn(Method& method);

    const EvaluationSet& set_;
    std::vector<int> parts_;
    std::vector<size_t> learnt_from_;
    Restorer restorer_;
    std::once_flag learnt_;
};

}} // namespace sanprivacy::apps

#endif // SANPRIVACY_APPS_EVALUATION_RESTORATION_HPP
