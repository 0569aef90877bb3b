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

CV_NORETURN static void refuse(const String& description, const String& reason)
{
    CV_Error(Error::StsParseError, format("%s is not a complete ONNX file that OpenCV %s can run: %s",
                                       description.c_str(), CV_VERSION, reason.c_str()));
}

static OnnxSummary check(const uchar* data, size_t size, const String& description)
{
    try
    {
        return checkOnnx(data, size);
    }
    catch (const std::exception& e) // a length in the file that no memory holds is none of OpenCV's
    {
        refuse(description, reasonOf(e));
    }
}

static void checkOnlyInput(const std::vector<OnnxInput>& inputs, const String& description)
{
    String names;
    for (const OnnxInput& input : inputs)
        names += (names.empty() ? " (" : ", ") + input.name;
    if (inputs.size() != 1)
        CV_Error(
            Error::StsBadArg, format("%s: expected one input, an image; found %s", description.c_str(),
                                  inputs.empty() ? "none" : (std::to_string(inputs.size()) + names + ")").c_str()));
}

//! Imports an ONNX network from a file or a buffer, and prepares it.
template <typename Source>
static dnn::Net load(
    const Source& source, const OnnxSummary& summary, const String& description, const DnnDevice& device)
{
    dnn::Net net;
    String reason = "it holds no network";
    try
    {
        net = importOnnx(source);
    }
    catch (const std::exception& e)
    {
        reason = reasonOf(e) + (summary.unusual.empty() ? String() : "; " + summary.unusual);
    }
    if (net.empty())
        refuse(description, reason);

    net.setPreferableBackend(device.backend);
    if (device.target != dnn::DNN_TARGET_CPU) // which it is already; the graphs of OpenCV 5 complain at every call
        net.setPreferableTarget(device.target);
    return net;
}

dnn::Net readOnnx(const String& filename, const String& role, const DnnDevice& device, OnnxInput* only_input)
{
    checkReadable(filename, "the " + role);
    const String description = "The " + role + " '" + filename + "'";
    OnnxSummary summary;
    {
        const std::vector<char> bytes = contentOf(filename);
        summary = check(reinterpret_cast<const uchar*>(bytes.data()), bytes.size(), description);
    }
    if (only_input)
    {
        checkOnlyInput(summary.inputs, description);
        *only_input = summary.inputs[0];
    }
    return load(filename, summary, description, device);
}

dnn::Net readOnnx(const std::vector<uchar>& buffer, const String& role, const DnnDevice& device)
{
    if (buffer.empty())
        CV_Error(Error::StsBadArg, format("The buffer of the %s is empty", role.c_str()));
    const String description = "The buffer of the " + role;
    return load(buffer, check(buffer.data(), buffer.size(), description), description, device);
}

//! The text without what OpenCV says within a message of the place of an error: "OpenCV(4.6.0) FILE:LINE: error: (CODE)
//! TEXT in function 'NAME'".
static std::string withoutPlaces(std::string text)
{
    const std::string error = ": error: (", function = " in function '";
    for (size_t begin; (begin = text.find("OpenCV(")) != std::string::npos;)
    {
        const size_t code = text.find(error, begin), end = code == std::string::npos ? code : text.find(") ", code);
        if (end == std::string::npos)
            break;
        text.erase(begin, end + 2 - begin);
        const size_t place = text.find(function, begin);
        const size_t quote = place == std::string::npos ? place : text.find('\'', place + function.size());
        if (quote != std::string::npos)
            text.erase(place, quote + 1 - place);
    }
    return text;
}

String reasonOf(const std::exception& exception)
{
    const auto* fromOpenCV = dynamic_cast<const cv::Exception*>(&exception);
    // FileStorage takes the name of its function for the message, and the message for the name.
    const bool swapped =
        fromOpenCV && fromOpenCV->code == Error::StsParseError && fromOpenCV->func.find("): ") != std::string::npos;
    const std::string text = withoutPlaces(swapped      ? std::string(fromOpenCV->func)
                                           : fromOpenCV ? std::string(fromOpenCV->err)
                                                        : exception.what());
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
