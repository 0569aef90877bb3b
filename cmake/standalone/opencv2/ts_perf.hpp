// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#ifndef SANPRIVACY_STANDALONE_TS_PERF_HPP
#define SANPRIVACY_STANDALONE_TS_PERF_HPP

// What the module's performance tests use of opencv_ts, on plain googletest: each test prints its median time.

#include <algorithm>
#include <cstdio>
#include <vector>
#include <gtest/gtest.h>
#include "opencv2/core.hpp"
#include "opencv2/core/utility.hpp"

namespace perf {

using namespace cv;
using cvtest::SkipTestException;

const Size szVGA(640, 480), sz720p(1280, 720), sz2160p(3840, 2160);

class TestBase : public ::testing::Test
{
protected:
    enum
    {
        WARM_UP = 1,
        LEAST_SAMPLES = 5,
        LEAST_SECONDS = 1
    };

    bool next() { return milliseconds.size() < WARM_UP + LEAST_SAMPLES || total.getTimeSec() < LEAST_SECONDS; }

    bool startTimer()
    {
        sample.reset();
        sample.start();
        total.start();
        return true;
    }

    void stopTimer()
    {
        sample.stop();
        total.stop();
        milliseconds.push_back(sample.getTimeMilli());
    }

    void setVerified() {}

    void TearDown() CV_OVERRIDE
    {
        if (milliseconds.empty())
            return;
        milliseconds.erase(milliseconds.begin(), milliseconds.begin() + WARM_UP);
        std::sort(milliseconds.begin(), milliseconds.end());
        const double median = milliseconds[milliseconds.size() / 2];
        std::printf("[ PERFSTAT ] median %.3f ms, least %.3f ms of %d samples\n", median, milliseconds[0],
            (int)milliseconds.size());
        RecordProperty("median", format("%.3f", median));
    }

private:
    TickMeter sample, total;
    std::vector<double> milliseconds;
};

template <typename T>
class TestBaseWithParam : public TestBase, public ::testing::WithParamInterface<T>
{
};

} // namespace perf

#define TEST_CYCLE() for (; next() && startTimer(); stopTimer())
#define SANITY_CHECK_NOTHING() setVerified()

#define PERF_TEST(suite, name)                                                                                         \
    SANPRIVACY_SKIPPABLE_TEST(suite, name, ::perf::TestBase, ::testing::internal::GetTypeId<::perf::TestBase>())

#define PERF_TEST_P(fixture, name, params)                                                                             \
    class fixture##_##name : public fixture                                                                            \
    {                                                                                                                  \
    protected:                                                                                                         \
        void body();                                                                                                   \
    };                                                                                                                 \
    TEST_P(fixture##_##name, name)                                                                                     \
    {                                                                                                                  \
        cvtest::skippable([this]() { body(); });                                                                       \
    }                                                                                                                  \
    INSTANTIATE_TEST_CASE_P(/*none*/, fixture##_##name, params);                                                       \
    void fixture##_##name::body()

#define CV_PERF_TEST_MAIN(module)                                                                                      \
    int main(int argc, char** argv)                                                                                    \
    {                                                                                                                  \
        ::testing::InitGoogleTest(&argc, argv);                                                                        \
        return RUN_ALL_TESTS();                                                                                        \
    }

#endif // SANPRIVACY_STANDALONE_TS_PERF_HPP
