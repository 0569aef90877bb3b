// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#ifndef OPENCV_SANPRIVACY_TEST_CONCURRENCY_HPP
#define OPENCV_SANPRIVACY_TEST_CONCURRENCY_HPP

#include <functional>
#include <thread>
#include <vector>

namespace opencv_test {

//! Runs a function with each number from 0 on at the same time, in a thread of its own.
inline void runConcurrently(int threads, const std::function<void(int)>& run)
{
    std::vector<std::thread> running;
    for (int i = 0; i < threads; ++i)
        running.push_back(std::thread(run, i));
    for (std::thread& thread : running)
        thread.join();
}

} // namespace opencv_test

#endif // OPENCV_SANPRIVACY_TEST_CONCURRENCY_HPP
