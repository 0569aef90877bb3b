// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#include "loop/training_curve.hpp"

#include <fstream>

#include <opencv2/core.hpp>

#include "common/atomic_file.hpp"

namespace fs = std::filesystem;

namespace sanprivacy { namespace train {

std::string describe(const Figures& figures)
{
    std::string text;
    for (const auto& figure : figures)
        text += (text.empty() ? "" : " ") + figure.first + cv::format(" %.4g", figure.second);
    return text;
}

TrainingCurve::TrainingCurve(const fs::path& file, int64_t step) : file_(file)
{
    std::string line, kept;
    if (step > 0)
        for (std::ifstream in(file); std::getline(in, line) && !in.eof();) // a full disk may have cut the last line
            if (kept.empty() || std::atoll(line.c_str()) <= step)
                kept += line + "\n";
    headed_ = !kept.empty();
    writeFile(file, kept);
}

void TrainingCurve::add(int64_t step, const Figures& figures)
{
    std::ofstream out(file_, std::ios::app);
    if (!headed_)
    {
        out << "step";
        for (const auto& figure : figures)
            out << ',' << figure.first;
        out << '\n';
        headed_ = true;
    }
    out << step;
    for (const auto& figure : figures)
        out << ',' << figure.second;
    out << std::endl;
    if (!out)
        CV_Error(cv::Error::StsError, "cannot write " + file_.string());
}

}} // namespace sanprivacy::train
