// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#include "common/version.hpp"

#include <sstream>

#include <opencv2/core/utility.hpp>
#include <opencv2/dnn.hpp>

namespace sanprivacy {

namespace {

const char* backendName(int backend)
{
    switch (backend)
    {
    case cv::dnn::DNN_BACKEND_HALIDE:
        return "Halide";
    case cv::dnn::DNN_BACKEND_INFERENCE_ENGINE:
        return "OpenVINO";
    case cv::dnn::DNN_BACKEND_OPENCV:
        return "OpenCV";
    case cv::dnn::DNN_BACKEND_VKCOM:
        return "Vulkan";
    case cv::dnn::DNN_BACKEND_CUDA:
        return "CUDA";
    default:
        return nullptr;
    }
}

} // namespace

std::string versionText(const std::string& program, const std::string& more)
{
    std::ostringstream text;
    text << program << ' ' << version() << "\nOpenCV " << cv::getVersionString() << "; backends:";
    std::string last;
    for (const auto& pair : cv::dnn::getAvailableBackends())
    {
        const char* known = backendName(pair.first);
        const std::string name = known ? known : "backend " + std::to_string(int(pair.first));
        if (name != last)
            text << (last.empty() ? " " : ", ") << name << " (" << int(pair.first) << ')';
        last = name;
    }
    if (!more.empty())
        text << '\n' << more;
    return text.str();
}

} // namespace sanprivacy
