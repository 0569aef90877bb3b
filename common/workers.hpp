// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#ifndef SANPRIVACY_COMMON_WORKERS_HPP
#define SANPRIVACY_COMMON_WORKERS_HPP

#include <cstddef>
#include <functional>

namespace sanprivacy {

//! From now on SIGINT, SIGTERM and SIGHUP ask for an end, see interrupted(); one half a second later ends the program.
void catchInterrupts();
bool interrupted();

//! Threads that forEach() uses: one per processor core.
size_t workerCount();

/** Calls work(worker, i) once for each i from 0 to count - 1, on several threads; worker < workerCount() tells them
apart.

So each thread has one image in memory at a time. An exception ends the loop and is raised here.
After SIGINT or SIGTERM the images in work are finished and no more are begun.
@return how many were done; fewer than count only after such a signal. */
size_t forEach(size_t count, const std::function<void(size_t worker, size_t i)>& work);

} // namespace sanprivacy

#endif // SANPRIVACY_COMMON_WORKERS_HPP
