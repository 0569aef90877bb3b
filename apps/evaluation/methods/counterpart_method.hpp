// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#ifndef SANPRIVACY_APPS_EVALUATION_METHODS_COUNTERPART_METHOD_HPP
#define SANPRIVACY_APPS_EVALUATION_METHODS_COUNTERPART_METHOD_HPP

#include "evaluation/methods/crop_method.hpp"
#include "evaluation/methods/face_mesh.hpp"

#include <string>
#include <vector>

namespace sanprivacy { namespace apps {

//! A method that borrows from a face of the other label: always the same one for a face.
class CounterpartMethod : public CropMethod
{
public:
    explicit CounterpartMethod(const EvaluationSet& set);

    std::string uses(const EvaluatedFace& face) override;

protected:
    //! The counterpart's canonical crop, in the channels of the given one, and its mesh.
    cv::Mat counterpartCrop(const EvaluatedFace& face, int channels, MeshPoints& points) const;

    //! Mesh of the canonical crop of a face.
    static MeshPoints meshOf(const EvaluatedFace& face, const cv::Size& size);

private:
    const EvaluatedFace& counterpartOf(const EvaluatedFace& face) const;

    const EvaluationSet& set_;
    std::vector<const EvaluatedFace*> by_label_[2];
};

}} // namespace sanprivacy::apps

#endif // SANPRIVACY_APPS_EVALUATION_METHODS_COUNTERPART_METHOD_HPP
