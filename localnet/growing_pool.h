// Threads that are made when there is work and none is idle, and that go after a while without any.
#pragma once

#include <deque>
#include <functional>
#include <list>
#include <thread>

#include "base/mutex.h"

namespace walrusfs::localnet {

class GrowingPool {
 public:
  explicit GrowingPool(size_t max_threads) : max_threads_(max_threads) {}
  ~GrowingPool() { finish(); }

  // Jobs beyond the threads wait, in order. Safe from any thread, also from a job.
  void add(std::function<void()> job);
  // Everything that was added is done, and the threads are gone, when it returns. Nothing may be added afterwards.
  void finish();
  size_t threads() const;

 private:
  using Threads = std::list<std::thread>;

  void work(Threads::iterator self);
  bool wait_for_job() REQUIRES(mutex_);

  const size_t max_threads_;
  mutable Mutex mutex_;
  CondVar wake_, all_ended_;
  Threads threads_ GUARDED_BY(mutex_);
  Threads ended_ GUARDED_BY(mutex_);  // to be joined
  std::deque<std::function<void()>> jobs_ GUARDED_BY(mutex_);
  size_t idle_ GUARDED_BY(mutex_) = 0;
  size_t running_ GUARDED_BY(mutex_) = 0;
  bool ending_ GUARDED_BY(mutex_) = false;
};

}  // namespace walrusfs::localnet
