// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#ifndef SANPRIVACY_APPS_COMMANDS_VIDEO_PROTECTION_HPP
#define SANPRIVACY_APPS_COMMANDS_VIDEO_PROTECTION_HPP

#include "commands/video/options.hpp"

#include <opencv2/sanprivacy.hpp>

namespace sanprivacy { namespace apps {

//! The networks of a run, and what they are to do in each of its videos.
class Protection
{
public:
    //! Loads the networks and the photo of the exempt person.
    explicit Protection(const VideoOptions& options);

    cv::sanprivacy::StreamParams params(bool live, double rate) const;
    const cv::Ptr<cv::sanprivacy::Perturber>& perturber() const { return perturber_; } //!< where one is needed
    //! For one video.
    cv::Ptr<cv::sanprivacy::StreamAnonymizer> create(const cv::sanprivacy::StreamParams& params) const;

private:
    void loadExemptPerson();

    const VideoOptions& options_;
    cv::Ptr<cv::sanprivacy::FaceDetector> detector_;
    cv::Ptr<cv::sanprivacy::Perturber> perturber_;
    cv::Ptr<cv::sanprivacy::FaceNetwork> matcher_;
    cv::Mat exempt_descriptor_;
};

}} // namespace sanprivacy::apps

#endif // SANPRIVACY_APPS_COMMANDS_VIDEO_PROTECTION_HPP
