// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#ifndef SANPRIVACY_APPS_COMMANDS_VIDEO_LABEL_COMPARISON_HPP
#define SANPRIVACY_APPS_COMMANDS_VIDEO_LABEL_COMPARISON_HPP

#include "commands/video/options.hpp"
#include "options/face_labels.hpp"

#include <atomic>
#include <string>

#include <opencv2/sanprivacy.hpp>

namespace sanprivacy { namespace apps {

//! Compares the label that is given for all faces of a video with what the classifier predicts in some frames.
class LabelComparison
{
public:
    //! @param perturber used by add() only
    LabelComparison(const VideoOptions& options, const cv::Ptr<cv::sanprivacy::Perturber>& perturber);

    //! Whether add() is to see the frame of that time as it is. One thread asks for all frames in their order.
    bool wants(double time);
    void add(const cv::Mat& original, const cv::sanprivacy::StreamRecord& record);
    std::string warning(bool last); //!< see LabelCheck

private:
    cv::Ptr<cv::sanprivacy::Perturber> perturber_;
    LabelCheck check_;
    std::atomic<bool> wanted_;
    double next_ = 0;
};

}} // namespace sanprivacy::apps

#endif // SANPRIVACY_APPS_COMMANDS_VIDEO_LABEL_COMPARISON_HPP
