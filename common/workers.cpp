// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#include "common/workers.hpp"

#include "common/atomic_file.hpp"

#include <algorithm>
#include <atomic>
#include <csignal>
#include <cstdint>
#include <ctime>
#include <exception>
#include <mutex>
#include <thread>
#include <vector>

namespace sanprivacy {

namespace {

const int64_t SAME_INTERRUPT = 500;     // ms; `timeout` sends its signal twice, to the program and to its group
std::atomic<int64_t> interrupt_time(0); // of the first one in ms, 0: none came

void interrupt(int signal)
{
    timespec clock;
    clock_gettime(CLOCK_MONOTONIC, &clock);
    const int64_t now = 1 + int64_t(clock.tv_sec) * 1000 + clock.tv_nsec / 1000000;
    int64_t first = 0;
    if (interrupt_time.compare_exchange_strong(first, now) || now - first < SAME_INTERRUPT)
        return;
    removeTemporaryFiles(); // the second one ends the program at once
    std::signal(signal, SIG_DFL);
    std::raise(signal);
}

} // namespace

void catchInterrupts()
{
    for (int signal : { SIGINT, SIGTERM, SIGHUP })
        if (std::signal(signal, interrupt) == SIG_IGN) // nohup: the run outlives its terminal
            std::signal(signal, SIG_IGN);
}

bool interrupted()
{
    return interrupt_time != 0;
}

size_t workerCount()
{
    return std::max(1u, std::thread::hardware_concurrency());
}

size_t forEach(size_t count, const std::function<void(size_t worker, size_t i)>& work)
{
    catchInterrupts();
    std::atomic<size_t> next(0), done(0);
    std::atomic<bool> failed(false);
    std::exception_ptr failure;
    std::mutex failure_mutex;

    std::vector<std::thread> threads;
    for (size_t worker = 0; worker < std::min(count, workerCount()); ++worker)
        threads.emplace_back(
            [&, worker]
            {
                try
                {
                    for (size_t i; !interrupted() && !failed && (i = next++) < count; ++done)
                        work(worker, i);
                }
                catch (...)
                {
                    std::lock_guard<std::mutex> lock(failure_mutex);
                    failure = std::current_exception();
                    failed = true;
                }
            });
    for (std::thread& thread : threads)
        thread.join();
    if (failure)
        std::rethrow_exception(failure);
    return done;
}

} // namespace sanprivacy
