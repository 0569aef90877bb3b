// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#include "common/version.hpp"

#include <sstream>

#include <opencv2/core/utility.hpp>
#include <opencv2/dnn.hpp>

namespace sanprivacy {

namespace {

// How dnn lists OpenVINO: DNN_BACKEND_INFERENCE_ENGINE_NGRAPH, a name that only OpenCV's own sources see.
const int LISTED_OPENVINO = 1000000;

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

std::string backendList(const std::vector<int>& backends)
{
    std::ostringstream text;
    std::string last;
    for (int listed : backends)
    {
        const int backend = listed == LISTED_OPENVINO ? int(cv::dnn::DNN_BACKEND_INFERENCE_ENGINE) : listed;
        const char* known = backendName(backend);
        const std::string name = known ? known : "backend " + std::to_string(backend);
        if (name != last)
            text << (last.empty() ? "" : ", ") << name << " (" << backend << ')';
        last = name;
    }
    return text.str();
}

std::string versionText(const std::string& program, const std::string& more)
{
    std::vector<int> backends;
    for (const auto& pair : cv::dnn::getAvailableBackends())
        backends.push_back(pair.first);
    std::ostringstream text;
    text << program << ' ' << version() << "\nOpenCV " << cv::getVersionString()
         << "; backends: " << backendList(backends);
    if (!more.empty())
        text << '\n' << more;
    return text.str();
}

} // namespace sanprivacy
