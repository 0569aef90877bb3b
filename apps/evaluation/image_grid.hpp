// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#ifndef SANPRIVACY_APPS_EVALUATION_IMAGE_GRID_HPP
#define SANPRIVACY_APPS_EVALUATION_IMAGE_GRID_HPP

#include "evaluation/measurements.hpp"
#include "evaluation/report/report.hpp"

#include <vector>

namespace sanprivacy { namespace apps {

//! Some faces, of both labels alternately, as every method leaves them; under each the first classifier's prediction.
class ImageGrid
{
public:
    ImageGrid(const EvaluationSet& set, size_t rows);

    //! A column; without a method the originals'.
    void add(const Measured& measured, const std::vector<cv::sanprivacy::ModelDescription>& networks, Method* method);

    const Grid& get() const { return grid_; }

private:
    const EvaluationSet& set_;
    std::vector<size_t> chosen_;
    Grid grid_;
};

}} // namespace sanprivacy::apps

#endif // SANPRIVACY_APPS_EVALUATION_IMAGE_GRID_HPP
