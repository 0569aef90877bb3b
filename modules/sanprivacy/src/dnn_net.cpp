// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#include "precomp.hpp"
#include "dnn_net.hpp"
#include "file_argument.hpp"
#include "onnx_check.hpp"

#include "opencv2/core/cuda.hpp"
#include "opencv2/core/ocl.hpp"

#include <algorithm>
#include <fstream>
#include <map>

namespace cv { namespace sanprivacy {

//! How dnn::getAvailableBackends() lists OpenVINO; only OpenCV's own sources see the name.
static const int LISTED_OPENVINO = 1000000;

static bool isCuda(int target)
{
    return target == dnn::DNN_TARGET_CUDA || target == dnn::DNN_TARGET_CUDA_FP16;
}

static bool isOpenCL(int target)
{
    return target == dnn::DNN_TARGET_OPENCL || target == dnn::DNN_TARGET_OPENCL_FP16;
}

//! A backend or target as messages name it: its number, and its name where it is a common one.
static String nameOf(int number, const std::map<int, const char*>& names)
{
    const std::map<int, const char*>::const_iterator name = names.find(number);
    return name == names.end() ? format("%d", number) : format("%s (%d)", name->second, number);
}

static String nameOfBackend(int backend)
{
    return nameOf(backend, { { dnn::DNN_BACKEND_OPENCV, "OpenCV" }, { dnn::DNN_BACKEND_INFERENCE_ENGINE, "OpenVINO" },
                               { dnn::DNN_BACKEND_VKCOM, "Vulkan" }, { dnn::DNN_BACKEND_CUDA, "CUDA" } });
}

static String nameOfTarget(int target)
{
    return nameOf(target, { { dnn::DNN_TARGET_CPU, "CPU" }, { dnn::DNN_TARGET_OPENCL, "OpenCL" },
                              { dnn::DNN_TARGET_OPENCL_FP16, "OpenCL FP16" }, { dnn::DNN_TARGET_VULKAN, "Vulkan" },
                              { dnn::DNN_TARGET_CUDA, "CUDA" }, { dnn::DNN_TARGET_CUDA_FP16, "CUDA FP16" } });
}

String nameOf(const DnnDevice& device)
{
    return format(
        "backend %s with target %s", nameOfBackend(device.backend).c_str(), nameOfTarget(device.target).c_str());
}

bool isOpenCVOnCpu(const DnnDevice& device)
{
    return (device.backend == dnn::DNN_BACKEND_OPENCV || device.backend == dnn::DNN_BACKEND_DEFAULT)
           && device.target == dnn::DNN_TARGET_CPU;
}

//! Why dnn has no CUDA target.
static String whatIsMissingOfCuda()
{
    const String& build = getBuildInformation();
    const size_t line = build.find("NVIDIA CUDA:");
    if (line == String::npos || build.substr(line, build.find('\n', line) - line).find("YES") == String::npos)
        return "no device can be used: this OpenCV was built without CUDA";
    const int devices = cuda::getCudaEnabledDeviceCount();
    if (devices < 0)
        return "no device: the CUDA driver is absent or too old";
    if (devices == 0)
        return "no device: CUDA finds none here";
    return "no device that this OpenCV's dnn can use, or dnn was built without CUDA";
}

//! Empty where the pair can be used, otherwise what is missing.
static String whatIsMissing(int backend, int target)
{
    const std::vector<dnn::Target> targets = dnn::getAvailableTargets((dnn::Backend)backend);
    if ((backend == dnn::DNN_BACKEND_CUDA || isCuda(target)) && dnn::getAvailableTargets(dnn::DNN_BACKEND_CUDA).empty())
        return whatIsMissingOfCuda();
    if (targets.empty())
        return format("this OpenCV does not have the dnn backend %s", nameOfBackend(backend).c_str());
    if (std::find(targets.begin(), targets.end(), (dnn::Target)target) == targets.end())
        return format(
            "the dnn backend %s has no target %s here", nameOfBackend(backend).c_str(), nameOfTarget(target).c_str());
    // dnn runs OpenCL on GPUs only and would switch to the CPU on any other device.
    if (isOpenCL(target) && backend != dnn::DNN_BACKEND_INFERENCE_ENGINE
        && ocl::Device::getDefault().type() != ocl::Device::TYPE_GPU)
        return "no OpenCL GPU is present";
    return String();
}

DnnDevice selectDevice(int backend_id, int target_id, bool allow_fallback)
{
    DnnDevice device = { backend_id == LISTED_OPENVINO ? (int)dnn::DNN_BACKEND_INFERENCE_ENGINE : backend_id,
        target_id };
    const String missing = whatIsMissing(backend_id, target_id);
    if (missing.empty())
        return device;

    if (!allow_fallback)
        CV_Error(backend_id == dnn::DNN_BACKEND_CUDA || isCuda(target_id) ? Error::GpuNotSupported
                                                                          : Error::StsNotImplemented,
            format("Backend %s with target %s is not available: %s", nameOfBackend(backend_id).c_str(),
                nameOfTarget(target_id).c_str(), missing.c_str()));

    CV_LOG_WARNING(NULL, "sanprivacy: backend " << nameOfBackend(backend_id) << " with target "
                                                << nameOfTarget(target_id) << " is not available (" << missing
                                                << "); the CPU is used instead");
    device.backend = dnn::DNN_BACKEND_OPENCV;
    device.target = dnn::DNN_TARGET_CPU;
    return device;
}

static std::vector<char> contentOf(const String& filename)
{
    std::ifstream file(filename.c_str(), std::ios::binary);
    std::vector<char> content, part(1 << 16);
    for (std::streamsize length; (length = file.rdbuf()->sgetn(part.data(), (std::streamsize)part.size())) > 0;)
        content.insert(content.end(), part.begin(), part.begin() + length);
    return content;
}

//! Runs a reader of an ONNX network and prepares what it has read.
template <typename Reader>
static dnn::Net prepare(Reader read, const String& description, const DnnDevice& device)
{
    dnn::Net net;
    String reason = "it holds no network";
    try
    {
        net = read();
    }
    catch (const std::exception& e) // a length in the file that no memory holds is none of OpenCV's
    {
        reason = reasonOf(e);
    }
    if (net.empty())
        CV_Error(Error::StsParseError, format("%s is not a complete ONNX file that OpenCV %s can run: %s",
                                           description.c_str(), CV_VERSION, reason.c_str()));

    net.setPreferableBackend(device.backend);
    if (device.target != dnn::DNN_TARGET_CPU) // which it is already; the graphs of OpenCV 5 complain at every call
        net.setPreferableTarget(device.target);
    return net;
}

dnn::Net readOnnx(const String& filename, const String& role, const DnnDevice& device, std::vector<int>* shape)
{
    checkReadable(filename, "the " + role);
    const auto read = [&]
    {
        {
            const std::vector<char> bytes = contentOf(filename);
            const uchar* const data = reinterpret_cast<const uchar*>(bytes.data());
            checkOnnx(data, bytes.size());
            if (shape)
                *shape = inputShape(data, bytes.size());
        }
        return importOnnx(filename);
    };
    return prepare(read, "The " + role + " '" + filename + "'", device);
}

dnn::Net readOnnx(const std::vector<uchar>& buffer, const String& role, const DnnDevice& device)
{
    if (buffer.empty())
        CV_Error(Error::StsBadArg, format("The buffer of the %s is empty", role.c_str()));
    const auto read = [&]
    {
        checkOnnx(buffer.data(), buffer.size());
        return importOnnx(buffer);
    };
    return prepare(read, "The buffer of the " + role, device);
}

String reasonOf(const std::exception& exception)
{
    const auto* fromOpenCV = dynamic_cast<const cv::Exception*>(&exception);
    // FileStorage takes the name of its function for the message, and the message for the name.
    const bool swapped =
        fromOpenCV && fromOpenCV->code == Error::StsParseError && fromOpenCV->func.find("): ") != std::string::npos;
    const std::string text = swapped      ? std::string(fromOpenCV->func)
                             : fromOpenCV ? std::string(fromOpenCV->err)
                                          : exception.what();
    String line; // cv::Exception begins further lines with "> "
    for (size_t i = 0; i < text.size(); ++i)
    {
        const char c = text[i];
        const bool quote = c == '>' && (i == 0 || text[i - 1] == '\n');
        const bool blank = c == '\n' || c == ' ' || quote;
        if (!blank)
            line += c;
        else if (!line.empty() && line[line.size() - 1] != ' ')
            line += ' ';
    }
    return line;
}

Mat blobPlane(const Mat& blob, int n, int c)
{
    return Mat(blob.size[2], blob.size[3], CV_32F, const_cast<float*>(blob.ptr<float>(n, c)));
}

Mat blobRows(const Mat& blob, int n, int count)
{
    const int shape[] = { count, blob.size[1], blob.size[2], blob.size[3] };
    return Mat(4, shape, CV_32F, const_cast<float*>(blob.ptr<float>(n)));
}

}} // namespace cv::sanprivacy
