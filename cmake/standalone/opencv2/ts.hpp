// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#ifndef SANPRIVACY_STANDALONE_TS_HPP
#define SANPRIVACY_STANDALONE_TS_HPP

// What the module's tests use of OpenCV's test framework (opencv_ts), on plain googletest:
// no OpenCV package carries opencv_ts, and the same sources run under either.

#include <cstdlib>
#include <fstream>
#include <iostream>
#include <string>
#include <vector>
#include <gtest/gtest.h>
#include "opencv2/core.hpp"
#include "opencv2/core/utility.hpp"
#include "opencv2/imgcodecs.hpp"
#include "opencv2/imgproc.hpp"

// opencv_ts carries a googletest of the time when this was the macro's name; clang warns of googletest's own old one.
#undef INSTANTIATE_TEST_CASE_P
#define INSTANTIATE_TEST_CASE_P INSTANTIATE_TEST_SUITE_P

namespace cvtest {

using cv::norm;

//! Thrown by a test that lacks what it needs; the test then counts as skipped.
struct SkipTestException : public cv::Exception
{
    explicit SkipTestException(const std::string& message)
        : cv::Exception(cv::Error::StsOk, message, "test", __FILE__, __LINE__)
    {
    }
};

inline std::vector<std::string>& dataSearchPaths()
{
    static std::vector<std::string> paths;
    return paths;
}

//! Called in CV_TEST_MAIN: a folder of test data.
inline void addDataSearchPath(const std::string& path)
{
    dataSearchPaths().push_back(path);
}

inline std::string findDataFile(const std::string& name, bool required = true)
{
    for (const std::string& folder : dataSearchPaths())
        if (std::ifstream(folder + "/" + name).good())
            return folder + "/" + name;
    if (required)
        CV_Error(cv::Error::StsObjectNotFound, "test data not found: " + name);
    throw SkipTestException("test data not found: " + name);
}

//! As in opencv_ts, a SkipTestException that leaves a test skips it instead of failing it.
template <typename Body>
void skippable(Body body)
{
    std::string reason;
    try
    {
        body();
        return;
    }
    catch (const SkipTestException& e)
    {
        reason = e.err;
    }
    GTEST_SKIP() << reason;
}

} // namespace cvtest

namespace opencv_test {
using namespace cvtest;
using namespace cv;

// Of these names opencv_ts has its own, too, and accepts them with cv:: or cvtest:: only; so does this.
class NamespaceIsMissing
{
};
using norm = NamespaceIsMissing;
using add = NamespaceIsMissing;
using multiply = NamespaceIsMissing;
using divide = NamespaceIsMissing;
using transpose = NamespaceIsMissing;
using copyMakeBorder = NamespaceIsMissing;
using filter2D = NamespaceIsMissing;
using compare = NamespaceIsMissing;
using minMaxIdx = NamespaceIsMissing;
using threshold = NamespaceIsMissing;
} // namespace opencv_test

#define SANPRIVACY_SKIPPABLE_TEST(suite, name, fixture, fixture_id)                                                    \
    class suite##_##name##_Body : public fixture                                                                       \
    {                                                                                                                  \
    protected:                                                                                                         \
        void body();                                                                                                   \
    };                                                                                                                 \
    GTEST_TEST_(suite, name, suite##_##name##_Body, fixture_id)                                                        \
    {                                                                                                                  \
        cvtest::skippable([this]() { body(); });                                                                       \
    }                                                                                                                  \
    void suite##_##name##_Body::body()

#undef TEST
#define TEST(suite, name) SANPRIVACY_SKIPPABLE_TEST(suite, name, ::testing::Test, ::testing::internal::GetTestTypeId())
#undef TEST_F
#define TEST_F(fixture, name)                                                                                          \
    SANPRIVACY_SKIPPABLE_TEST(fixture, name, fixture, ::testing::internal::GetTypeId<fixture>())

#define CV_TEST_MAIN(resource_folder, initialise)                                                                      \
    int main(int argc, char** argv)                                                                                    \
    {                                                                                                                  \
        initialise;                                                                                                    \
        ::testing::InitGoogleTest(&argc, argv);                                                                        \
        return RUN_ALL_TESTS();                                                                                        \
    }

#include "opencv2/ts_perf.hpp"

#endif // SANPRIVACY_STANDALONE_TS_HPP
