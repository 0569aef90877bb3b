// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#ifndef OPENCV_SANPRIVACY_TEST_PRECOMP_HPP
#define OPENCV_SANPRIVACY_TEST_PRECOMP_HPP

#include "opencv2/ts.hpp"
#include "../src/compatibility.hpp"
#include "opencv2/sanprivacy.hpp"

#include <cstdlib>
#include <fstream>

namespace opencv_test {
using namespace cv::sanprivacy;

//! The error a call raises; code StsOk if it raises none.
template <typename Call>
cv::Exception errorOf(Call call)
{
    try
    {
        call();
    }
    catch (const cv::Exception& e)
    {
        return e;
    }
    return cv::Exception(cv::Error::StsOk, "no error", "", "", 0);
}

//! The module's folder in the source tree, where its tests find themselves and the repository around them.
inline std::string moduleFolder()
{
    const std::string anyData = findDataFile("classifier.onnx");
    return anyData.substr(0, anyData.find_last_of("/\\")) + "/..";
}

//! A shipped file, by its name in the folder data: without it the test fails.
inline std::string shippedFile(const std::string& name)
{
    const std::string path = moduleFolder() + "/../../data/" + name;
    if (!std::ifstream(path.c_str(), std::ios::binary).good())
        CV_Error(cv::Error::StsObjectNotFound, "the repository lacks " + path);
    return path;
}

//! A file that comes separately; without it the test is skipped.
inline std::string fileOrSkip(const std::string& path)
{
    if (!std::ifstream(path.c_str(), std::ios::binary).good())
        throw SkipTestException("needs " + path);
    return path;
}

//! Real faces and public networks: below $SANPRIVACY_SHARED, by default the folder `shared` next to the repository.
inline std::string sharedFile(const std::string& name)
{
    const char* root = std::getenv("SANPRIVACY_SHARED");
    return fileOrSkip((root ? std::string(root) : moduleFolder() + "/../../../shared") + "/" + name);
}

//! A copy of an ONNX file in which the first number of a constant is NaN.
inline std::string withNan(const std::string& network, const std::string& constant, const std::string& folder)
{
    std::ifstream file(network.c_str(), std::ios::binary);
    std::string bytes((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
    const char data = 'J'; // the tag of its bytes, behind its name; their number follows
    size_t at = bytes.find(constant + data);
    CV_Assert(at != std::string::npos);
    for (at += constant.size() + 1; bytes[at] & 0x80; ++at)
        continue;
    bytes.replace(at + 1, 4, std::string("\0\0\xc0\x7f", 4));
    const std::string path = folder + "/" + network.substr(network.find_last_of("/\\") + 1);
    std::ofstream(path.c_str(), std::ios::binary) << bytes;
    return path;
}

//! Sets an environment variable for as long as it lives.
class Environment
{
public:
    Environment(const char* name, const std::string& value)
        : name_(name), was_(std::getenv(name) ? std::getenv(name) : "")
    {
        set(value);
    }
    ~Environment() { set(was_); }

private:
    void set(const std::string& value)
    {
#ifdef _WIN32
        _putenv_s(name_, value.c_str());
#else
        value.empty() ? unsetenv(name_) : setenv(name_, value.c_str(), 1);
#endif
    }
    const char* name_;
    std::string was_;
};
} // namespace opencv_test

#endif // OPENCV_SANPRIVACY_TEST_PRECOMP_HPP
