// This file is part of the sanprivacy project.
// It is subject to the license terms in the LICENSE file found in the top-level directory
// of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

#ifndef SANPRIVACY_COMMON_BOUNDED_QUEUE_HPP
#define SANPRIVACY_COMMON_BOUNDED_QUEUE_HPP

#include <condition_variable>
#include <deque>
#include <mutex>
#include <utility>

namespace sanprivacy {

//! Hands things from one thread to another, and never holds more than a few.
template <typename T>
class BoundedQueue
{
public:
    explicit BoundedQueue(size_t capacity) : capacity_(capacity) {}

    //! Waits for room. @return false where the queue is closed.
    bool push(T&& item)
    {
        std::unique_lock<std::mutex> lock(mutex_);
        changed_.wait(lock, [&] { return closed_ || items_.size() < capacity_; });
        if (closed_)
            return false;
        items_.push_back(std::move(item));
        changed_.notify_all();
        return true;
    }

    //! Never waits: the oldest make room. @param dropped grows by how many had to. @return false where the queue is
    //! closed.
    bool pushLatest(T&& item, size_t& dropped)
    {
        std::lock_guard<std::mutex> lock(mutex_);
        if (closed_)
            return false;
        for (; items_.size() >= capacity_; ++dropped)
            items_.pop_front();
        items_.push_back(std::move(item));
        changed_.notify_all();
        return true;
    }

    //! Waits for an item. @return false where the queue is closed and empty.
    bool pop(T& item)
    {
        std::unique_lock<std::mutex> lock(mutex_);
        changed_.wait(lock, [&] { return closed_ || !items_.empty(); });
        if (items_.empty())
            return false;
        item = std::move(items_.front());
        items_.pop_front();
        changed_.notify_all();
        return true;
    }

    //! Nothing more comes in; what is there can still be taken.
    void close()
    {
        std::lock_guard<std::mutex> lock(mutex_);
        closed_ = true;
        changed_.notify_all();
    }

private:
    const size_t capacity_;
    std::deque<T> items_;
    bool closed_ = false;
    std::mutex mutex_;
    std::condition_variable changed_;
};

} // namespace sanprivacy

#endif // SANPRIVACY_COMMON_BOUNDED_QUEUE_HPP
