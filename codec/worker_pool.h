// Threads that wait for the codec's work, for those who make many calls: a call on a pool starts none.
//
// Safe to use from any thread, by several calls at once; each call works on its own thread as well, so
// that it comes to an end also when the pool's threads are all busy with others.
#pragma once

#include <deque>
#include <functional>
#include <thread>
#include <vector>

#include "base/mutex.h"

namespace walrusfs {

class WorkerPool {
 public:
  // Fewer threads when the system has no more to give.
  explicit WorkerPool(unsigned threads);
  // No call may be running.
  ~WorkerPool();
  WorkerPool(const WorkerPool&) = delete;
  WorkerPool& operator=(const WorkerPool&) = delete;

  // body(worker) with worker 0 on the caller's thread, and with 1, 2, … below `workers` on threads of the
  // pool as far as they are free. Returns when all of them have. The body must not throw.
  void run(unsigned workers, const std::function<void(unsigned worker)>& body);

 private:
  // One run() that threads may still join or are working for.
  struct Call {
    const std::function<void(unsigned)>& body;
    const unsigned workers;
    unsigned joined = 1;
    unsigned working = 0;
  };
  void serve();
  void join_front() REQUIRES(mutex_);

  Mutex mutex_;
  CondVar changed_;
  std::deque<Call*> open_ GUARDED_BY(mutex_);
  bool ending_ GUARDED_BY(mutex_) = false;
  std::vector<std::thread> threads_;
};

}  // namespace walrusfs
