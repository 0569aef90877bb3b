// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#ifndef SANPRIVACY_TRAIN_LOOP_TRAINING_CURVE_HPP
#define SANPRIVACY_TRAIN_LOOP_TRAINING_CURVE_HPP

#include <cstdint>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

namespace sanprivacy { namespace train {

//! Named numbers of one moment of a training.
using Figures = std::vector<std::pair<std::string, double>>;

//! "J 1.25 J_G 0.5"
std::string describe(const Figures& figures);

//! A CSV file that grows line by line: the step, then figures of the same names in each line.
class TrainingCurve
{
public:
    //! Goes on with the file after the given step: later lines, written after the checkpoint, are dropped. Step 0:
    //! starts anew.
    TrainingCurve(const std::filesystem::path& file, int64_t step);

    void add(int64_t step, const Figures& figures);

private:
    std::filesystem::path file_;
    bool headed_ = false;
};

}} // namespace sanprivacy::train

#endif // SANPRIVACY_TRAIN_LOOP_TRAINING_CURVE_HPP
