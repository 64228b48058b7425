#include "codec/worker_pool.h"

#include <algorithm>
#include <system_error>

namespace walrusfs {

WorkerPool::WorkerPool(unsigned threads) {
  try {
    while (threads_.size() < threads) threads_.emplace_back([this] { serve(); });
  } catch (const std::system_error&) {
    // Callers do what the missing threads would have done.
  }
}

WorkerPool::~WorkerPool() {
  {
    MutexLock lock(mutex_);
    ending_ = true;
  }
  changed_.notify_all();
  for (std::thread& thread : threads_) thread.join();
}

void WorkerPool::serve() {
  MutexLock lock(mutex_);
  while (!ending_) {
    if (open_.empty()) {
      changed_.wait(mutex_);
    } else {
      join_front();
    }
  }
}

void WorkerPool::join_front() {
  Call& call = *open_.front();
  const unsigned worker = call.joined++;
  ++call.working;
  if (call.joined == call.workers) open_.pop_front();
  mutex_.unlock();
  call.body(worker);
  mutex_.lock();
  // The caller may end the call as soon as it sees this.
  if (--call.working == 0) changed_.notify_all();
}

void WorkerPool::run(unsigned workers, const std::function<void(unsigned)>& body) {
  Call call{body, workers};
  if (workers > 1) {
    MutexLock lock(mutex_);
    open_.push_back(&call);
    changed_.notify_all();
  }
  body(0);
  MutexLock lock(mutex_);
  open_.erase(std::remove(open_.begin(), open_.end(), &call), open_.end());
  while (call.working > 0) changed_.wait(mutex_);
}

}  // namespace walrusfs
